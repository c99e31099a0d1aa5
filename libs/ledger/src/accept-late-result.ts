import { taskResultSchema, type Actor, type Json } from '#contracts';
import type { Tx } from '#database';
import { lockAttempt, missionOfAttempt } from './attempt.store.js';
import { nextState } from './domain/machine.js';
import { refOf } from './domain/refs.js';
import { TASK_TRANSITIONS } from './domain/task-state.js';
import { endLiveAttempt } from './end-live-attempt.js';
import { completeTask } from './end-task.js';
import { conflict } from './errors.js';
import { tellMission } from './messages.js';
import { inMission } from './mission-ledger.js';
import { readTask } from './task.store.js';

/**
 * Completes a task with the result that one of its workers handed in after its lease had run out, by the word of a
 * person; an attempt that followed it is canceled, and the conductor is told. Throws `no_late_result`, and `task_<state>`
 * for a task that has ended or waits for a person.
 */
export async function acceptLateResult(tx: Tx, attemptId: string, actor: Actor): Promise<{ taskId: string }> {
  return inMission(tx, await missionOfAttempt(tx, attemptId), async (ledger) => {
    const attempt = await lockAttempt(tx, attemptId);
    const task = await readTask(tx, attempt.taskId);
    const [ref, attemptRef] = [refOf('T', task.number), refOf('A', attempt.refNumber)];
    if (attempt.lateResult === null) throw conflict('no_late_result', `${attemptRef} has no late result.`);
    if (nextState(TASK_TRANSITIONS, task.state, 'complete') === null)
      throw conflict(`task_${task.state}`, `${ref} is ${task.state}; a late result changes nothing now.`);
    const result: Json = taskResultSchema.parse(attempt.lateResult);
    await endLiveAttempt(ledger, task, actor);
    await completeTask(ledger, task, { actor, waveId: null, result });
    const text = `I have accepted the late result of ${attemptRef}: ${ref} is completed.`;
    await tellMission(ledger, { text, trusted: true }, actor);
    return { taskId: task.id };
  });
}
