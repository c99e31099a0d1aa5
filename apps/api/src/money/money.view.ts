import type { UsageReport } from '#contracts';
import type { TenantBudget, UsageRead } from '#ledger';

export function budgetView(budget: TenantBudget) {
  return {
    limit_usd: budget.limitUsd,
    daily_usd: budget.dailyUsd,
    spent_usd: budget.spentUsd,
    reserved_usd: budget.reservedUsd,
  };
}

/** `groups` may be one more than the page takes, which says that there is another one. */
export function usageView(
  groups: readonly (UsageRead & { readonly key: string })[],
  totals: UsageRead,
  page: { readonly limit: number; readonly cursor: (key: string) => string },
): UsageReport {
  const shown = groups.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    data: shown.map((group) => ({ key: group.key, ...sumsView(group) })),
    totals: sumsView(totals),
    next_cursor: groups.length > page.limit && last !== undefined ? page.cursor(last.key) : null,
  };
}

function sumsView(usage: UsageRead): UsageReport['totals'] {
  return {
    requests: usage.requests,
    failed_requests: usage.failedRequests,
    input_tokens: usage.inputTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    cache_read_tokens: usage.cacheReadTokens,
    output_tokens: usage.outputTokens,
    cost_usd: usage.costUsd,
  };
}
