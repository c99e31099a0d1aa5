import { createHash } from 'node:crypto';
import { encodeId } from '#contracts';

/** A tool's result longer than this is shown by its ends; the whole becomes an artifact. */
export const RESULT_BYTES_MAX = 2_000;
/** More of one result is not kept: it is made of rows, which narrower reads still find. */
export const SPILL_BYTES_MAX = 262_144;
/** Of what is shown of a long result, its beginning. */
const HEAD_SHARE = 0.75;

/** Instead of a result for which no room is left at all. */
const NOT_SHOWN = '(not shown)';

/** The whole of a result that is shown by its ends. */
export interface Spill {
  readonly id: string;
  readonly text: string;
  readonly sha256: string;
}

/** What a request shows of a result; `spill` when that is not all of it. */
export interface ShownResult {
  readonly content: string;
  readonly spill: Spill | null;
}

/**
 * Shows a result in at most about `bytesMax` bytes: not at all, whole, or its size, the call that reads the rest, its head and its
 * tail. Frames that a cut has opened or closed are mended, so that no text from outside stands without its frame.
 */
export function showResult(waveId: string, text: string, bytesMax: number): ShownResult {
  if (bytesMax === 0) return { content: NOT_SHOWN, spill: null };
  if (Buffer.byteLength(text) <= bytesMax) return { content: text, spill: null };
  const kept = cutBytes(text, SPILL_BYTES_MAX);
  const spill = spillOf(waveId, kept);
  const size = Buffer.byteLength(kept);
  const head = cutBytes(kept, Math.floor(bytesMax * HEAD_SHARE));
  const tail = lastBytes(kept, Math.floor(bytesMax * (1 - HEAD_SHARE)));
  const offset = Buffer.byteLength(head);
  const call = `artifact_read ${JSON.stringify({ id: encodeId('artifact', spill.id), offset })}`;
  const omitted = Math.max(0, size - offset - Buffer.byteLength(tail));
  const opened = openFrame(head);
  const reopened = openFrame(kept.slice(0, kept.length - tail.length));
  const content = [
    `(${size} bytes in all; the rest: ${call})`,
    head,
    ...(opened === null ? [] : [`<<end ${opened.key}>>`]),
    `(… ${omitted} bytes not shown …)`,
    ...(reopened === null ? [] : [`<<${reopened.frame} ${reopened.key}>>`]),
    tail,
  ].join('\n');
  return { content, spill };
}

/** Named by its wave and its text, so that the same result of the same wave is one artifact, and always the same. */
function spillOf(waveId: string, text: string): Spill {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const digest = createHash('sha256').update(`${waveId}\n${sha256}`).digest('hex');
  const id = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`, // version 8: made by its own rule
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
  return { id, text, sha256 };
}

/** The longest beginning of whole characters within the bound. */
function cutBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text.toWellFormed());
  if (bytes.byteLength <= bytesMax) return bytes.toString();
  return bytes.subarray(0, boundaryAt(bytes, Math.max(0, bytesMax))).toString();
}

/** The longest end of whole characters within the bound. */
function lastBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  let start = Math.max(0, bytes.byteLength - bytesMax);
  while (isContinuation(bytes[start])) start += 1;
  return bytes.subarray(start).toString();
}

function boundaryAt(bytes: Buffer, index: number): number {
  let end = index;
  while (end > 0 && isContinuation(bytes[end])) end -= 1;
  return end;
}

/** Whether a byte is inside a UTF-8 character. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

const FRAME_LINE = /^<<(untrusted|person|note|end) ([0-9a-f]{8})>>$/;

/** The frame that is open at the end of a text; inside one, only its own key counts. */
function openFrame(text: string): { frame: string; key: string } | null {
  let open: { frame: string; key: string } | null = null;
  for (const line of text.split('\n')) {
    const [, frame, key] = FRAME_LINE.exec(line) ?? [];
    if (frame === undefined || key === undefined) continue;
    if (open === null && frame !== 'end') open = { frame, key };
    else if (open?.key === key && frame === 'end') open = null;
  }
  return open;
}
