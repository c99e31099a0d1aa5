import { Prisma, type Tx } from '#database';
import type { TaskState } from '#contracts';
import { TASK_REASONS } from './domain/task-state.js';
import { notFound } from './errors.js';
import { COUNTER_OF_STATE } from './mission.store.js';
import type { MissionLedger } from './mission-ledger.js';

type StoredTask = Prisma.TaskGetPayload<Record<string, never>>;
export type TaskRow = Omit<StoredTask, 'state'> & { state: TaskState };
export type TaskChange = Partial<
  Omit<TaskRow, 'tenantId' | 'id' | 'missionId' | 'number' | 'result' | 'metadata'>
> & {
  result?: Prisma.InputJsonValue | typeof Prisma.DbNull;
  metadata?: Prisma.InputJsonValue;
};

export function toTaskRow(stored: StoredTask): TaskRow {
  return { ...stored, state: stored.state as TaskState }; // a CHECK constraint keeps it in the set
}

/** Ready: nothing stands between it and a worker but a dispatch. */
export function isReady(task: Pick<TaskRow, 'state' | 'liveAttemptId'>): boolean {
  return task.state === 'queued' && task.liveAttemptId === null;
}

/** The mission of a task, to lock before the task itself is read. Throws `not_found`. */
export async function missionOfTask(tx: Tx, taskId: string): Promise<string> {
  const task = await tx.db.task.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: taskId } },
    select: { missionId: true },
  });
  if (task === null) throw notFound('task');
  return task.missionId;
}

/** Reads a task under its mission's lock, which is what every writer of tasks holds. */
export async function readTask(tx: Tx, taskId: string): Promise<TaskRow> {
  const stored = await tx.db.task.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: taskId } },
  });
  if (stored === null) throw notFound('task');
  return toTaskRow(stored);
}

/** Changes a task's row and moves its mission's counters with it. Returns the row as it now is. */
export async function saveTask(ledger: MissionLedger, before: TaskRow, change: TaskChange): Promise<TaskRow> {
  const stored = await ledger.tx.db.task.update({
    where: { tenantId_id: { tenantId: ledger.tx.tenantId, id: before.id } },
    data: { ...change, version: { increment: 1 }, updatedAt: ledger.now },
  });
  const after = toTaskRow(stored);
  countMove(ledger, before, after);
  return after;
}

/** New rows, with their dependencies, counted. */
export async function insertTasks(
  ledger: MissionLedger,
  tasks: readonly Omit<Prisma.TaskCreateManyInput, 'tenantId' | 'missionId'>[],
  dependencies: readonly { readonly taskId: string; readonly dependsOnId: string }[],
): Promise<void> {
  const { tenantId } = ledger.tx;
  await ledger.tx.db.task.createMany({
    data: tasks.map((task) => ({ ...task, tenantId, missionId: ledger.mission.id })),
  });
  if (dependencies.length > 0)
    await ledger.tx.db.$executeRaw`
      INSERT INTO task_dependency (tenant_id, task_id, depends_on_id)
      SELECT ${tenantId}::uuid, unnest(${dependencies.map((edge) => edge.taskId)}::uuid[]),
             unnest(${dependencies.map((edge) => edge.dependsOnId)}::uuid[])`;
  for (const task of tasks) {
    const state = task.state as TaskState; // given by the commands in this folder
    ledger.mission[COUNTER_OF_STATE[state]] += 1;
    if (state === 'queued') ledger.mission.tasksReady += 1;
  }
}

function countMove(
  ledger: MissionLedger,
  before: Pick<TaskRow, 'state' | 'liveAttemptId'>,
  after: Pick<TaskRow, 'state' | 'liveAttemptId'>,
): void {
  ledger.mission[COUNTER_OF_STATE[before.state]] -= 1;
  ledger.mission[COUNTER_OF_STATE[after.state]] += 1;
  ledger.mission.tasksReady += Number(isReady(after)) - Number(isReady(before));
}

/** What a caller may name: keys, refs' numbers and ids, to tasks of this mission. */
export async function findTasks(
  tx: Tx,
  missionId: string,
  names: {
    readonly keys: readonly string[];
    readonly numbers: readonly number[];
    readonly ids: readonly string[];
  },
): Promise<TaskRow[]> {
  const rows = await tx.db.task.findMany({
    where: {
      tenantId: tx.tenantId,
      missionId,
      OR: [
        { key: { in: [...names.keys] } },
        { number: { in: [...names.numbers] } },
        { id: { in: [...names.ids] } },
      ],
    },
  });
  return rows.map(toTaskRow);
}

