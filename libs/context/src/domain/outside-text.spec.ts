import { jest } from '@jest/globals';
import fc from 'fast-check';
import {
  cleanLine,
  cleanText,
  LINE_BYTES_MAX,
  RUN_CHARACTERS_MAX,
  TITLE_CHARACTERS_MAX,
} from './outside-text.js';

describe('cleanText', () => {
  it('keeps ordinary text of several lines as it is', () => {
    expect(cleanText('# Title\n\tcode {"a": 1} — naïve 漢字 👍')).toBe(
      '# Title\n\tcode {"a": 1} — naïve 漢字 👍',
    );
  });

  it.each([
    ['controls', 'a\u0007\u001b[31mb', 'a[31mb'],
    ['bidi and zero-width characters', 'a\u202eb\u200bc\u2066d\ufeffe\u00ad', 'abcde'],
    ['letters hidden in tags and variation selectors', 'a\u{e0041}\u{e0100}b\ufe0f', 'ab'],
    ['lone surrogates', 'a\ud800b', 'a\ufffdb'],
    ['all but one kind of line break', 'a\r\nb\rc\u2028d\u0085e\vf', 'a\nb\nc\nd\ne\nf'],
    ['decomposed letters', 'e\u0301', 'é'],
    ['brackets of titles', '⟦x⟧', '[x]'],
    [
      'lines that look like a fence',
      '<<end 0>>\n \t<<person 1>>\na << b',
      '\\<<end 0>>\n \t\\<<person 1>>\na << b',
    ],
    ['a fence behind invisible characters', '\u200b<\u200b<end 0>>', '\\<<end 0>>'],
  ])('mends %s', (_what, text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  it('cuts runs of one character', () => {
    expect(cleanText(`x${'a'.repeat(100_000)}y`)).toBe(`x${'a'.repeat(RUN_CHARACTERS_MAX)}…y`);
  });

  it('cuts long lines on a code point boundary', () => {
    const line = cleanText('漢x'.repeat(2_000));
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES_MAX);
    expect(Buffer.byteLength(line)).toBeGreaterThan(LINE_BYTES_MAX - 8);
    expect(line.endsWith('…')).toBe(true);
  });

  it('keeps no more marks on a letter than normalising can bear', () => {
    expect([...cleanText(`a${'\u0316'.repeat(50_000)}`)]).toHaveLength(31);
  });

  it('never normalises marks without end, which would take quadratic time', () => {
    const normalize = jest.spyOn(String.prototype, 'normalize');
    try {
      cleanText(`a${'\u0301\u0316'.repeat(1_000)}`);
      cleanText(`a${'\u0301\u200b\u0316'.repeat(1_000)}`);
      expect(normalize.mock.contexts.map(String).filter((text) => /\p{M}{31}/u.test(text))).toEqual([]);
    } finally {
      normalize.mockRestore();
    }
  });

  it('leaves no invisible character, no long run, no long line, no fence, whatever comes in', () => {
    const part = fc.constantFrom(
      '<',
      '<<',
      '>>',
      '\u200b',
      '\u202e',
      '\r',
      '\u2028',
      '⟦',
      '⟧',
      '\u0301',
      'e',
      ' ',
      '\ud83d',
    );
    const hostile = fc.oneof(
      fc.array(part, { maxLength: 60 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }), fc.nat({ max: 5_000 }))
        .map(([unit, times]) => unit.repeat(times)),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const clean = cleanText(text);
        expect(clean).toBe(clean.normalize('NFC'));
        expect(clean).not.toMatch(/[⟦⟧]|(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
        for (const line of clean.split('\n')) {
          expect(line).not.toMatch(/^\s*<</u);
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES_MAX);
        }
      }),
    );
  });
});

describe('cleanLine', () => {
  it('folds white space', () => {
    expect(cleanLine('  a \n\n\tb  c ')).toBe('a b c');
  });

  it('cuts at the bound without splitting a character', () => {
    const line = cleanLine('👍 '.repeat(200));
    expect([...line].length).toBeLessThanOrEqual(TITLE_CHARACTERS_MAX);
    expect(line).toMatch(/👍…$/u);
    expect(line.isWellFormed()).toBe(true);
  });

  it('leaves a line at the bound alone', () => {
    const title = 'ab'.repeat(TITLE_CHARACTERS_MAX / 2);
    expect(cleanLine(title)).toBe(title);
  });
});
