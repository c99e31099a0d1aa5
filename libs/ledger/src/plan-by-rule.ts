import type { Actor } from '#contracts';
import { askApproval, propose, type ProposedTask } from './ask-people.js';
import type { MissionLedger } from './mission-ledger.js';
import { availableAt, offerAttempt } from './offer-attempt.js';
import { findTasksForRule, type TaskRow } from './task.store.js';

const BY_RULE: Actor = { kind: 'system', id: null };

/**
 * Dispatches what needs no conductor, where the mission's planning is `auto`: ready tasks that name a worker, most
 * urgent first, as many as there are free slots. It ends every command, so that a task is offered in the transaction in
 * which it becomes ready, or in which a slot becomes free.
 */
export async function planByRule(ledger: MissionLedger): Promise<void> {
  const { mission, freeSlots } = ledger;
  if (mission.policy.planning !== 'auto' || mission.state !== 'active' || mission.holds.length > 0) return;
  if (mission.unreadablePolicy.length > 0) return; // whether a person is to be asked cannot be told
  if (mission.tasksReady === 0 || mission.readyDeferred || freeSlots === 0) return;
  const proposed: ProposedTask[] = [];
  for (const task of await findTasksForRule(ledger, freeSlots)) {
    const pool = task.worker ?? '';
    if (mission.policy.approval === 'dispatch')
      proposed.push(await propose(ledger, task, { actor: BY_RULE, waveId: null, pool, lateAttempt: null }));
    else await offer(ledger, task, pool);
  }
  await askApproval(ledger, 'dispatch', proposed, { actor: BY_RULE, waveId: null });
}

function offer(ledger: MissionLedger, task: TaskRow, pool: string): Promise<void> {
  return offerAttempt(ledger, task, {
    pool,
    actor: BY_RULE,
    waveId: null,
    availableAt: availableAt(ledger, task),
  });
}
