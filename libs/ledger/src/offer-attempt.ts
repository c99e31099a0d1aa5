import { newUuid, type Actor } from '#contracts';
import { refOf } from './domain/refs.js';
import { insertAttempt } from './attempt.store.js';
import type { MissionLedger } from './mission-ledger.js';
import { isReady, saveTask, type TaskRow } from './task.store.js';
import { conflict } from './errors.js';

/** Offers a ready task to a pool of workers, not before its back-off has passed. Throws `task_not_ready` otherwise. */
export async function offerAttempt(
  ledger: MissionLedger,
  task: TaskRow,
  offer: {
    readonly pool: string;
    readonly actor: Actor;
    readonly waveId: string | null;
    readonly availableAt: Date;
  },
): Promise<void> {
  if (!isReady(task))
    throw conflict('task_not_ready', `${refOf('T', task.number)} is ${task.state}; it cannot be dispatched.`);
  const { mission } = ledger;
  mission.lastAttemptNumber += 1;
  const id = newUuid();
  await insertAttempt(ledger, {
    id,
    taskId: task.id,
    refNumber: mission.lastAttemptNumber,
    number: task.attemptCount + 1,
    generation: task.generation,
    pool: offer.pool,
    priority: task.priority,
    availableAt: offer.availableAt,
    createdByWave: offer.waveId,
  });
  await saveTask(ledger, task, { liveAttemptId: id, attemptCount: task.attemptCount + 1, stateReason: null });
  ledger.append({
    type: 'task.dispatched',
    actor: offer.actor,
    taskId: task.id,
    attemptId: id,
    waveId: offer.waveId ?? undefined,
    data: {
      ref: refOf('T', task.number),
      attempt: refOf('A', mission.lastAttemptNumber),
      pool: offer.pool,
      state: task.state,
    },
  });
  ledger.tx.ring('attempt', Math.max(0, offer.availableAt.getTime() - ledger.now.getTime()));
}

/** When a task may be worked on: now, or when the back-off after its last failure has passed. */
export function availableAt(ledger: MissionLedger, task: TaskRow): Date {
  return task.readyAt !== null && task.readyAt > ledger.now ? task.readyAt : ledger.now;
}
