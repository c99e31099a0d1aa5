import fc from 'fast-check';
import {
  COUNT_MARGIN_TOKENS,
  estimatedBound,
  fits,
  provenTokens,
  REQUEST_RESERVE_TOKENS,
  tokenRate,
  type BoundTier,
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

describe('fits', () => {
  const at = (tier: BoundTier, tokens: number) => fits({ tier, tokens }, 24_000);

  it('leaves the reserve free, and more where it is not proved', () => {
    const most = 24_000 - REQUEST_RESERVE_TOKENS;
    expect([at('proved', most), at('proved', most + 1)]).toEqual([true, false]);
    for (const tier of ['counted', 'estimated'] as const)
      expect([at(tier, most - COUNT_MARGIN_TOKENS), at(tier, most - COUNT_MARGIN_TOKENS + 1)]).toEqual([
        true,
        false,
      ]);
  });

  it('never lets through more than the budget, and never by a count what a proof would refuse', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.integer({ min: 8_000, max: 200_000 }), (tokens, budgetTokens) => {
        const proved = fits({ tier: 'proved', tokens }, budgetTokens);
        if (proved) expect(tokens).toBeLessThan(budgetTokens);
        for (const tier of ['counted', 'estimated'] as const)
          if (fits({ tier, tokens }, budgetTokens)) expect(proved).toBe(true);
      }),
    );
  });
});

describe('tokenRate', () => {
  const samples = (countedTokens: number, count: number) =>
    Array.from({ length: count }, () => ({ estimatedTokens: 1_000, countedTokens }));

  it('believes the estimate while it knows too little to believe less', () => {
    expect(tokenRate([])).toBe(1);
    expect(tokenRate(samples(600, 7))).toBe(1);
    expect(tokenRate(samples(600, 8))).toBe(0.6);
  });

  it('is the worst that it has seen, however few say so', () => {
    expect(tokenRate([...samples(600, 20), ...samples(1_300, 1)])).toBe(1.3);
    expect(tokenRate(samples(1_300, 1))).toBe(1.3);
  });

  it('stays within its bounds whatever is reported, estimates of nothing included', () => {
    const sample = fc.record({ estimatedTokens: fc.nat(9_999), countedTokens: fc.nat(999_999) });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 64 }), (any) => {
        const rate = tokenRate(any);
        expect(rate).toBeGreaterThanOrEqual(0.5);
        expect(rate).toBeLessThanOrEqual(4);
      }),
    );
  });

  it('covers every request that it was taken from, and a good part more', () => {
    const sample = fc.record({
      estimatedTokens: fc.integer({ min: 100, max: 20_000 }),
      countedTokens: fc.integer({ min: 100, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 64 }), (seen) => {
        const rate = tokenRate(seen);
        for (const { estimatedTokens, countedTokens } of seen)
          if (countedTokens <= 4 * estimatedTokens)
            expect(estimatedBound(estimatedTokens, rate).tokens).toBeGreaterThanOrEqual(countedTokens);
      }),
    );
  });
});

describe('estimatedBound', () => {
  it('puts fifteen percent on top, and says that it is an estimate', () => {
    expect(estimatedBound(1_000, 1.2)).toEqual({ tier: 'estimated', tokens: 1_380 });
  });
});
