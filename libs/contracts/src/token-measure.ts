/**
 * How many tokens a text will make, leaning upward: no accurate offline tokenizer of the current models exists, so
 * every class of characters has a rate at the dense end of what was seen (characters / 4 saw as little as 27 % of the
 * true count on base64, UUIDs and CJK). One pass, no regular expression, never above the text's UTF-8 bytes.
 * Texts are measured block by block and summed, so that blocks, sections and total always agree.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(measure(text, Number.POSITIVE_INFINITY).thousandths / 1_000);
}

/** The longest beginning of a text that, with the `…` that marks the cut, is estimated at `tokensMax` or less. */
export function cutToTokens(text: string, tokensMax: number): string {
  const whole = measure(text, tokensMax * 1_000);
  if (whole.end === text.length) return text;
  const room = tokensMax * 1_000 - THOUSANDTHS.general_punctuation;
  return room < 0 ? '' : `${text.slice(0, measure(text, room).end)}…`;
}

/**
 * What no tokenizer of bytes can exceed, normalising or not: the larger of the UTF-8 bytes of a text and of its NFKC
 * form. The proof "tokens of the last request + this for all that was appended" rests on it.
 */
export function upperBoundTokens(text: string): number {
  return Math.max(utf8Bytes(text), normalizedBytesMax(text));
}

/** Thousandths of a token per code point. */
const THOUSANDTHS = {
  prose: 320,
  upper_case: 450,
  digit: 720,
  /** Runs of letters mixed with digits (hex, base64, ids), and runs too long for a word. */
  dense: 720,
  ascii_punctuation: 550,
  line_break: 500,
  two_bytes: 1_000,
  general_punctuation: 1_000,
  cjk: 1_300,
  three_bytes: 2_000,
  four_bytes: 3_000,
} as const;

const WORD_CHARACTERS_MAX = 24;

/** Measures until the end or the limit, whichever comes first; `end` is the index after the last code point that fits. */
function measure(text: string, limitThousandths: number): { thousandths: number; end: number } {
  let thousandths = 0;
  let wordLength = 0;
  let wordThousandths = 0;
  let hasLetter = false;
  let hasDigit = false;
  let index = 0;
  for (let codePoint = text.codePointAt(0); codePoint !== undefined; codePoint = text.codePointAt(index)) {
    const inWord = isLetter(codePoint) || isDigit(codePoint);
    wordLength = inWord ? wordLength + 1 : 0;
    hasLetter = inWord && (hasLetter || isLetter(codePoint));
    hasDigit = inWord && (hasDigit || isDigit(codePoint));
    const wordBefore = inWord ? wordThousandths : 0;
    const isDense = (hasLetter && hasDigit) || wordLength > WORD_CHARACTERS_MAX;
    // A word found to be dense is charged anew from its first character.
    const charged = isDense ? wordLength * THOUSANDTHS.dense : wordBefore + weightOf(codePoint);
    if (thousandths + charged - wordBefore > limitThousandths) return { thousandths, end: index };
    thousandths += charged - wordBefore;
    wordThousandths = inWord ? charged : 0;
    index += codePoint > 0xffff ? 2 : 1;
  }
  return { thousandths, end: text.length };
}

function weightOf(codePoint: number): number {
  if (isDigit(codePoint)) return THOUSANDTHS.digit;
  if (isUpperCase(codePoint)) return THOUSANDTHS.upper_case;
  if (isLetter(codePoint) || codePoint === 0x20) return THOUSANDTHS.prose;
  if (codePoint < 0x20) return THOUSANDTHS.line_break;
  if (codePoint < 0x80) return THOUSANDTHS.ascii_punctuation;
  if (codePoint < 0x800) return THOUSANDTHS.two_bytes;
  if (codePoint > 0xffff) return THOUSANDTHS.four_bytes;
  if (isCjk(codePoint)) return THOUSANDTHS.cjk;
  return isGeneralPunctuation(codePoint) ? THOUSANDTHS.general_punctuation : THOUSANDTHS.three_bytes;
}

function isDigit(codePoint: number): boolean {
  return codePoint >= 0x30 && codePoint <= 0x39;
}

function isUpperCase(codePoint: number): boolean {
  return codePoint >= 0x41 && codePoint <= 0x5a;
}

function isLetter(codePoint: number): boolean {
  return isUpperCase(codePoint) || (codePoint >= 0x61 && codePoint <= 0x7a);
}

function isGeneralPunctuation(codePoint: number): boolean {
  return codePoint >= 0x2010 && codePoint <= 0x205e;
}

function isCjk(codePoint: number): boolean {
  return (
    (codePoint >= 0x2e80 && codePoint <= 0x9fff) ||
    (codePoint >= 0xac00 && codePoint <= 0xd7a3) ||
    (codePoint >= 0xf900 && codePoint <= 0xfaff) ||
    (codePoint >= 0xff00 && codePoint <= 0xffef)
  );
}

/** Beyond this many marks on one letter, normalising takes quadratic time (80,000 marks took 2.6 s). */
const LONG_MARK_RUN = /\p{M}{31}/u;

function normalizedBytesMax(text: string): number {
  if (!LONG_MARK_RUN.test(text)) return utf8Bytes(text.normalize('NFKC'));
  // Decomposed one by one: linear, and never below the whole's NFKC, because composing never adds bytes.
  let bytes = 0;
  for (const character of text) bytes += utf8Bytes(character.normalize('NFKD'));
  return bytes;
}

/** Counted here and not by Node, because the contracts are shared with browsers; a lone surrogate takes three. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(index + 1))) {
      bytes += 4;
      index += 1;
    } else bytes += 3;
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
