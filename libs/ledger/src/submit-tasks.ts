import { newUuid, encodeId, decodeId, type Actor, type SubmittedTask, type TaskInput } from '#contracts';
import type { Tx } from '#database';
import { resolveBatch, type FoundDependency, type ResolvedItem } from './domain/dependencies.js';
import { refNumber, refOf } from './domain/refs.js';
import { conflict } from './errors.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { refuseEnded, reopenForWork } from './missions.js';
import { findTasks, insertTasks, type TaskRow } from './task.store.js';

/** One item of a request: a task that could be parsed, or why it could not. */
export type SubmissionItem =
  | { readonly task: TaskInput }
  | {
      readonly problem: { readonly code: string; readonly message: string; readonly pointer: string | null };
    };

/** Where new tasks come from: a wave of this mission, or anybody outside it. */
export interface Submission {
  readonly actor: Actor;
  readonly waveId: string | null;
}

/**
 * Takes in tasks, each or not at all, in one transaction: rows, events, one inbox item for the whole request. A
 * repeated key returns the task that has it. Answers item by item in request order. Throws `mission_ended` when the
 * mission is canceled or archived; a completed one is taken up again, if there is anything new to do.
 */
export async function submitTasks(
  tx: Tx,
  missionId: string,
  items: readonly SubmissionItem[],
  actor: Actor,
): Promise<SubmittedTask[]> {
  return inMission(tx, missionId, async (ledger) => (await takeInTasks(ledger, items, actor)).answers);
}

/** The same inside an open ledger, where a schedule asks for it. */
export async function takeInTasks(
  ledger: MissionLedger,
  items: readonly SubmissionItem[],
  actor: Actor,
): Promise<AddedTasks> {
  refuseEnded(ledger);
  const added = await addTasks(ledger, items, { actor, waveId: null });
  const [first, last] = [added.created[0], added.created.at(-1)];
  if (first === undefined || last === undefined) return added;
  reopenForWork(ledger, actor);
  if (isPlannedByRule(ledger, items)) {
    ledger.mission.handoffDone = false; // said before there was more to do
    return added;
  }
  ledger.arrive({
    origin: 'outside',
    lane: 'work',
    kind: 'submission',
    refId: null,
    body: { first: refOf('T', first.number), last: refOf('T', last.number), count: added.created.length },
  });
  return added;
}

/** The answers item by item, and what is new. */
interface AddedTasks {
  readonly answers: SubmittedTask[];
  readonly created: CreatedTask[];
}

/** Tasks that all name a worker need no wave where dispatching goes by rule; their results will call for one. */
function isPlannedByRule({ mission }: MissionLedger, items: readonly SubmissionItem[]): boolean {
  return (
    mission.policy.planning === 'auto' &&
    items.every((item) => 'problem' in item || item.task.worker !== null)
  );
}

interface CreatedTask {
  readonly id: string;
  readonly number: number;
  readonly index: number;
  readonly blocked: boolean;
}

/** The part of a submission that a wave's commit shares: everything but the inbox item. */
export async function addTasks(
  ledger: MissionLedger,
  items: readonly SubmissionItem[],
  submission: Submission,
): Promise<AddedTasks> {
  const inputs = items.flatMap((item, index) => ('task' in item ? [{ index, task: item.task }] : []));
  const known = await findKnown(
    ledger,
    inputs.map(({ task }) => task),
  );
  const isRepeated = ({ task }: { task: TaskInput }) => task.key !== null && known.byKey.has(task.key);
  const fresh = inputs.filter((input) => !isRepeated(input));
  const resolved = resolveBatch(
    fresh.map(({ index, task }) => ({ index, key: task.key, dependsOn: task.depends_on })),
    known.byName,
  );
  refuseBeyondLimit(ledger, resolved.items.length);
  const created = await insertResolved(ledger, {
    items,
    resolved: resolved.items,
    known: known.byId,
    submission,
  });
  const answers: SubmittedTask[] = [
    ...items.flatMap((item, index) => ('problem' in item ? [{ index, problem: item.problem }] : [])),
    ...inputs.filter(isRepeated).flatMap(({ index, task }) => existingAnswer(index, task, known)),
    ...resolved.problems.map(({ index, code, message }) => ({
      index,
      problem: { code, message, pointer: code === 'duplicate_key' ? '/key' : '/depends_on' },
    })),
    ...created.map((task) => ({
      index: task.index,
      id: encodeId('task', task.id),
      ref: refOf('T', task.number),
      existing: false,
    })),
  ];
  return { answers: answers.sort((a, b) => a.index - b.index), created };
}

interface KnownTasks {
  /** Keys alone: what makes a submission a repeated one. */
  readonly byKey: ReadonlyMap<string, string>;
  /** Every key, ref and id that the request names, to the task's id; a key wins over a ref that looks like it. */
  readonly byName: ReadonlyMap<string, string>;
  readonly byId: ReadonlyMap<string, TaskRow>;
}

