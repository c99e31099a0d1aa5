import {
  inputOptionsSchema,
  newUuid,
  type Hold,
  type InputOption,
  type InputRequestKind,
  type InputRequestState,
  type InputRequestSubject,
  type TimeoutAction,
} from '#contracts';
import type { Prisma, Tx } from '#database';
import { nextReminder } from './domain/input-request-state.js';
import { notFound } from './errors.js';
import type { MissionLedger } from './mission-ledger.js';

type StoredRequest = Prisma.InputRequestGetPayload<Record<string, never>>;
type StoredWaiting = Prisma.InputRequestTaskGetPayload<Record<string, never>>;

/** A request's row with its closed sets typed. */
export type InputRequestRow = Omit<
  StoredRequest,
  'kind' | 'about' | 'hold' | 'options' | 'onTimeout' | 'state'
> & {
  readonly kind: InputRequestKind;
  readonly about: InputRequestSubject;
  readonly hold: Hold | null;
  readonly options: InputOption[];
  readonly onTimeout: TimeoutAction | null;
  readonly state: InputRequestState;
};

/** A task that waits, and the version of it, for this pool or with this result, that an approval is bound to. */
export type WaitingTask = Pick<StoredWaiting, 'taskId' | 'version' | 'pool' | 'lateAttempt'>;

export type NewInputRequest = Pick<
  InputRequestRow,
  'kind' | 'about' | 'hold' | 'prompt' | 'options' | 'deadlineAt' | 'defaultValue' | 'onTimeout'
> & { readonly createdByWave: string | null };

export function toInputRequestRow(stored: StoredRequest): InputRequestRow {
  return {
    ...stored,
    kind: stored.kind as InputRequestKind, // CHECK constraints keep these in their sets
    about: stored.about as InputRequestSubject,
    hold: stored.hold as Hold | null,
    options: inputOptionsSchema.parse(stored.options),
    onTimeout: stored.onTimeout as TimeoutAction | null,
    state: stored.state as InputRequestState,
  };
}

/** A new open request under the mission's next number, with the tasks that wait for it. Returns its id. */
export async function insertInputRequest(
  { tx, mission, now }: MissionLedger,
  request: NewInputRequest,
  waiting: readonly WaitingTask[],
): Promise<string> {
  const id = newUuid();
  mission.lastRequestNumber += 1;
  mission.requestsOpen += 1;
  await tx.db.inputRequest.create({
    data: {
      ...request,
      tenantId: tx.tenantId,
      id,
      missionId: mission.id,
      number: mission.lastRequestNumber,
      remindAt: nextReminder({ createdAt: now, deadlineAt: request.deadlineAt }, now),
      createdAt: now,
    },
  });
  await tx.db.inputRequestTask.createMany({
    data: waiting.map((task) => ({ ...task, tenantId: tx.tenantId, requestId: id })),
  });
  return id;
}

/** The mission of a request, to lock before the request itself is read. Throws `not_found`. */
export async function missionOfRequest(tx: Tx, requestId: string): Promise<string> {
  return (await readInputRequest(tx, requestId)).missionId;
}

/** Reads a request; its writers hold its mission's lock. */
export async function readInputRequest(tx: Tx, requestId: string): Promise<InputRequestRow> {
  const stored = await tx.db.inputRequest.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: requestId } },
  });
  if (stored === null) throw notFound('input request');
  return toInputRequestRow(stored);
}

/** The tasks that a request named, with their numbers and in their order. */
export async function readWaitingTasks(
  tx: Tx,
  requestId: string,
): Promise<(WaitingTask & { readonly number: number })[]> {
  const rows = await tx.db.inputRequestTask.findMany({
    where: { tenantId: tx.tenantId, requestId },
    orderBy: { task: { number: 'asc' } },
    select: {
      taskId: true,
      version: true,
      pool: true,
      lateAttempt: true,
      task: { select: { number: true } },
    },
  });
  return rows.map(({ task, ...waiting }) => ({ ...waiting, number: task.number }));
}

/** Ends an open request: answered with `answer`, expired without one. */
export async function endInputRequest(
  { tx, mission, now }: MissionLedger,
  requestId: string,
  answer: { readonly value: string; readonly comment: string | null } | null,
): Promise<void> {
  await tx.db.inputRequest.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: requestId } },
    data: {
      state: answer === null ? 'expired' : 'answered',
      answerValue: answer?.value ?? null,
      answerComment: answer?.comment ?? null,
      endedAt: now,
    },
  });
  mission.requestsOpen -= 1;
}

/** People have been reminded of a request, and will be again at this moment, or not any more (null). */
export async function setReminder(tx: Tx, requestId: string, remindAt: Date | null): Promise<void> {
  await tx.db.inputRequest.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: requestId } },
    data: { remindAt },
  });
}

/** The open requests of a mission, oldest first; those of one hold, or of one task, when given. */
export async function findOpenRequests(
  { tx, mission }: MissionLedger,
  only: { readonly hold?: Hold; readonly taskId?: string } = {},
): Promise<InputRequestRow[]> {
  const stored = await tx.db.inputRequest.findMany({
    where: {
      tenantId: tx.tenantId,
      missionId: mission.id,
      state: 'open',
      ...(only.hold === undefined ? {} : { hold: only.hold }),
      ...(only.taskId === undefined ? {} : { tasks: { some: { taskId: only.taskId } } }),
    },
    orderBy: { number: 'asc' },
  });
  return stored.map(toInputRequestRow);
}

/** A task does not wait for this request any more; returns how many still do. */
export async function removeWaitingTask(tx: Tx, requestId: string, taskId: string): Promise<number> {
  await tx.db.inputRequestTask.deleteMany({ where: { tenantId: tx.tenantId, requestId, taskId } });
  return tx.db.inputRequestTask.count({ where: { tenantId: tx.tenantId, requestId } });
}

/** Open questions of conductors, which have a bound of their own. */
export async function countOpenQuestions({ tx, mission }: MissionLedger): Promise<number> {
  if (mission.requestsOpen === 0) return 0;
  return tx.db.inputRequest.count({
    where: { tenantId: tx.tenantId, missionId: mission.id, state: 'open', about: 'question' },
  });
}
