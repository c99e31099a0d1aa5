import { setTimeout as delay } from 'node:timers/promises';
import { abortAfter } from './abort-after.js';
import { isRefusal, mayPass } from './errors.js';
import * as api from './generated/index.js';
import type { Outbox, OutboxEntry } from './outbox.js';
import { sendOnce } from './send.js';
import { answerOf, type Wavekeeper } from './wavekeeper.js';

const REPORT_TRIES_MAX = 10;
const REPORT_DELAY_MS = 500;
const REPORT_DELAY_MAX_MS = 30_000;
const REQUEST_MS = 30_000;
/** So many leftovers in a row without an answer, and the service is thought to be away. */
const UNANSWERED_IN_A_ROW_MAX = 3;

/** What became of a report: the service has taken it, has said why not, or did not answer. */
export type Delivery =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unanswered' };

/** Holds an attempt: its id, and the token that proves it. */
export interface Hold {
  readonly attemptId: string;
  readonly leaseToken: string;
}

export function holdOf(claim: api.Claim): Hold {
  return { attemptId: claim.attempt.id, leaseToken: claim.lease_token };
}

/** Prolongs a lease, once: the next beat is the repetition. */
export async function beat(
  { client }: Wavekeeper,
  { attemptId, leaseToken }: Hold,
  said: { readonly progress?: number; readonly message?: string; readonly signal: AbortSignal },
): Promise<void> {
  const { signal, ...word } = said;
  const body = { lease_token: leaseToken, ...word };
  await answerOf(api.heartbeatAttempt({ client, fetch: sendOnce, signal, path: { id: attemptId }, body }));
}

/** Gives an attempt back; nothing is kept of it, since a lease that nobody gives back runs out. */
export function release(wavekeeper: Wavekeeper, hold: Hold, hurry: AbortSignal): Promise<Delivery> {
  return untilAnswered(() => {
    const { client } = wavekeeper;
    const body = { lease_token: hold.leaseToken };
    return answerOf(
      api.releaseAttempt({ client, fetch: sendOnce, signal: atMost(), path: { id: hold.attemptId }, body }),
    );
  }, hurry);
}

/**
 * Says how an attempt ended: kept in the outbox first, then sent until it is answered. A refusal is an answer, and ends it;
 * what is not answered stays in the outbox. Throws why it could not be kept there, when nothing has answered either.
 */
export async function deliver(
  wavekeeper: Wavekeeper,
  entry: OutboxEntry,
  { outbox, hurry }: { readonly outbox: Outbox | null; readonly hurry: AbortSignal },
): Promise<Delivery> {
  const notKept: unknown = await outbox?.keep(entry).then(
    () => null,
    (error: unknown) => error,
  );
  const delivery = await untilAnswered(() => sendReport(wavekeeper, entry), hurry);
  if (delivery.kind === 'unanswered' && notKept instanceof Error) throw notKept;
  if (isSettled(delivery)) await outbox?.forget(entry.attemptId);
  return delivery;
}

/**
 * Sends what an earlier worker left in the outbox, each once, beginning anywhere (`random` from 0 to 1): those that are
 * never answered stand before the others at times, and never for ever. Stops when the service seems to be away.
 */
export async function deliverLeftovers(
  wavekeeper: Wavekeeper,
  outbox: Outbox,
  { random, tell }: { readonly random: number; readonly tell: TellOfLeftover },
): Promise<void> {
  let unansweredInARow = 0;
  for await (const entry of outbox.entries(random)) {
    const delivery = await sentOnce(() => sendReport(wavekeeper, entry));
    if (isSettled(delivery)) await outbox.forget(entry.attemptId);
    tell(entry, delivery);
    unansweredInARow = delivery.kind === 'unanswered' ? unansweredInARow + 1 : 0;
    if (unansweredInARow === UNANSWERED_IN_A_ROW_MAX) return;
  }
}

type TellOfLeftover = (entry: OutboxEntry, delivery: Delivery) => void;

/** What a key has to do with, and not the report: with another key, or a better one, it may be taken yet. */
const OF_THE_KEY = ['not_found', 'unauthenticated', 'insufficient_scope'];

/** Nothing is left to say of this report. */
export function isSettled(delivery: Delivery): boolean {
  return delivery.kind === 'taken' || (delivery.kind === 'refused' && !OF_THE_KEY.includes(delivery.code));
}

function sendReport(
  { client }: Wavekeeper,
  { attemptId, leaseToken, report }: OutboxEntry,
): Promise<unknown> {
  const call = { client, fetch: sendOnce, signal: atMost(), path: { id: attemptId } };
  return report.verb === 'complete'
    ? answerOf(api.completeAttempt({ ...call, body: { lease_token: leaseToken, result: report.result } }))
    : answerOf(api.failAttempt({ ...call, body: { lease_token: leaseToken, error: report.error } }));
}

async function untilAnswered(send: () => Promise<unknown>, hurry: AbortSignal): Promise<Delivery> {
  for (let tries = 1; ; tries += 1) {
    const delivery = await sentOnce(send);
    if (delivery.kind !== 'unanswered' || tries === REPORT_TRIES_MAX || hurry.aborted) return delivery;
    const delayMs = Math.min(REPORT_DELAY_MS * 2 ** (tries - 1), REPORT_DELAY_MAX_MS);
    await delay(delayMs, undefined, { signal: hurry }).catch(() => undefined);
  }
}

async function sentOnce(send: () => Promise<unknown>): Promise<Delivery> {
  try {
    await send();
    return { kind: 'taken' };
  } catch (error) {
    if (isRefusal(error)) return { kind: 'refused', code: error.code };
    if (mayPass(error)) return { kind: 'unanswered' };
    throw error;
  }
}

function atMost(): AbortSignal {
  return abortAfter(REQUEST_MS);
}
