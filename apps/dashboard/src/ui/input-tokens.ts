import type { Usage } from '../api/generated/types.gen.js';

/** All that models read: uncached, written to the cache, and read from it. */
export function inputTokens(usage: Omit<Usage, 'output_tokens' | 'cost_usd'>): number {
  return usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens;
}
