import { decodeId, QUESTIONS_OPEN_MAX, type StagedWrite } from '#contracts';
import type { Tx } from '#database';
import { namedTasks, type LedgerView, type TaskView } from './domain/decide.js';
import { DIRECTIVES_PER_MISSION_MAX } from './directive.store.js';
import { refNumber, refOf } from './domain/refs.js';
import { countOpenQuestions } from './input-request.store.js';
import type { MissionLedger } from './mission-ledger.js';
import { findTasks, type TaskRow } from './task.store.js';

/** A view for `decide`, with the rows behind its names. */
export interface LoadedView {
  readonly view: LedgerView;
  /** By the name that the view uses: the task's ref. */
  readonly rows: ReadonlyMap<string, TaskRow>;
}

/** Loads what the staged writes name, under the mission's lock. */
export async function loadView(ledger: MissionLedger, writes: readonly StagedWrite[]): Promise<LoadedView> {
  const { mission, tx } = ledger;
  const names = namedTasks(writes);
  const tasks = await findTasks(tx, mission.id, {
    keys: names,
    numbers: names.flatMap((name) => refNumber('T', name) ?? []),
    ids: names.flatMap((name) => decodeId('task', name) ?? []),
  });
  const refOfId = new Map(tasks.map((task) => [task.id, refOf('T', task.number)]));
  const edges = await readEdges(tx, tasks);
  const late = await readLateAttempts(tx, tasks);
  return {
    rows: new Map(tasks.map((task) => [refOf('T', task.number), task])),
    view: {
      workers: mission.policy.workers,
      freeSlots: ledger.freeSlots,
      roomForTasks: ledger.roomForTasks,
      tasks: tasks.map((task) => viewOf(task, edges.get(task.id) ?? [], late.get(task.id) ?? [], refOfId)),
      notesInForce: await readNotesInForce(ledger, writes),
      criteriaOwed: mission.verificationOwed ? mission.acceptanceCriteria.length : 0,
      approval: mission.policy.approval,
      questionsAskable: Math.max(0, QUESTIONS_OPEN_MAX - (await countOpenQuestions(ledger))),
      directivesProposable: Math.max(0, DIRECTIVES_PER_MISSION_MAX - mission.lastDirectiveNumber),
    },
  };
}

function viewOf(
  task: TaskRow,
  dependsOn: readonly string[],
  lateAttempts: readonly string[],
  refOfId: ReadonlyMap<string, string>,
): TaskView {
  return {
    name: refOf('T', task.number),
    key: task.key,
    state: task.state,
    stateReason: task.stateReason,
    version: task.version,
    worker: task.worker,
    openDependencies: task.openDependencies,
    dependsOn: dependsOn.flatMap((id) => refOfId.get(id) ?? []),
    hasLiveAttempt: task.liveAttemptId !== null,
    attemptCount: task.attemptCount,
    lateAttempts,
  };
}

async function readEdges(tx: Tx, tasks: readonly TaskRow[]): Promise<Map<string, string[]>> {
  const ids = tasks.map((task) => task.id);
  const rows = await tx.db.taskDependency.findMany({
    where: { tenantId: tx.tenantId, taskId: { in: ids }, dependsOnId: { in: ids } },
  });
  return groupBy(
    rows,
    (row) => row.taskId,
    (row) => row.dependsOnId,
  );
}

async function readLateAttempts(tx: Tx, tasks: readonly TaskRow[]): Promise<Map<string, string[]>> {
  const rows = await tx.db.attempt.findMany({
    where: {
      tenantId: tx.tenantId,
      taskId: { in: tasks.map((task) => task.id) },
      state: { in: ['expired', 'failed'] },
    },
    select: { taskId: true, refNumber: true, lateResult: true },
  });
  const withResult = rows.filter((row) => row.lateResult !== null);
  return groupBy(
    withResult,
    (row) => row.taskId,
    (row) => refOf('A', row.refNumber),
  );
}

async function readNotesInForce(
  { tx, mission }: MissionLedger,
  writes: readonly StagedWrite[],
): Promise<string[]> {
  const numbers = writes.flatMap((write) =>
    write.tool === 'note'
      ? write.input.entries.flatMap((entry) => refNumber('N', entry.supersedes ?? '') ?? [])
      : [],
  );
  if (numbers.length === 0) return [];
  const rows = await tx.db.note.findMany({
    where: { tenantId: tx.tenantId, missionId: mission.id, number: { in: numbers }, supersededBy: null },
    select: { number: true },
  });
  return rows.map((row) => refOf('N', row.number));
}

function groupBy<Row, Value>(
  rows: readonly Row[],
  key: (row: Row) => string,
  value: (row: Row) => Value,
): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), value(row)]);
  return groups;
}