async function findKnown(ledger: MissionLedger, tasks: readonly TaskInput[]): Promise<KnownTasks> {
  const keys = tasks.flatMap((task) => (task.key === null ? [] : [task.key]));
  const names = [...new Set([...keys, ...tasks.flatMap((task) => task.depends_on)])];
  const numbers = names.flatMap((name) => refNumber('T', name) ?? []);
  const ids = names.flatMap((name) => decodeId('task', name) ?? []);
  const rows =
    names.length === 0 ? [] : await findTasks(ledger.tx, ledger.mission.id, { keys: names, numbers, ids });
  const byKey = new Map(rows.flatMap((row) => (row.key === null ? [] : [[row.key, row.id] as const])));
  const byRef = rows.flatMap((row) => [
    [refOf('T', row.number), row.id] as const,
    [encodeId('task', row.id), row.id] as const,
  ]);
  return { byKey, byName: new Map([...byRef, ...byKey]), byId: new Map(rows.map((row) => [row.id, row])) };
}

function existingAnswer(index: number, task: TaskInput, known: KnownTasks): SubmittedTask[] {
  const row = known.byId.get(known.byKey.get(task.key ?? '') ?? '');
  return row === undefined
    ? []
    : [{ index, id: encodeId('task', row.id), ref: refOf('T', row.number), existing: true }];
}

function refuseBeyondLimit(ledger: MissionLedger, added: number): void {
  const { lastTaskNumber, policy } = ledger.mission;
  if (lastTaskNumber + added > policy.limits.tasks_max)
    throw conflict(
      'tasks_max_reached',
      `This mission may hold ${policy.limits.tasks_max} tasks and has had ${lastTaskNumber}; raise policy.limits.tasks_max or start another mission.`,
    );
}

async function insertResolved(
  ledger: MissionLedger,
  batch: {
    readonly items: readonly SubmissionItem[];
    readonly resolved: readonly ResolvedItem[];
    readonly known: ReadonlyMap<string, TaskRow>;
    readonly submission: Submission;
  },
): Promise<CreatedTask[]> {
  const idOfIndex = new Map(batch.resolved.map((item) => [item.index, newUuid()]));
  const inRequestOrder = [...batch.resolved].sort((a, b) => a.index - b.index);
  const numberOfIndex = new Map(
    inRequestOrder.map((item, place) => [item.index, ledger.mission.lastTaskNumber + 1 + place]),
  );
  const idOf = (dependency: FoundDependency): string | undefined =>
    'taskId' in dependency ? dependency.taskId : idOfIndex.get(dependency.batchIndex);
  const planned = inRequestOrder.flatMap((item) => {
    const source = batch.items[item.index];
    const id = idOfIndex.get(item.index);
    const number = numberOfIndex.get(item.index);
    if (source === undefined || !('task' in source) || id === undefined || number === undefined) return [];
    const dependencyIds = item.dependencies.flatMap((dependency) => idOf(dependency) ?? []);
    const states = dependencyIds.map((dependencyId) => batch.known.get(dependencyId)?.state ?? 'queued');
    const open = states.filter((state) => state !== 'completed').length;
    const failed = states.filter((state) => state === 'failed' || state === 'canceled').length;
    return [{ id, number, index: item.index, task: source.task, dependencyIds, open, failed }];
  });
  await insertTasks(
    ledger,
    planned.map(({ id, number, task, open, failed }) => ({
      id,
      number,
      key: task.key,
      title: task.title,
      instructions: task.instructions,
      acceptanceCriteria: task.acceptance_criteria,
      worker: task.worker,
      priority: task.priority,
      state: open > 0 ? 'blocked' : 'queued',
      stateReason: failed > 0 ? 'dependency_failed' : null,
      openDependencies: open,
      failedDependencies: failed,
      callbackUrl: task.callback_url,
      metadata: task.metadata,
      createdByWave: batch.submission.waveId,
      createdAt: ledger.now,
      updatedAt: ledger.now,
    })),
    planned.flatMap(({ id, dependencyIds }) =>
      dependencyIds.map((dependsOnId) => ({ taskId: id, dependsOnId })),
    ),
  );
  ledger.mission.lastTaskNumber += planned.length;
  for (const { id, number, task, open } of planned) {
    ledger.append({
      type: 'task.created',
      actor: batch.submission.actor,
      taskId: id,
      waveId: batch.submission.waveId ?? undefined,
      data: { ref: refOf('T', number), title: task.title, state: open > 0 ? 'blocked' : 'queued' },
    });
  }
  return planned.map(({ id, number, index, open }) => ({ id, number, index, blocked: open > 0 }));
}
