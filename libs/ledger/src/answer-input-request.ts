import { APPROVE, REJECT, type Actor, type Json } from '#contracts';
import type { Tx } from '#database';
import { askApproval, type ProposedTask } from './ask-people.js';
import {
  answersTo,
  atDeadline,
  INPUT_REQUEST_TRANSITIONS,
  isAnswerTo,
  isOverdue,
  isReminderDue,
} from './domain/input-request-state.js';
import { CANCEL_MISSION, RAISE_LIMIT } from './domain/hold-question.js';
import { nextState } from './domain/machine.js';
import { refOf } from './domain/refs.js';
import { TASK_REASONS } from './domain/task-state.js';
import { completeTask, failTask, transition } from './end-task.js';
import { setBudget } from './budget.store.js';
import { conflict, forbidden, invalid } from './errors.js';
import { holdMission, liftHold, raisedLimits, resumeFromHold } from './holds.js';
import {
  missionOfRequest,
  readInputRequest,
  readWaitingTasks,
  type InputRequestRow,
  type WaitingTask,
} from './input-request.store.js';
import { closeInputRequest, remindOf } from './input-requests.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { concludeIfDone, isSettled, moveMission } from './missions.js';
import { availableAt, offerAttempt } from './offer-attempt.js';
import { readJudgedResult } from './result.store.js';
import { readTask, type TaskRow } from './task.store.js';

const WAITED_NAMED_MAX = 10;

/** Whose answer it is: a person's word, a program's, or the request's own default when nobody answered in time. */
type AnswerSource = 'person' | 'program' | 'default';

interface Answer {
  readonly value: string;
  readonly comment: string | null;
  readonly source: AnswerSource;
  readonly actor: Actor;
}

/**
 * Answers an open request, once: what waited for it goes on in the same transaction. Throws `already_answered` or
 * `input_request_expired` when somebody or the deadline was first, `invalid_answer` for a value that is no answer, and
 * `insufficient_scope` when a caller without a person's authority would approve or lift a hold.
 */
export async function answerInputRequest(
  tx: Tx,
  requestId: string,
  answer: { readonly value: string; readonly comment: string | null; readonly trusted: boolean },
  actor: Actor,
): Promise<void> {
  await inMission(tx, await missionOfRequest(tx, requestId), async (ledger) => {
    const request = await readInputRequest(tx, requestId);
    if (nextState(INPUT_REQUEST_TRANSITIONS, request.state, 'answer') === null) throw refuseLate(request);
    if (!answer.trusted && request.about !== 'question')
      throw forbidden('insufficient_scope', 'Answering this takes a key with missions:write.');
    if (!isAnswerTo(request, answer.value))
      throw invalid(
        'invalid_answer',
        `The answer has to be ${answersTo(request)?.join(' or ') ?? 'some text'}.`,
        '/value',
      );
    await takeAnswer(ledger, request, { ...answer, source: answer.trusted ? 'person' : 'program', actor });
  });
}

/** Ends a request at its deadline, by the database's clock: its default answers it, or it expires. Does nothing otherwise. */
export async function timeOutRequest(tx: Tx, missionId: string, requestId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    const request = await readInputRequest(tx, requestId);
    if (!isOverdue(request, ledger.now)) return;
    const timeout = atDeadline(request);
    const actor: Actor = { kind: 'system', id: null };
    if (timeout.kind === 'answer')
      await takeAnswer(ledger, request, { value: timeout.value, comment: null, source: 'default', actor });
    else await expire(ledger, request, { then: timeout.then, actor });
  });
}

/** Reminds people of an open request when the moment for it has come, by the database's clock. Does nothing otherwise. */
export async function remindOfRequest(tx: Tx, missionId: string, requestId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    const request = await readInputRequest(tx, requestId);
    if (isReminderDue(request, ledger.now)) await remindOf(ledger, request);
  });
}

function refuseLate(request: InputRequestRow) {
  return request.state === 'answered'
    ? conflict('already_answered', 'Somebody was first: this has been answered already.')
    : conflict('input_request_expired', 'This is not asked any more.');
}

