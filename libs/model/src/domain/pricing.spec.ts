import fc from 'fast-check';
import { catalogueRow, type CatalogueRow } from './catalogue.js';
import { costUsd, isPremium, promptTokens, worstCaseUsd, type CountedUsage } from './pricing.js';

const sonnet = catalogueRow('claude-sonnet-5-5', '2026-11-01');
const haiku = catalogueRow('claude-haiku-5-5', '2026-11-01');
const nothing: CountedUsage = { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };

const aRow = fc
  .constantFrom(
    'claude-fable-5-1',
    'claude-opus-5-5',
    'claude-opus-5',
    'claude-sonnet-5-5',
    'claude-sonnet-5',
    'claude-haiku-5-5',
    'claude-haiku-4-5',
    'claude-of-tomorrow',
  )
  .map((model) => catalogueRow(model, '2026-11-01'));
const aUsage: fc.Arbitrary<CountedUsage> = fc.record({
  input: fc.nat(200_000),
  cacheWrite5m: fc.nat(200_000),
  cacheWrite1h: fc.nat(200_000),
  cacheRead: fc.nat(200_000),
  output: fc.nat(64_000),
});

/** Nano-dollars of a decimal text, exactly. */
function nanoUsd(text: string): bigint {
  const [, dollars = '', fraction = ''] = /^(\d+)\.(\d{9})$/.exec(text) ?? [];
  return BigInt(dollars + fraction);
}

/** The same price in integers only: a dollar per million tokens is a thousand nano-dollars a token. */
function exactNanoUsd(row: CatalogueRow, usage: CountedUsage): bigint {
  const { prices } =
    row.promptOver !== undefined && promptTokens(usage) > row.promptOver.tokens ? row.promptOver : row;
  const kinds = ['input', 'cacheWrite5m', 'cacheWrite1h', 'cacheRead', 'output'] as const;
  return kinds.reduce(
    (sum, kind) => sum + BigInt(usage[kind]) * BigInt(Math.round(prices[kind] * 1_000)),
    0n,
  );
}

describe('costUsd', () => {
  it('adds up each kind of token at its own price', () => {
    const usage = { input: 1_000, cacheWrite5m: 2_000, cacheWrite1h: 100, cacheRead: 10_000, output: 500 };
    // 1,000 × 2 + 2,000 × 2.5 + 100 × 4 + 10,000 × 0.1 + 500 × 10, in millionths of a dollar
    expect(costUsd(sonnet, usage)).toBe('0.013400000');
  });

  it('is nothing for a request that used nothing', () => {
    expect(costUsd(sonnet, nothing)).toBe('0.000000000');
  });

  it('charges the whole request at the dearer tier once its prompt is over the bound, cached tokens included', () => {
    expect(costUsd(haiku, { ...nothing, cacheRead: 100_000, output: 1 })).toBe('0.001000500');
    expect(costUsd(haiku, { ...nothing, input: 1, cacheRead: 100_000, output: 1 })).toBe('0.005003000');
  });

  it('is exact to the nano-dollar, with nine decimals, whatever the usage', () => {
    fc.assert(
      fc.property(aRow, aUsage, (row, usage) => {
        const text = costUsd(row, usage);
        expect(text).toMatch(/^\d+\.\d{9}$/);
        expect(nanoUsd(text)).toBe(exactNanoUsd(row, usage));
      }),
    );
  });

  it('rounds a fraction of a nano-dollar up, never down', () => {
    const prices = { input: 0.0001, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };
    const row: CatalogueRow = { model: 'fine', effectiveFrom: '2026-01-01', prices };
    expect(costUsd(row, { ...nothing, input: 1 })).toBe('0.000000001');
    expect(costUsd(row, { ...nothing, input: 10 })).toBe('0.000000001');
    expect(costUsd(row, { ...nothing, input: 11 })).toBe('0.000000002');
  });
});

describe('worstCaseUsd', () => {
  it('takes every input token as written to the long cache and every output token as used', () => {
    expect(worstCaseUsd(sonnet, { inputTokens: 24_000, outputTokens: 4_096 })).toBe('0.136960000');
  });

  it('is never below what a request within the bound can cost, whichever tier it reaches', () => {
    fc.assert(
      fc.property(aRow, aUsage, fc.nat(50_000), fc.nat(5_000), (row, usage, spareInput, spareOutput) => {
        const worst = worstCaseUsd(row, {
          inputTokens: promptTokens(usage) + spareInput,
          outputTokens: usage.output + spareOutput,
        });
        expect(nanoUsd(worst)).toBeGreaterThanOrEqual(nanoUsd(costUsd(row, usage)));
      }),
      { numRuns: 500 },
    );
  });

  it('is reached: by a prompt that is all written to the long cache', () => {
    fc.assert(
      fc.property(aRow, fc.nat(200_000), fc.nat(64_000), (row, inputTokens, outputTokens) => {
        expect(worstCaseUsd(row, { inputTokens, outputTokens })).toBe(
          costUsd(row, { ...nothing, cacheWrite1h: inputTokens, output: outputTokens }),
        );
      }),
    );
  });
});

describe('isPremium', () => {
  it('begins above the bound of the tier, not at it', () => {
    expect(isPremium(haiku, 100_000)).toBe(false);
    expect(isPremium(haiku, 100_001)).toBe(true);
  });

  it('is never so for a model without a dearer tier', () => {
    expect(isPremium(sonnet, 1_000_000)).toBe(false);
  });
});

describe('promptTokens', () => {
  it('sums all kinds of input and leaves output out', () => {
    fc.assert(
      fc.property(aUsage, (usage) => {
        expect(promptTokens(usage)).toBe(
          usage.input + usage.cacheWrite5m + usage.cacheWrite1h + usage.cacheRead,
        );
      }),
    );
  });
});
