import type { Actor } from '#contracts';
import { isInFlight } from './domain/attempt-state.js';
import { refOf } from './domain/refs.js';
import { lockAttempt, saveAttempt } from './attempt.store.js';
import type { MissionLedger } from './mission-ledger.js';
import type { TaskRow } from './task.store.js';

/** Cancels the attempt that is offered or leased for a task, if there is one. */
export async function endLiveAttempt(ledger: MissionLedger, task: TaskRow, actor: Actor): Promise<void> {
  if (task.liveAttemptId === null) return;
  const attempt = await lockAttempt(ledger.tx, task.liveAttemptId);
  if (!isInFlight(attempt.state)) return;
  await saveAttempt(ledger, attempt, { state: 'canceled', endedAt: ledger.now, leaseUntil: null });
  ledger.append({
    type: 'attempt.canceled',
    actor,
    taskId: task.id,
    attemptId: attempt.id,
    data: { ref: refOf('A', attempt.refNumber), task: refOf('T', task.number), state: 'canceled' },
  });
}
