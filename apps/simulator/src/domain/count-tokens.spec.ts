import fc from 'fast-check';
import { countPromptTokens, countTokens, cutToTokens, promptSegments } from './count-tokens.js';
import { countRequestSchema } from './messages-request.js';

const anyText = fc.string({ unit: 'grapheme', maxLength: 300 });

function tokensOf(texts: readonly string[]): number {
  const content = texts.map((text) => ({ type: 'text', text }));
  const prompt = countRequestSchema.parse({
    model: 'claude-sonnet-5-5',
    messages: [{ role: 'user', content }],
  });
  return countPromptTokens(promptSegments(prompt));
}

describe('countTokens', () => {
  it('is additive up to the rounding of one token', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        const apart = countTokens(one) + countTokens(other);
        const together = countTokens(one + other);
        expect(together).toBeLessThanOrEqual(apart);
        expect(together).toBeGreaterThanOrEqual(apart - 1);
      }),
    );
  });

  it('never counts less when text is appended', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, appended) => {
        expect(countTokens(text + appended)).toBeGreaterThanOrEqual(countTokens(text));
      }),
    );
  });

  it('never counts more tokens than UTF-8 bytes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(countTokens(text)).toBeLessThanOrEqual(Buffer.byteLength(text));
      }),
    );
  });

  it('counts base64, digits and CJK at a higher rate than prose of the same length', () => {
    const prose = countTokens('the quick brown fox jumps over it');
    expect(countTokens('U2FsdGVkX1+9Q8/3kR0bT7w5Zp2mNcE4A')).toBeGreaterThan(prose * 1.5);
    expect(countTokens('2026-11-23T12:57:01.123456789+00:')).toBeGreaterThan(prose * 2);
    expect(countTokens('漢字'.repeat(16))).toBeGreaterThan(prose * 4);
  });
});

describe('cutToTokens', () => {
  it('keeps as much of the beginning as counts, and not a character more', () => {
    fc.assert(
      fc.property(anyText, fc.nat(50), (text, tokensMax) => {
        const cut = cutToTokens(text, tokensMax);
        expect(text.startsWith(cut)).toBe(true);
        expect(countTokens(cut)).toBeLessThanOrEqual(tokensMax);
        const [next = ''] = text.slice(cut.length);
        expect(next === '' || countTokens(cut + next) > tokensMax).toBe(true);
      }),
    );
  });
});

describe('countPromptTokens', () => {
  it('adds the same for a block wherever the other blocks are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }), (texts) => {
        const shuffled = texts.toReversed();
        expect(tokensOf(texts)).toBe(tokensOf(shuffled));
      }),
    );
  });

  it('stays within 16 tokens a block and 64 a message beyond the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(
          anyText.filter((text) => text !== ''),
          { minLength: 1, maxLength: 8 },
        ),
        (texts) => {
          const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
          expect(tokensOf(texts)).toBeLessThanOrEqual(bytes + 16 * texts.length + 64);
        },
      ),
    );
  });
});