/** Ready tasks that name their worker, most urgent first, but for those that a person has rejected as they are. */
export async function findTasksForRule({ tx, mission }: MissionLedger, tasksMax: number): Promise<TaskRow[]> {
  const rows = await tx.db.task.findMany({
    where: {
      tenantId: tx.tenantId,
      missionId: mission.id,
      state: 'queued',
      liveAttemptId: null,
      worker: { not: null },
      OR: [{ stateReason: null }, { stateReason: { not: TASK_REASONS.dispatchRejected } }],
    },
    orderBy: [{ priority: 'asc' }, { number: 'asc' }],
    take: tasksMax,
  });
  return rows.map(toTaskRow);
}

export interface Dependant {
  readonly id: string;
  readonly number: number;
  readonly becameReady: boolean;
  readonly isBlocked: boolean;
}

/** One dependency of these tasks has completed: fewer are open, and tasks that wait for none become queued. */
export async function releaseDependants(ledger: MissionLedger, taskId: string): Promise<Dependant[]> {
  const { tx } = ledger;
  const rows = await tx.db.$queryRaw<{ id: string; number: number; was: string; state: string }[]>`
    UPDATE task AS t
       SET open_dependencies = t.open_dependencies - 1,
           state = CASE WHEN t.state = 'blocked' AND t.open_dependencies = 1 THEN 'queued' ELSE t.state END,
           state_reason = CASE WHEN t.state = 'blocked' AND t.open_dependencies = 1 THEN NULL ELSE t.state_reason END,
           updated_at = ${ledger.now}
      FROM task_dependency d, task before
     WHERE d.tenant_id = ${tx.tenantId}::uuid AND d.depends_on_id = ${taskId}::uuid
       AND t.tenant_id = d.tenant_id AND t.id = d.task_id
       AND before.tenant_id = t.tenant_id AND before.id = t.id
    RETURNING t.id, t.number, before.state AS was, t.state`;
  return rows.map((row) => {
    const becameReady = row.was === 'blocked' && row.state === 'queued';
    if (becameReady)
      countMove(ledger, { state: 'blocked', liveAttemptId: null }, { state: 'queued', liveAttemptId: null });
    return { id: row.id, number: row.number, becameReady, isBlocked: row.state === 'blocked' };
  });
}

/** A dependency of these tasks has failed (+1) or was taken up again (-1). */
export async function markDependants(
  ledger: MissionLedger,
  taskId: string,
  failed: 1 | -1,
): Promise<Dependant[]> {
  const { tx } = ledger;
  const rows = await tx.db.$queryRaw<{ id: string; number: number; state: string }[]>`
    UPDATE task AS t
       SET failed_dependencies = t.failed_dependencies + ${failed},
           state_reason = CASE WHEN t.state <> 'blocked' THEN t.state_reason
                               WHEN t.failed_dependencies + ${failed} > 0 THEN 'dependency_failed' END,
           updated_at = ${ledger.now}
      FROM task_dependency d
     WHERE d.tenant_id = ${tx.tenantId}::uuid AND d.depends_on_id = ${taskId}::uuid
       AND t.tenant_id = d.tenant_id AND t.id = d.task_id
    RETURNING t.id, t.number, t.state`;
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    becameReady: false,
    isBlocked: row.state === 'blocked',
  }));
}

/** How many of a task's dependencies have not completed, and how many of those have failed. */
export async function countDependencies(tx: Tx, taskId: string): Promise<{ open: number; failed: number }> {
  const [row] = await tx.db.$queryRaw<{ open: number; failed: number }[]>`
    SELECT count(*) FILTER (WHERE t.state <> 'completed')::int AS open,
           count(*) FILTER (WHERE t.state IN ('failed', 'canceled'))::int AS failed
      FROM task_dependency d JOIN task t ON t.tenant_id = d.tenant_id AND t.id = d.depends_on_id
     WHERE d.tenant_id = ${tx.tenantId}::uuid AND d.task_id = ${taskId}::uuid`;
  return row ?? { open: 0, failed: 0 };
}

/** The change that empties a task's result, for its next generation. */
export const clearResult: TaskChange = { result: Prisma.DbNull };