async function takeAnswer(ledger: MissionLedger, request: InputRequestRow, answer: Answer): Promise<void> {
  const { value, comment, actor } = answer;
  await closeInputRequest(ledger, request, { actor, answer: { value, comment } });
  await checkRoomAgain(ledger, request, actor);
  await FOLLOW[request.about](ledger, request, answer);
  if (isForConductor(ledger, request, answer)) await tellConductor(ledger, request, answer);
  concludeIfDone(ledger, actor);
}

/** A question that is not open any more takes no room: whether all fits now is for the next wave's builder to say. */
async function checkRoomAgain(ledger: MissionLedger, request: InputRequestRow, actor: Actor): Promise<void> {
  if (request.about === 'hold') return;
  await liftHold(ledger, 'overcommitted', { actor, because: 'Fewer questions are open.' });
}

/** With what was asked, so that the item explains itself to a conductor that has never heard of it. */
async function tellConductor(
  ledger: MissionLedger,
  request: InputRequestRow,
  { value, comment, source }: Answer,
): Promise<void> {
  const waited = await readWaitingTasks(ledger.tx, request.id);
  ledger.arrive({
    origin: source === 'default' ? 'inside' : 'outside',
    lane: source === 'person' ? 'person' : 'work',
    kind: 'answer',
    refId: request.id,
    body: {
      ref: refOf('Q', request.number),
      about: request.about,
      prompt: request.prompt,
      tasks: waited.slice(0, WAITED_NAMED_MAX).map(({ number }) => refOf('T', number)),
      task_total: waited.length,
      value,
      comment,
      source,
    },
  });
}

/**
 * What takes effect by itself needs no wave: an approval, a lifted hold. Unless the person adds a word, or nothing is open
 * now and no wave has said what that means.
 */
function isForConductor({ mission }: MissionLedger, request: InputRequestRow, answer: Answer): boolean {
  if (mission.state !== 'active' && mission.state !== 'paused') return false;
  const isSaidDone = mission.handoffDone && mission.waveId === null;
  return (
    request.about === 'question' ||
    answer.value === REJECT ||
    (answer.comment ?? '').trim() !== '' ||
    (request.about === 'completion' && isSettled(mission) && !isSaidDone)
  );
}

type Follow = (ledger: MissionLedger, request: InputRequestRow, answer: Answer) => Promise<void>;

/** What an answer does, by what the request was about. */
const FOLLOW: Record<InputRequestRow['about'], Follow> = {
  question: async (ledger, request, { actor }) => {
    for (const { taskId } of await readWaitingTasks(ledger.tx, request.id))
      await letGoOn(ledger, await readTask(ledger.tx, taskId), actor);
  },
  hold: async (ledger, request, { value, actor }) => {
    if (value === CANCEL_MISSION) return moveMission(ledger, 'cancel', actor);
    if (value === RAISE_LIMIT) await raiseLimits(ledger);
    if (request.hold !== null) await resumeFromHold(ledger, request.hold, actor);
  },
  dispatch: (ledger, request, answer) =>
    answer.value === APPROVE
      ? approve(ledger, request, answer.actor, offerApproved)
      : sendBackAll(ledger, request, answer, TASK_REASONS.dispatchRejected),
  completion: async (ledger, request, answer) => {
    if (answer.value === APPROVE) await approve(ledger, request, answer.actor, completeApproved);
    else await sendBackAll(ledger, request, answer, TASK_REASONS.revisionRequested);
  },
};

interface Approved {
  readonly waiting: WaitingTask;
  readonly actor: Actor;
  readonly waveId: string | null;
}

/** What was approved takes its step; a task that has changed since is asked about again. */
async function approve(
  ledger: MissionLedger,
  request: InputRequestRow,
  actor: Actor,
  step: (ledger: MissionLedger, task: TaskRow, approved: Approved) => Promise<void>,
): Promise<void> {
  const waveId = request.createdByWave;
  const changed: ProposedTask[] = [];
  for (const waiting of await readWaitingTasks(ledger.tx, request.id)) {
    const task = await readTask(ledger.tx, waiting.taskId);
    if (task.version === waiting.version) await step(ledger, task, { waiting, actor, waveId });
    else changed.push({ task, waiting: asItIsNow(task, waiting) });
  }
  const about = request.about === 'completion' ? 'completion' : 'dispatch';
  await askApproval(ledger, about, changed, { actor: { kind: 'system', id: null }, waveId });
}

