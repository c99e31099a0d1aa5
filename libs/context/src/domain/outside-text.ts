/** Characters of a one-line title. */
export const TITLE_CHARACTERS_MAX = 120;
/** The same character this many times in a row is enough to show that there is a run. */
export const RUN_CHARACTERS_MAX = 200;
export const LINE_BYTES_MAX = 2_000;

/**
 * Text from outside as the model may read it: NFC; no control, bidi, zero-width or otherwise invisible characters
 * (newline and tab stay); runs and lines cut at their bounds; nothing left that could be taken for a fence. The raw
 * bytes stay in the ledger. Who bounds the whole text may let its lines be as long as they are.
 */
export function cleanText(text: string, lineBytesMax = LINE_BYTES_MAX): string {
  const visible = text
    .toWellFormed()
    .replace(LINE_BREAKS, '\n')
    .replace(INVISIBLE, '')
    .replace(LONG_MARK_RUN, '$1')
    .normalize('NFC')
    .replaceAll('⟦', '[')
    .replaceAll('⟧', ']');
  return cutRuns(visible)
    .split('\n')
    .map((line) => cutLine(line.replace(FENCE_LIKE_START, '$1\\<<'), lineBytesMax))
    .join('\n');
}

/** Clean text on one line: white space folded, cut at a code point boundary with `…`. */
export function cleanLine(text: string, charactersMax = TITLE_CHARACTERS_MAX): string {
  const folded = cleanText(text).replace(/\s+/gu, ' ').trim();
  const characters = [...folded];
  if (characters.length <= charactersMax) return folded;
  return `${characters
    .slice(0, charactersMax - 1)
    .join('')
    .trimEnd()}…`;
}

/** Whatever a reader might take for the end of a line becomes one: a forged fence must not hide behind it. */
const LINE_BREAKS = /\r\n?|[\v\f\u0085\u2028\u2029]/gu;
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/** The bound of Unicode's stream-safe text format; beyond it normalising takes quadratic time. */
const LONG_MARK_RUN = /(\p{M}{30})\p{M}+/gu;
const FENCE_LIKE_START = /^([ \t]*)<</u;

function cutRuns(text: string): string {
  const kept: string[] = [];
  let previous = '';
  let length = 0;
  for (const character of text) {
    length = character === previous ? length + 1 : 1;
    previous = character;
    if (length <= RUN_CHARACTERS_MAX) kept.push(character);
    else if (length === RUN_CHARACTERS_MAX + 1) kept.push('…');
  }
  return kept.join('');
}

function cutLine(line: string, bytesMax: number): string {
  if (Buffer.byteLength(line) <= bytesMax) return line;
  let bytes = Buffer.byteLength('…');
  let end = 0;
  for (const character of line) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    end += character.length;
  }
  return `${line.slice(0, end)}…`;
}
