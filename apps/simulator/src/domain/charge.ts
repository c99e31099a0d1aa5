import type { ModelTraits } from './models.js';
import type { InputUsage } from './prefix-cache.js';

const PREMIUM_FACTOR = 5;
const TOKENS_PER_PRICE = 1_000_000;

/** What a request costs at the price table, in dollars. */
export function chargeUsd(model: ModelTraits, input: InputUsage, outputTokens: number): number {
  const { prices, premiumOverTokens } = model;
  const written = input.writtenTokens;
  const promptTokens = input.uncachedTokens + input.readTokens + written['5m'] + written['1h'];
  const dollars =
    input.uncachedTokens * prices.input +
    written['5m'] * prices.write5m +
    written['1h'] * prices.write1h +
    input.readTokens * prices.read +
    outputTokens * prices.output;
  return (dollars * (promptTokens > premiumOverTokens ? PREMIUM_FACTOR : 1)) / TOKENS_PER_PRICE;
}
