import { decodeId, encodeId, type UsageGroup } from '#contracts';
import { Prisma, type Tx } from '#database';

/** Whose requests, of when (by the time they were sent: `from` included, `to` not); null bounds nothing. */
export interface UsageFilter {
  readonly missionId: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** What model requests came to. A request that is still open counts as one, and has no tokens and no cost yet. */
export interface UsageRead {
  readonly requests: number;
  readonly failedRequests: number;
  readonly inputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
  readonly costUsd: string;
}

/** Sums by group, in the order of their keys: at most `take` that come after `after`. */
export async function readUsageBy(
  tx: Tx,
  group: UsageGroup,
  filter: UsageFilter,
  page: { readonly after: string | null; readonly take: number },
): Promise<(UsageRead & { readonly key: string })[]> {
  const after = group === 'mission' && page.after !== null ? decodeId('mission', page.after) : page.after;
  const key = KEYS[group];
  const rows = await tx.db.$queryRaw<(UsageRow & { key: string })[]>`
    SELECT ${key} AS key, ${SUMS}
      FROM model_call
     WHERE ${within(tx, filter)} AND (${after}::text IS NULL OR ${key} > ${after}::text COLLATE "C")
     GROUP BY 1
     ORDER BY 1
     LIMIT ${page.take}`;
  return rows.map((row) => ({
    key: group === 'mission' ? encodeId('mission', row.key) : row.key,
    ...toUsage(row),
  }));
}

/** The same over all groups. */
export async function readUsageTotals(tx: Tx, filter: UsageFilter): Promise<UsageRead> {
  const [row] = await tx.db.$queryRaw<UsageRow[]>`SELECT ${SUMS} FROM model_call WHERE ${within(tx, filter)}`;
  if (row === undefined) throw new Error('the database returned no sums');
  return toUsage(row);
}

/** Compared byte by byte, whatever the database's own order is. */
const KEYS: Record<UsageGroup, Prisma.Sql> = {
  mission: Prisma.sql`mission_id::text COLLATE "C"`,
  model: Prisma.sql`model COLLATE "C"`,
  day: Prisma.sql`(sent_at AT TIME ZONE 'UTC')::date::text COLLATE "C"`,
  role: Prisma.sql`role COLLATE "C"`,
};

const SUMS = Prisma.sql`count(*)::int AS requests,
  (count(*) FILTER (WHERE state IN ('failed', 'orphaned')))::int AS failed_requests,
  coalesce(sum(input_tokens), 0)::float8 AS input_tokens,
  coalesce(sum(cache_write_tokens), 0)::float8 AS cache_write_tokens,
  coalesce(sum(cache_read_tokens), 0)::float8 AS cache_read_tokens,
  coalesce(sum(output_tokens), 0)::float8 AS output_tokens,
  trim_scale(coalesce(sum(cost_usd), 0))::text AS cost_usd`;

interface UsageRow {
  readonly requests: number;
  readonly failed_requests: number;
  readonly input_tokens: number;
  readonly cache_write_tokens: number;
  readonly cache_read_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: string;
}

function within(tx: Tx, { missionId, from, to }: UsageFilter): Prisma.Sql {
  return Prisma.sql`tenant_id = ${tx.tenantId}::uuid
    AND (${missionId}::uuid IS NULL OR mission_id = ${missionId}::uuid)
    AND (${from}::timestamptz IS NULL OR sent_at >= ${from}::timestamptz)
    AND (${to}::timestamptz IS NULL OR sent_at < ${to}::timestamptz)`;
}

function toUsage(row: UsageRow): UsageRead {
  return {
    requests: row.requests,
    failedRequests: row.failed_requests,
    inputTokens: row.input_tokens,
    cacheWriteTokens: row.cache_write_tokens,
    cacheReadTokens: row.cache_read_tokens,
    outputTokens: row.output_tokens,
    costUsd: row.cost_usd,
  };
}
