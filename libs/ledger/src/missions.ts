import { randomBytes } from 'node:crypto';
import {
  mergePolicy,
  newUuid,
  policyFrom,
  type Actor,
  type MissionInput,
  type MissionPatch,
  type Policy,
  type PolicyPatch,
} from '#contracts';
import type { Tx } from '#database';
import { cancelOpenTasks, type CanceledTask } from './cancel-open-tasks.store.js';
import { checkedPolicy } from './checked-policy.js';
import { setBudget } from './budget.store.js';
import { conflict, invalid } from './errors.js';
import { liftAllHolds, liftHold } from './holds.js';
import { closeAllRequests } from './input-requests.js';
import { insertDirectives } from './directive.store.js';
import { abortRunningWave } from './abort-wave.js';
import { nextState } from './domain/machine.js';
import { MISSION_TRANSITIONS, type MissionAction } from './domain/mission-state.js';
import { refOf } from './domain/refs.js';
import { openTaskCount, TASK_REASONS } from './domain/task-state.js';
import { pauseSchedules } from './schedule.store.js';
import {
  findDefaultMission,
  insertMission,
  lockDefaultMission,
  taskCounts,
  type MissionRow,
} from './mission.store.js';
import { inMission, type MissionLedger } from './mission-ledger.js';

const FENCE_SECRET_BYTES = 32;

/** Creates a mission with its directives; nothing is due until a task or a message arrives. */
export async function createMission(tx: Tx, input: MissionInput, actor: Actor): Promise<string> {
  const policy = checkedPolicy(policyFrom(input.policy));
  const id = await insertNewMission(tx, {
    title: input.title,
    objective: input.objective,
    acceptanceCriteria: input.acceptance_criteria,
    policy,
    metadata: input.metadata,
    callbackUrl: input.callback_url,
    isDefault: false,
  });
  await setBudget(tx, id, input.budget);
  await inMission(tx, id, async (ledger) => {
    ledger.append({ type: 'mission.created', actor, data: { title: input.title, state: 'active' } });
    await insertDirectives(
      ledger,
      input.directives.map((text) => ({ text, state: 'accepted', source: actor.kind })),
    );
    for (let number = 1; number <= input.directives.length; number += 1)
      ledger.append({ type: 'directive.added', actor, data: { ref: refOf('D', number) } });
  });
  return id;
}

/** The mission for tasks that name none; made when a tenant first needs it, and never completed. */
export async function ensureDefaultMission(tx: Tx, actor: Actor): Promise<string> {
  const known = await findDefaultMission(tx);
  if (known !== null) return known;
  await lockDefaultMission(tx);
  const found = await findDefaultMission(tx);
  if (found !== null) return found;
  const id = await insertNewMission(tx, {
    title: 'Default mission',
    objective: 'Do the tasks that were submitted without a mission of their own.',
    acceptanceCriteria: [],
    policy: policyFrom({}),
    metadata: {},
    callbackUrl: null,
    isDefault: true,
  });
  await inMission(tx, id, (ledger) => {
    ledger.append({ type: 'mission.created', actor, data: { title: 'Default mission', state: 'active' } });
    return Promise.resolve();
  });
  return id;
}

/** Changes title, policy (merged) or budget; more money or more room for context lifts the hold that their lack had caused. */
export async function updateMission(
  tx: Tx,
  missionId: string,
  patch: MissionPatch,
  actor: Actor,
): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    const { mission } = ledger;
    if (patch.title !== undefined) mission.title = patch.title;
    const { context_target_tokens: targetTokens } = mission.policy;
    if (patch.policy !== undefined) changePolicy(mission, patch.policy);
    if (patch.budget !== undefined && (await setBudget(tx, missionId, patch.budget)))
      await liftHold(ledger, 'budget', { actor, because: 'The limit was changed.' });
    // Whether all fits now is for the next wave's builder to say, which asks again when it does not.
    if (mission.policy.context_target_tokens > targetTokens)
      await liftHold(ledger, 'overcommitted', { actor, because: 'The context budget was raised.' });
    ledger.append({ type: 'mission.updated', actor, data: { fields: Object.keys(patch) } });
  });
}

/** What cannot be read of a policy is set anew as a whole, or stays as it is: no default takes the place of what was chosen. */
function changePolicy(mission: MissionRow, patch: PolicyPatch): void {
  const missing = mission.unreadablePolicy.filter((name) => !Object.hasOwn(patch, name));
  if (missing.length > 0)
    throw invalid(
      'policy_unreadable',
      `Other fields of this policy cannot be read by this version: set ${missing.join(', ')} with them.`,
      '/policy',
    );
  mission.policy = checkedPolicy(mergePolicy(mission.policy, patch));
  mission.unreadablePolicy = [];
}

/** Pauses, resumes, cancels or archives. Throws `mission_<state>` when the mission's state does not allow it. */
export async function controlMission(
  tx: Tx,
  missionId: string,
  action: 'pause' | 'resume' | 'cancel' | 'archive',
  actor: Actor,
): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    if (action === 'resume' && ledger.mission.state === 'active') await liftAllHolds(ledger, actor);
    else await moveMission(ledger, action, actor);
    if (action !== 'resume') return;
    ledger.dueNow();
    concludeIfDone(ledger, actor);
  });
}

/** The same inside an open ledger, where an answer asks for it. */
export async function moveMission(
  ledger: MissionLedger,
  action: 'pause' | 'resume' | 'cancel' | 'archive',
  actor: Actor,
): Promise<void> {
  move(ledger, action);
  if (ledger.mission.isDefault && (action === 'cancel' || action === 'archive'))
    throw conflict(
      'default_mission',
      'The default mission takes the tasks that name no other: pause it instead.',
    );
  if (action === 'cancel' || action === 'archive') await stopWork(ledger, actor, action);
  ledger.append(
    { type: EVENT_OF_ACTION[action], actor, data: { state: ledger.mission.state } },
    missionOutbound(ledger),
  );
}

