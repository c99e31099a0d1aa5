import { jest } from '@jest/globals';
import fc from 'fast-check';
import { cutToTokens, estimateTokens, upperBoundTokens } from './token-measure.js';

const anyText = fc.string({ unit: 'binary', maxLength: 400 });

describe('estimateTokens', () => {
  it.each([
    ['', 0],
    ['the quick brown fox jumps over the lazy dog', 14],
    ['2026', 3],
    ['550e8400', 6],
    ['a'.repeat(25), 18],
    ['{"a":[]}', 5],
    ['\n\t', 1],
    ['héé', 3],
    ['漢字', 3],
    ['가豈ｆ', 4],
    ['“…”', 3],
    ['⟦⟧', 4],
    ['👍', 3],
  ])('charges %j %d tokens', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });

  it('charges identifiers more than words of the same length', () => {
    expect(estimateTokens('handle4request8')).toBeGreaterThan(estimateTokens('handlexrequestx'));
  });

  it('never exceeds the UTF-8 bytes and never falls when text is added', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, more) => {
        expect(estimateTokens(text)).toBeLessThanOrEqual(Buffer.byteLength(text));
        expect(estimateTokens(text + more)).toBeGreaterThanOrEqual(estimateTokens(text.toWellFormed()) - 1);
      }),
    );
  });

  it('looks at each character once', () => {
    const codePointAt = jest.spyOn(String.prototype, 'codePointAt');
    try {
      estimateTokens('a1'.repeat(50_000));
      expect(codePointAt).toHaveBeenCalledTimes(100_001);
    } finally {
      codePointAt.mockRestore();
    }
  });
});

describe('cutToTokens', () => {
  it('leaves a text alone that fits', () => {
    expect(cutToTokens('short', 2)).toBe('short');
  });

  it('leaves nothing where not even the mark of a cut fits', () => {
    expect(cutToTokens('words', 0)).toBe('');
  });

  it('keeps within the bound, a beginning of the text, whole code points', () => {
    fc.assert(
      fc.property(anyText, fc.nat({ max: 60 }), (text, tokensMax) => {
        const cut = cutToTokens(text, tokensMax);
        expect(estimateTokens(cut)).toBeLessThanOrEqual(tokensMax);
        expect(cut === text || text.startsWith(cut.slice(0, -1))).toBe(true);
        if (text.isWellFormed()) expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('upperBoundTokens', () => {
  it('is the bytes of plain text', () => {
    expect(upperBoundTokens('añb')).toBe(4);
  });

  it('covers characters that grow when they are normalised', () => {
    expect(upperBoundTokens('ﷺ')).toBe(Buffer.byteLength('ﷺ'.normalize('NFKC')));
  });

  it('never normalises marks without end, which would take quadratic time', () => {
    const normalize = jest.spyOn(String.prototype, 'normalize');
    try {
      upperBoundTokens(`a${'\u0301\u0316'.repeat(1_000)}`);
      expect(normalize.mock.contexts.map(String).filter((text) => /\p{M}{31}/u.test(text))).toEqual([]);
    } finally {
      normalize.mockRestore();
    }
  });

  it('is never below the bytes of the text or of its NFKC form, marks without end included', () => {
    const marks = fc.array(fc.constantFrom('a', '\u0301', '\u0316', '\u0344', '각', 'ﷺ'), { maxLength: 200 });
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          marks.map((parts) => parts.join('')),
          fc.constant(`a${'\u0301\u0323'.repeat(40)}`),
        ),
        (text) => {
          expect(upperBoundTokens(text)).toBeGreaterThanOrEqual(Buffer.byteLength(text));
          expect(upperBoundTokens(text)).toBeGreaterThanOrEqual(Buffer.byteLength(text.normalize('NFKC')));
        },
      ),
    );
  });
});
