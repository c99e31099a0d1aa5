import type { InputRequestState } from '#contracts';
import type { Tx } from '#database';
import { olderThan, type PageStart } from '#tenancy';
import { notFound } from '../errors.js';
import { toInputRequestRow, type InputRequestRow } from '../input-request.store.js';

/** A request with the tasks that wait, or waited, for it. */
export type InputRequestRead = InputRequestRow & { readonly taskIds: readonly string[] };

export interface InputRequestFilter {
  readonly missionId: string | null;
  readonly state: InputRequestState | null;
}

const WITH_TASKS = {
  tasks: { select: { taskId: true }, orderBy: { task: { number: 'asc' } } },
} as const;

/** Newest first: at most `take` that are older than `after`. */
export async function listInputRequests(
  tx: Tx,
  { missionId, state }: InputRequestFilter,
  page: { readonly after: PageStart | null; readonly take: number },
): Promise<InputRequestRead[]> {
  const rows = await tx.db.inputRequest.findMany({
    where: {
      AND: [
        {
          tenantId: tx.tenantId,
          ...(missionId === null ? {} : { missionId }),
          ...(state === null ? {} : { state }),
        },
        olderThan(page.after),
      ],
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.take,
    include: WITH_TASKS,
  });
  return rows.map(({ tasks, ...row }) => ({
    ...toInputRequestRow(row),
    taskIds: tasks.map((task) => task.taskId),
  }));
}

export async function readInputRequestWithTasks(tx: Tx, requestId: string): Promise<InputRequestRead> {
  const found = await tx.db.inputRequest.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: requestId } },
    include: WITH_TASKS,
  });
  if (found === null) throw notFound('input request');
  const { tasks, ...row } = found;
  return { ...toInputRequestRow(row), taskIds: tasks.map((task) => task.taskId) };
}
