/** What a tool may answer, in bytes of UTF-8: about 2,000 tokens of whoever asks. */
export const ANSWER_BYTES_MAX = 8_192;
/** A status is read often, and beside everything else. */
export const STATUS_BYTES_MAX = 2_048;
/** Braces, names and the cursor around the rows of a page, or around a part of a text. */
const FRAME_BYTES = 512;

/**
 * As many rows as an answer has room for, at most `limit`, in order. A row's view is bounded by itself; a page always
 * has one, so that reading on comes to an end. Up to `limit + 1` rows are given: the row too many says that there is more.
 */
export function boundedPage<Row, View>(
  rows: readonly Row[],
  limit: number,
  wire: { readonly view: (row: Row) => View; readonly cursor: (row: Row) => string },
): { data: View[]; next_cursor: string | null } {
  const data: View[] = [];
  let bytes = FRAME_BYTES;
  for (const row of rows.slice(0, limit)) {
    const view = wire.view(row);
    bytes += jsonBytes(view) + 1;
    if (data.length > 0 && bytes > ANSWER_BYTES_MAX) break;
    data.push(view);
  }
  const last = rows[data.length - 1];
  return { data, next_cursor: last === undefined || data.length === rows.length ? null : wire.cursor(last) };
}

/**
 * The part of a text from `offset` (in UTF-16 units) that takes `bytesMax` bytes of JSON or less, and where the next one
 * begins; null after the last. No character is cut in two, and every part is longer than nothing.
 */
export function textPart(
  text: string,
  offset: number,
  bytesMax: number,
): { readonly part: string; readonly nextOffset: number | null } {
  let end = Math.min(offset, text.length);
  let bytes = 0;
  while (end < text.length) {
    const character = String.fromCodePoint(text.codePointAt(end) ?? 0);
    bytes += jsonBytes(character) - 2; // without the quotes
    if (bytes > bytesMax) break;
    end += character.length;
  }
  return { part: text.slice(offset, end), nextOffset: end < text.length ? end : null };
}

/** The beginning of a text, with the `…` that marks a cut, in `bytesMax` bytes of JSON or less. */
export function excerpt(text: string, bytesMax: number): string {
  const { part, nextOffset } = textPart(text, 0, bytesMax);
  return nextOffset === null ? part : `${textPart(text, 0, bytesMax - ELLIPSIS_BYTES).part}…`;
}

export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

const ELLIPSIS_BYTES = 3;
