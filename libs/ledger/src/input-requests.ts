import { encodeId, type Actor, type Json } from '#contracts';
import { nextReminder, timeoutOutcome } from './domain/input-request-state.js';
import { refOf } from './domain/refs.js';
import {
  endInputRequest,
  findOpenRequests,
  insertInputRequest,
  removeWaitingTask,
  setReminder,
  type InputRequestRow,
  type NewInputRequest,
  type WaitingTask,
} from './input-request.store.js';
import type { MissionLedger } from './mission-ledger.js';

/** Puts a question to people; returns its id. The tasks that wait for it have been moved already. */
export async function openInputRequest(
  ledger: MissionLedger,
  request: NewInputRequest,
  asking: { readonly actor: Actor; readonly waiting: readonly WaitingTask[] },
): Promise<string> {
  const id = await insertInputRequest(ledger, request, asking.waiting);
  appendRequest(ledger, 'created', {
    actor: asking.actor,
    waveId: request.createdByWave,
    data: {
      ref: refOf('Q', ledger.mission.lastRequestNumber),
      input_request_id: encodeId('inputRequest', id),
      kind: request.kind,
      about: request.about,
      state: 'open',
    },
  });
  return id;
}

/** Ends a request with an answer, or without one because of `reason`. */
export async function closeInputRequest(
  ledger: MissionLedger,
  request: InputRequestRow,
  end: { readonly actor: Actor } & (
    | { readonly answer: { readonly value: string; readonly comment: string | null } }
    | { readonly reason: string }
  ),
): Promise<void> {
  const answer = 'answer' in end ? end.answer : null;
  await endInputRequest(ledger, request.id, answer);
  appendRequest(ledger, answer === null ? 'expired' : 'answered', {
    actor: end.actor,
    waveId: null,
    data: {
      ref: refOf('Q', request.number),
      input_request_id: encodeId('inputRequest', request.id),
      about: request.about,
      state: answer === null ? 'expired' : 'answered',
      ...('answer' in end ? { value: end.answer.value } : { reason: end.reason }),
    },
  });
}

/** Tells whoever listens that a question is still open and when its time is over. */
export async function remindOf(ledger: MissionLedger, request: InputRequestRow): Promise<void> {
  await setReminder(ledger.tx, request.id, nextReminder(request, ledger.now));
  appendRequest(ledger, 'reminded', {
    actor: { kind: 'system', id: null },
    waveId: null,
    data: {
      ref: refOf('Q', request.number),
      input_request_id: encodeId('inputRequest', request.id),
      kind: request.kind,
      about: request.about,
      state: 'open',
      deadline_at: request.deadlineAt?.toISOString() ?? null,
      on_timeout: timeoutOutcome(request),
    },
  });
}

/** A task that waited for an answer goes its own way; a request that no other task waits for has lost its sense. */
export async function stopWaiting(ledger: MissionLedger, taskId: string, actor: Actor): Promise<void> {
  for (const request of await findOpenRequests(ledger, { taskId })) {
    const left = await removeWaitingTask(ledger.tx, request.id, taskId);
    if (left === 0) await closeInputRequest(ledger, request, { actor, reason: 'nothing_waits' });
  }
}

/** An ended mission asks nothing any more. */
export async function closeAllRequests(ledger: MissionLedger, actor: Actor, reason: string): Promise<void> {
  if (ledger.mission.requestsOpen === 0) return;
  for (const request of await findOpenRequests(ledger))
    await closeInputRequest(ledger, request, { actor, reason });
}

function appendRequest(
  ledger: MissionLedger,
  what: 'created' | 'reminded' | 'answered' | 'expired',
  entry: { readonly actor: Actor; readonly waveId: string | null; readonly data: Record<string, Json> },
): void {
  ledger.append({
    type: `input_request.${what}`,
    actor: entry.actor,
    waveId: entry.waveId ?? undefined,
    data: entry.data,
  });
}
