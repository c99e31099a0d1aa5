import { catalogueRow, costUsd, promptTokens, type CountedUsage } from '#model';

/** Input tokens of many requests by kind, and what is said of them beside it. */
export interface Tally {
  readonly requests: number;
  readonly largest_request: number;
  readonly input_tokens: number;
  readonly uncached: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
  readonly cache_read: number;
  readonly output_tokens: number;
}

export const NO_REQUESTS: Tally = {
  requests: 0,
  largest_request: 0,
  input_tokens: 0,
  uncached: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  cache_read: 0,
  output_tokens: 0,
};

export function plus(tally: Tally, usage: CountedUsage): Tally {
  const input = promptTokens(usage);
  return {
    requests: tally.requests + 1,
    largest_request: Math.max(tally.largest_request, input),
    input_tokens: tally.input_tokens + input,
    uncached: tally.uncached + usage.input,
    cache_write_5m: tally.cache_write_5m + usage.cacheWrite5m,
    cache_write_1h: tally.cache_write_1h + usage.cacheWrite1h,
    cache_read: tally.cache_read + usage.cacheRead,
    output_tokens: tally.output_tokens + usage.output,
  };
}

const WRITE_WEIGHT = 1.25;
const READ_WEIGHT = 0.1;

/** Input tokens weighted by what a cache makes of their price: uncached + 1.25 × written + 0.1 × read. */
export function cacheWeighted({ uncached, cache_write_5m, cache_write_1h, cache_read }: Tally): number {
  return uncached + WRITE_WEIGHT * (cache_write_5m + cache_write_1h) + READ_WEIGHT * cache_read;
}

/** The share of input tokens that came out of the cache, 0 to 1. */
export function cachedShare({ cache_read, input_tokens }: Tally): number {
  return input_tokens === 0 ? 0 : rounded(cache_read / input_tokens, 3);
}

/** The day whose list prices are used, so that the same run costs the same tomorrow. */
export const PRICES_AS_OF = '2026-11-20';

/** Dollars at list prices, output included. */
export function dollars(model: string, tally: Tally): number {
  const usage: CountedUsage = {
    input: tally.uncached,
    cacheWrite5m: tally.cache_write_5m,
    cacheWrite1h: tally.cache_write_1h,
    cacheRead: tally.cache_read,
    output: tally.output_tokens,
  };
  return rounded(Number(costUsd(catalogueRow(model, PRICES_AS_OF), usage)), 2);
}

export function rounded(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

/** The upper one of two in the middle. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}