function asItIsNow(task: TaskRow, { pool, lateAttempt }: WaitingTask): WaitingTask {
  return {
    taskId: task.id,
    version: task.version,
    pool: pool === null ? null : (task.worker ?? pool),
    lateAttempt,
  };
}

async function offerApproved(ledger: MissionLedger, task: TaskRow, approved: Approved): Promise<void> {
  const { waiting, actor, waveId } = approved;
  const queued = await transition(ledger, task, 'answer', { stateReason: null });
  await offerAttempt(ledger, queued, {
    pool: waiting.pool ?? '',
    actor,
    waveId,
    availableAt: availableAt(ledger, queued),
  });
}

async function completeApproved(ledger: MissionLedger, task: TaskRow, approved: Approved): Promise<void> {
  const { waiting, actor, waveId } = approved;
  const lateAttempt = waiting.lateAttempt === null ? null : refOf('A', waiting.lateAttempt);
  const result = (await readJudgedResult(ledger.tx, task, lateAttempt)) as Json; // stored from a parsed body
  await completeTask(ledger, task, { actor, waveId, result });
}

async function sendBackAll(
  ledger: MissionLedger,
  request: InputRequestRow,
  { comment, actor }: Answer,
  stateReason: string,
): Promise<void> {
  for (const { taskId } of await readWaitingTasks(ledger.tx, request.id)) {
    const task = await readTask(ledger.tx, taskId);
    await transition(ledger, task, 'answer', {
      stateReason,
      liveAttemptId: null,
      feedback: comment ?? 'A person rejected it.',
    });
    appendQueued(ledger, task, actor, stateReason);
  }
}

/** What waited for an answer is ready again, or waits for the review of its result again. */
async function letGoOn(ledger: MissionLedger, task: TaskRow, actor: Actor): Promise<void> {
  if (task.liveAttemptId !== null) {
    await transition(ledger, task, 'review', { stateReason: TASK_REASONS.awaitingReview });
    return;
  }
  await transition(ledger, task, 'answer', { stateReason: null });
  appendQueued(ledger, task, actor, null);
}

function appendQueued(ledger: MissionLedger, task: TaskRow, actor: Actor, reason: string | null): void {
  ledger.append({
    type: 'task.queued',
    actor,
    taskId: task.id,
    data: { ref: refOf('T', task.number), state: 'queued', reason },
  });
}

async function expire(
  ledger: MissionLedger,
  request: InputRequestRow,
  { then, actor }: { readonly then: 'hold' | 'fail'; readonly actor: Actor },
): Promise<void> {
  const ref = refOf('Q', request.number);
  await closeInputRequest(ledger, request, { actor, reason: 'deadline' });
  await checkRoomAgain(ledger, request, actor);
  for (const { taskId } of await readWaitingTasks(ledger.tx, request.id)) {
    const task = await readTask(ledger.tx, taskId);
    if (then === 'hold') await letGoOn(ledger, task, actor);
    else await failTask(ledger, task, { actor, waveId: null, reason: TASK_REASONS.inputExpired });
  }
  ledger.arrive({
    origin: 'inside',
    lane: 'work',
    kind: 'input_expired',
    refId: request.id,
    body: { ref, prompt: request.prompt, then },
  });
  if (then === 'hold')
    await holdMission(ledger, 'stalled', `Nobody answered ${ref} in time: ${request.prompt}`);
}

async function raiseLimits({ tx, mission }: MissionLedger): Promise<void> {
  const { limitUsd, dailyUsd } = raisedLimits(mission);
  await setBudget(tx, mission.id, {
    limit_usd: limitUsd?.toFixed() ?? null,
    daily_usd: dailyUsd?.toFixed() ?? null,
  });
}
