import { createHmac } from 'node:crypto';
import { cleanLine, cleanText, TITLE_CHARACTERS_MAX } from './outside-text.js';

/** Who wrote what is framed: a stranger or a worker, a person with authority, the last conductor. */
export type Frame = 'untrusted' | 'person' | 'note';

/** The key of the fence around what `ref` names at `version` (0 where a thing has none). */
export type FenceKeys = (ref: string, version?: number) => string;

/**
 * Fence keys of one mission: unguessable without its secret, so nobody can close a fence that they did not open, yet
 * the same in every wave, so that the cached prefix survives. Eight hexadecimal digits.
 */
export function fenceKeys(fenceSecretHex: string): FenceKeys {
  const secret = Buffer.from(fenceSecretHex, 'hex');
  return (ref, version = 0) =>
    createHmac('sha256', secret).update(`${ref}:${version}`).digest('hex').slice(0, 8);
}

/** A short text from outside, on one line: `⟦key the title key⟧`. */
export function fencedTitle(key: string, title: string, charactersMax = TITLE_CHARACTERS_MAX): string {
  return `⟦${key} ${cleanLine(title, charactersMax)} ${key}⟧`;
}

/** Longer text from outside between two lines of its own; ends with a newline. */
export function fencedText(frame: Frame, key: string, text: string): string {
  return framed(frame, key, cleanText(text));
}

/** As `fencedText`, for text that `cleanText` has already been through. */
export function framed(frame: Frame, key: string, clean: string): string {
  return `<<${frame} ${key}>>\n${clean}\n<<end ${key}>>\n`;
}
