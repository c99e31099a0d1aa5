import { encodeBase62 } from './base62.js';

/** What a token is for: a session of a browser, a link that makes one, or a link that answers a question. */
export type TokenKind = 'session' | 'signInLink' | 'answerLink';

export const TOKEN_SECRET_BYTES = 32;
const SECRET_CHARACTERS = 43;
const PREFIXES: Record<TokenKind, string> = {
  session: 'wks_',
  signInLink: 'wkl_',
  answerLink: 'wkq_',
};

/** `wks_…`, `wkl_…` or `wkq_…` from 32 random bytes; like an API key, only its hash is kept. */
export function formatToken(kind: TokenKind, secret: Uint8Array): string {
  return PREFIXES[kind] + encodeBase62(secret, SECRET_CHARACTERS);
}

/** True for text that could be a token of this kind. */
export function isToken(kind: TokenKind, text: string): boolean {
  return text.startsWith(PREFIXES[kind]) && /^[0-9A-Za-z]{43}$/.test(text.slice(PREFIXES[kind].length));
}
