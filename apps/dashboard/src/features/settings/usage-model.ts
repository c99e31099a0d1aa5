import type { UsageReport } from '../../api/generated/types.gen.js';

/** All that models read: uncached, written to the cache, and read from it. */
export function inputTokens(usage: UsageReport['totals']): number {
  return usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens;
}
