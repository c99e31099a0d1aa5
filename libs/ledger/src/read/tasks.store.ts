import { decodeId, type TaskResult, type TaskState } from '#contracts';
import { Prisma, type Tx } from '#database';
import type { PageStart } from '#tenancy';
import { refNumber } from '../domain/refs.js';
import { notFound } from '../errors.js';
import { toAttemptRead, type AttemptRead } from './attempts.store.js';

/** Older attempts of a task that was tried more often stay in the ledger's events. */
const ATTEMPTS_SHOWN_MAX = 100;

const SUMMARY_COLUMNS = {
  id: true,
  number: true,
  key: true,
  missionId: true,
  title: true,
  state: true,
  stateReason: true,
  worker: true,
  priority: true,
  acceptanceCriteria: true,
  generation: true,
  createdByWave: true,
  reviewedByWave: true,
  callbackUrl: true,
  metadata: true,
  createdAt: true,
  updatedAt: true,
  completedAt: true,
  dependencies: { select: { dependsOnId: true }, orderBy: { dependsOnId: 'asc' } },
  digests: { select: { id: true, generation: true } },
} as const satisfies Prisma.TaskSelect;

type StoredSummary = Prisma.TaskGetPayload<{ select: typeof SUMMARY_COLUMNS }>;
/** A task as lists show it. */
export type TaskSummaryRead = Omit<StoredSummary, 'state'> & { readonly state: TaskState };

/** A task as it is read alone. */
export type TaskRead = TaskSummaryRead & {
  readonly instructions: string;
  readonly result: TaskResult | null;
  readonly attempts: readonly AttemptRead[];
};

/** One task with its latest attempts. Throws `not_found`. */
export async function readTaskWithAttempts(tx: Tx, taskId: string): Promise<TaskRead> {
  const stored = await tx.db.task.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: taskId } },
    select: { ...SUMMARY_COLUMNS, instructions: true, result: true },
  });
  if (stored === null) throw notFound('task');
  const attempts = await tx.db.attempt.findMany({
    where: { tenantId: tx.tenantId, taskId },
    orderBy: { number: 'desc' },
    take: ATTEMPTS_SHOWN_MAX,
  });
  return {
    ...stored,
    state: stored.state as TaskState, // a CHECK constraint keeps it in the set
    result: stored.result as TaskResult | null, // written from a parsed result
    attempts: attempts.reverse().map(toAttemptRead),
  };
}

export interface TaskFilter {
  readonly missionId: string | null;
  readonly state: TaskState | null;
  /** Words of the title, an id, a ref or a key. */
  readonly query: string | null;
}

/** Newest first: at most `take` that are older than `after`. */
export async function listTasks(
  tx: Tx,
  filter: TaskFilter,
  page: { readonly after: PageStart | null; readonly take: number },
): Promise<TaskSummaryRead[]> {
  const ids = await findTaskIds(tx, filter, page);
  const stored = await tx.db.task.findMany({
    where: { tenantId: tx.tenantId, id: { in: ids } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    select: SUMMARY_COLUMNS,
  });
  return stored.map((task) => ({ ...task, state: task.state as TaskState }));
}

async function findTaskIds(
  tx: Tx,
  filter: TaskFilter,
  page: { readonly after: PageStart | null; readonly take: number },
): Promise<string[]> {
  const conditions = [
    Prisma.sql`tenant_id = ${tx.tenantId}::uuid`,
    ...(filter.missionId === null ? [] : [Prisma.sql`mission_id = ${filter.missionId}::uuid`]),
    ...(filter.state === null ? [] : [Prisma.sql`state = ${filter.state}`]),
    ...(filter.query === null ? [] : [matching(filter.query)]),
    ...(page.after === null
      ? []
      : [Prisma.sql`(created_at, id) < (${page.after.createdAt}::timestamptz, ${page.after.id}::uuid)`]),
  ];
  const rows = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM task WHERE ${Prisma.join(conditions, ' AND ')}
     ORDER BY created_at DESC, id DESC LIMIT ${page.take}`;
  return rows.map((row) => row.id);
}

function matching(query: string): Prisma.Sql {
  const number = refNumber('T', query.toUpperCase());
  const id = decodeId('task', query);
  const either = [
    Prisma.sql`to_tsvector('simple', title) @@ plainto_tsquery('simple', ${query})`,
    Prisma.sql`key = ${query}`,
    ...(number === null ? [] : [Prisma.sql`number = ${number}`]),
    ...(id === null ? [] : [Prisma.sql`id = ${id}::uuid`]),
  ];
  return Prisma.sql`(${Prisma.join(either, ' OR ')})`;
}
