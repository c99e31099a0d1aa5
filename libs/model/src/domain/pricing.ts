import type { CatalogueRow, TokenPrices } from './catalogue.js';

/** Tokens of one request as the provider counted them; the inputs are disjoint and sum to the prompt. */
export interface CountedUsage {
  readonly input: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
  readonly output: number;
}

/**
 * What is known of a request's usage: all of it; its input and part of its output, when the stream broke off; or
 * nothing, when it may have been answered and nobody heard.
 */
export type Billing =
  { readonly kind: 'known' | 'partial'; readonly usage: CountedUsage } | { readonly kind: 'unknown' };

export const NO_USAGE: CountedUsage = {
  input: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  cacheRead: 0,
  output: 0,
};

/** A dollar per million tokens is a thousand nano-dollars per token. */
const NANO_USD_PER_TOKEN_AT_ONE = 1_000;
const NANO_USD_PER_USD = 1_000_000_000n;

/** What a request has cost, as a decimal string in USD. */
export function costUsd(row: CatalogueRow, usage: CountedUsage): string {
  const prices = pricesFor(row, promptTokens(usage));
  return usdText(
    usage.input * prices.input +
      usage.cacheWrite5m * prices.cacheWrite5m +
      usage.cacheWrite1h * prices.cacheWrite1h +
      usage.cacheRead * prices.cacheRead +
      usage.output * prices.output,
  );
}

/**
 * What a request is charged: its usage where that is known, with all the output that was allowed where part of it is;
 * null, for what was reserved, where nothing is. So an uncertain bill is never below the provider's.
 */
export function chargedUsd(row: CatalogueRow, billing: Billing, outputTokensMax: number): string | null {
  if (billing.kind === 'unknown') return null;
  if (billing.kind === 'known') return costUsd(row, billing.usage);
  return costUsd(row, { ...billing.usage, output: outputTokensMax });
}

/** The most that a request can cost: every input token written to the long cache, every output token used. */
export function worstCaseUsd(
  row: CatalogueRow,
  bound: { readonly inputTokens: number; readonly outputTokens: number },
): string {
  const prices = pricesFor(row, bound.inputTokens);
  return usdText(
    bound.inputTokens * Math.max(prices.input, prices.cacheWrite1h) + bound.outputTokens * prices.output,
  );
}

/** True when a prompt of so many tokens is charged at the dearer tier. */
export function isPremium(row: CatalogueRow, tokens: number): boolean {
  return row.promptOver !== undefined && tokens > row.promptOver.tokens;
}

export function promptTokens(usage: CountedUsage): number {
  return usage.input + usage.cacheWrite5m + usage.cacheWrite1h + usage.cacheRead;
}

function pricesFor(row: CatalogueRow, tokens: number): TokenPrices {
  return row.promptOver !== undefined && tokens > row.promptOver.tokens ? row.promptOver.prices : row.prices;
}

/** From tokens times dollars per million, rounded up to the nano-dollar, so that fractions are never given away. */
function usdText(tokensTimesPrice: number): string {
  const nanoUsd = BigInt(Math.ceil(Math.round(tokensTimesPrice * NANO_USD_PER_TOKEN_AT_ONE * 1_000) / 1_000));
  const fraction = (nanoUsd % NANO_USD_PER_USD).toString().padStart(9, '0');
  return `${nanoUsd / NANO_USD_PER_USD}.${fraction}`;
}