/** A mission that is done, but for what a person had still to say, completes now. */
export function concludeIfDone(ledger: MissionLedger, actor: Actor): void {
  const { mission } = ledger;
  if (mission.state !== 'active' || mission.waveId !== null || mission.holds.length > 0) return;
  if (isDone(mission)) conclude(ledger, actor, { isVerified: false });
}

const EVENT_OF_ACTION = {
  pause: 'mission.paused',
  resume: 'mission.resumed',
  cancel: 'mission.canceled',
  archive: 'mission.archived',
} as const;

/** Throws `mission_ended` for a mission that takes no work any more. */
export function refuseEnded({ mission }: MissionLedger): void {
  if (mission.state === 'canceled' || mission.state === 'archived')
    throw conflict('mission_ended', `This mission is ${mission.state}; create another one for new work.`);
}

/** Work for a completed mission takes it up again; a canceled or archived one refuses it. */
export function reopenForWork(ledger: MissionLedger, actor: Actor): void {
  const { mission } = ledger;
  refuseEnded(ledger);
  if (mission.state !== 'completed') return;
  move(ledger, 'reopen');
  mission.verificationFailures = 0;
  ledger.append({ type: 'mission.resumed', actor, data: { state: 'active' } });
}

/** True when no task is open, no person is asked anything, and no wave has anything left to see. */
export function isSettled(mission: MissionRow): boolean {
  return openTaskCount(taskCounts(mission)) === 0 && mission.requestsOpen === 0 && mission.inboxUnseen === 0;
}

/** True when a mission is settled and its last wave said that nothing is left to do; a default mission never is. */
export function isDone(mission: MissionRow): boolean {
  return mission.handoffDone && !mission.isDefault && isSettled(mission);
}

/** Completes a mission that is done, or owes it the verification of its acceptance criteria. */
export function conclude(ledger: MissionLedger, actor: Actor, { isVerified }: { isVerified: boolean }): void {
  const { mission } = ledger;
  mission.verificationOwed = mission.acceptanceCriteria.length > 0 && !isVerified;
  if (mission.verificationOwed) return;
  move(ledger, 'complete');
  ledger.append({ type: 'mission.completed', actor, data: { state: 'completed' } }, missionOutbound(ledger));
}

function move(ledger: MissionLedger, action: MissionAction): void {
  const { mission } = ledger;
  const state = nextState(MISSION_TRANSITIONS, mission.state, action);
  if (state === null)
    throw conflict(`mission_${mission.state}`, `A mission that is ${mission.state} cannot ${action}.`);
  mission.state = state;
}

/** Cancels what is open, or the first of it, and fences off a running wave: the next model call does not happen. */
async function stopWork(ledger: MissionLedger, actor: Actor, action: 'cancel' | 'archive'): Promise<void> {
  await abortRunningWave(ledger, `mission_${action}`);
  await closeAllRequests(ledger, actor, TASK_REASONS.missionCanceled);
  await pauseSchedules(ledger);
  await cancelFirstTasks(ledger, actor);
}

/**
 * Cancels more of the tasks that a mission had open when it was ended: so many at a time that no transaction is too long.
 * The sweep asks for it until none is left, whoever had begun it.
 */
export async function cancelLeftovers(tx: Tx, missionId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    const { mission } = ledger;
    const hasEnded = mission.state === 'canceled' || mission.state === 'archived';
    if (hasEnded && openTaskCount(taskCounts(mission)) > 0) await cancelFirstTasks(ledger, SYSTEM);
  });
}

const SYSTEM: Actor = { kind: 'system', id: null };

async function cancelFirstTasks(ledger: MissionLedger, actor: Actor): Promise<void> {
  const { tasks, attempts } = await cancelOpenTasks(ledger, TASK_REASONS.missionCanceled);
  for (const attempt of attempts)
    ledger.append({
      type: 'attempt.canceled',
      actor,
      taskId: attempt.task_id,
      attemptId: attempt.id,
      data: { ref: refOf('A', attempt.ref_number), state: 'canceled' },
    });
  for (const task of tasks) appendCanceled(ledger, task, actor);
}

function appendCanceled(ledger: MissionLedger, task: CanceledTask, actor: Actor): void {
  const { number, key, generation, title, attempt_count: attempts, callback_url: callbackUrl } = task;
  const reason = TASK_REASONS.missionCanceled;
  const state = 'canceled';
  ledger.digest({ taskId: task.id, number, generation, state, attempts, title, outcome: reason });
  ledger.append(
    {
      type: 'task.canceled',
      actor,
      taskId: task.id,
      data: { ref: refOf('T', number), key, title, state, generation, reason },
    },
    { callbackUrls: callbackUrl === null ? [] : [callbackUrl], result: undefined },
  );
}

function missionOutbound(ledger: MissionLedger) {
  return {
    callbackUrls: ledger.mission.callbackUrl === null ? [] : [ledger.mission.callbackUrl],
    result: undefined,
  };
}

type NewMission = Pick<
  Parameters<typeof insertMission>[1],
  'title' | 'objective' | 'acceptanceCriteria' | 'metadata' | 'callbackUrl' | 'isDefault'
> & { policy: Policy };

async function insertNewMission(tx: Tx, mission: NewMission): Promise<string> {
  const id = newUuid();
  await insertMission(tx, {
    ...mission,
    id,
    fenceSecret: randomBytes(FENCE_SECRET_BYTES),
    createdAt: tx.now,
    updatedAt: tx.now,
  });
  return id;
}
