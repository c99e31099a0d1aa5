import type { Actor, TaskPatch } from '#contracts';
import type { Tx } from '#database';
import { refOf } from './domain/refs.js';
import { TASK_REASONS } from './domain/task-state.js';
import { cancelOpenTask, transition } from './end-task.js';
import { conflict } from './errors.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { reopenForWork } from './missions.js';
import {
  clearResult,
  countDependencies,
  markDependants,
  missionOfTask,
  readTask,
  saveTask,
  type TaskChange,
  type TaskRow,
} from './task.store.js';

/** Changes a task that has not started. Throws `task_started` otherwise. */
export async function updateTask(tx: Tx, taskId: string, patch: TaskPatch, actor: Actor): Promise<void> {
  await inTask(tx, taskId, async (ledger, task) => {
    await reviseTask(ledger, task, { patch, actor, waveId: null });
  });
}

/** The same inside an open ledger, for a wave's commit too. */
export async function reviseTask(
  ledger: MissionLedger,
  task: TaskRow,
  revision: { readonly patch: TaskPatch; readonly actor: Actor; readonly waveId: string | null },
): Promise<void> {
  if (!CHANGEABLE_STATES.has(task.state) || task.liveAttemptId !== null)
    throw conflict(
      'task_started',
      `${refOf('T', task.number)} is ${task.state}; only what has not started can be changed.`,
    );
  await saveTask(ledger, task, { ...columnsOf(revision.patch), ...asNew(task) });
  ledger.append({
    type: 'task.updated',
    actor: revision.actor,
    taskId: task.id,
    waveId: revision.waveId ?? undefined,
    data: { ref: refOf('T', task.number), state: task.state, fields: Object.keys(revision.patch) },
  });
}

/** What waits for an answer has not started either: an approval of what it was before does not count. */
const CHANGEABLE_STATES: ReadonlySet<TaskRow['state']> = new Set(['blocked', 'queued', 'input_required']);

/** A person rejected what the task was; now it is another one. */
function asNew({ stateReason }: TaskRow): TaskChange {
  return stateReason === TASK_REASONS.dispatchRejected ? { stateReason: null } : {};
}

/** Cancels an open task. Throws `task_<state>` when it has ended. */
export async function cancelTask(tx: Tx, taskId: string, actor: Actor): Promise<void> {
  await inTask(tx, taskId, (ledger, task) =>
    cancelOpenTask(ledger, task, { actor, waveId: null, reason: null }),
  );
}

/** Takes a failed or canceled task up again as its next generation. Throws `task_<state>` for any other. */
export async function retryTask(tx: Tx, taskId: string, actor: Actor): Promise<void> {
  await inTask(tx, taskId, async (ledger, task) => {
    reopenForWork(ledger, actor);
    const { open, failed } = await countDependencies(tx, taskId);
    const retried = await transition(ledger, task, open > 0 ? 'retry_blocked' : 'retry', {
      ...clearResult,
      stateReason: failed > 0 ? 'dependency_failed' : null,
      generation: task.generation + 1,
      failures: 0,
      expiries: 0,
      openDependencies: open,
      failedDependencies: failed,
      readyAt: null,
      feedback: null,
      reviewedByWave: null,
      completedAt: null,
    });
    await markDependants(ledger, taskId, -1);
    ledger.append({
      type: 'task.retried',
      actor,
      taskId,
      data: { ref: refOf('T', task.number), state: retried.state, generation: retried.generation },
    });
    ledger.mission.readyDeferred = false;
  });
}

async function inTask(
  tx: Tx,
  taskId: string,
  command: (ledger: MissionLedger, task: TaskRow) => Promise<void>,
): Promise<void> {
  await inMission(tx, await missionOfTask(tx, taskId), async (ledger) => {
    await command(ledger, await readTask(tx, taskId));
  });
}

function columnsOf(patch: TaskPatch): TaskChange {
  return {
    ...(patch.title === undefined ? {} : { title: patch.title }),
    ...(patch.instructions === undefined ? {} : { instructions: patch.instructions }),
    ...(patch.worker === undefined ? {} : { worker: patch.worker }),
    ...(patch.priority === undefined ? {} : { priority: patch.priority }),
    ...(patch.acceptance_criteria === undefined ? {} : { acceptanceCriteria: patch.acceptance_criteria }),
    ...(patch.metadata === undefined ? {} : { metadata: patch.metadata }),
  };
}
