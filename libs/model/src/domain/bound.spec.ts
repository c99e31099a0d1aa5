import fc from 'fast-check';
import {
  COUNT_MARGIN_TOKENS,
  fitsCounted,
  fitsProven,
  provenTokens,
  REQUEST_RESERVE_TOKENS,
} from './bound.js';

const last = { promptTokens: 10_000, outputTokens: 500 };
const aText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
);
const anAppendix = fc.record({
  texts: fc.array(aText, { maxLength: 10 }),
  blocks: fc.nat(100),
  messages: fc.nat(10),
});

describe('provenTokens', () => {
  it('adds to the exact last request its answer, the bytes of what was appended, and its wrapping', () => {
    expect(provenTokens(last, { texts: ['four', 'é'], blocks: 2, messages: 1 })).toBe(
      10_000 + 500 + 4 + 2 + 2 * 16 + 64,
    );
  });

  it('counts a text in its longer form, as it stands or as a tokenizer may normalise it', () => {
    expect('ﷺ'.normalize('NFKC').length).toBeGreaterThan('ﷺ'.length);
    expect(provenTokens(last, { texts: ['ﷺ'], blocks: 0, messages: 0 })).toBe(
      10_500 + Buffer.byteLength('ﷺ'.normalize('NFKC')),
    );
  });

  it('is never below the last request with its answer, nor below a token per byte in either form', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(64_000), anAppendix, (promptTokens, outputTokens, appended) => {
        const proven = provenTokens({ promptTokens, outputTokens }, appended);
        for (const form of [appended.texts, appended.texts.map((text) => text.normalize('NFKC'))]) {
          const bytes = form.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
          expect(proven).toBeGreaterThanOrEqual(promptTokens + outputTokens + bytes);
        }
      }),
    );
  });

  it('never shrinks when more is appended', () => {
    fc.assert(
      fc.property(anAppendix, anAppendix, (one, more) => {
        const both = {
          texts: [...one.texts, ...more.texts],
          blocks: one.blocks + more.blocks,
          messages: one.messages + more.messages,
        };
        expect(provenTokens(last, both)).toBeGreaterThanOrEqual(provenTokens(last, one));
      }),
    );
  });

  it('proves a whole wave step by step as it would at once', () => {
    fc.assert(
      fc.property(anAppendix, anAppendix, (one, more) => {
        const between = { promptTokens: provenTokens(last, one), outputTokens: 0 };
        expect(provenTokens(between, more)).toBe(
          provenTokens(last, {
            texts: [...one.texts, ...more.texts],
            blocks: one.blocks + more.blocks,
            messages: one.messages + more.messages,
          }),
        );
      }),
    );
  });
});

describe('what fits', () => {
  it('leaves the reserve free, and more where the provider counted', () => {
    expect(fitsProven(24_000 - REQUEST_RESERVE_TOKENS, 24_000)).toBe(true);
    expect(fitsProven(24_000 - REQUEST_RESERVE_TOKENS + 1, 24_000)).toBe(false);
    expect(fitsCounted(24_000 - REQUEST_RESERVE_TOKENS - COUNT_MARGIN_TOKENS, 24_000)).toBe(true);
    expect(fitsCounted(24_000 - REQUEST_RESERVE_TOKENS - COUNT_MARGIN_TOKENS + 1, 24_000)).toBe(false);
  });

  it('never lets through more than the budget, and never by a count what a proof would refuse', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.integer({ min: 8_000, max: 200_000 }), (tokens, budgetTokens) => {
        if (fitsProven(tokens, budgetTokens)) expect(tokens).toBeLessThan(budgetTokens);
        if (fitsCounted(tokens, budgetTokens)) expect(fitsProven(tokens, budgetTokens)).toBe(true);
      }),
    );
  });
});
