import type { Tx } from '#database';
import type { ClaimedDelivery } from './claim-delivery.store.js';
import {
  giveUpEndpoint,
  lockEndpointHealth,
  saveEndpointHealth,
  saveEndpointSuccess,
  settleDelivery,
} from './delivery.store.js';
import {
  afterFailure,
  afterSuccess,
  probeIntervalMs,
  reasonToDisable,
  type EndpointHealth,
} from './domain/endpoint-health.js';
import { decideAfterExtraTry, decideAfterTry, isSuccess, type AfterTry } from './domain/schedule.js';
import type { PostOutcome } from './safe-fetch.js';

/** A try whose secret could not be opened never left the house: it says nothing about its endpoint. */
export const SECRET_UNREADABLE: PostOutcome = {
  status: null,
  retryAfter: null,
  error: 'secret_unreadable',
  excerpt: null,
  durationMs: 0,
};

export interface RecordTryRules {
  /** Seconds before each try. */
  readonly scheduleSeconds: readonly number[];
  /** Called in the transaction that disabled an endpoint, to record it. */
  readonly onEndpointDisabled: (tx: Tx, endpointId: string, reason: 'gone' | 'failing') => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Writes down what came of a try: the delivery's next state, the endpoint's health, and the end of an endpoint that is
 * gone or has failed for too long. Locks the endpoint before the delivery, as whoever removes an endpoint does. Throws
 * `DeliveryLeaseLostError`.
 */
export async function recordTry(
  tx: Tx,
  claimed: ClaimedDelivery,
  outcome: PostOutcome,
  rules: RecordTryRules,
): Promise<AfterTry | { readonly state: 'unchanged' }> {
  const verdict = await judgeEndpoint(tx, claimed, outcome, rules);
  const after = afterTry(claimed, outcome, { ...rules, now: tx.now, verdict });
  const { status, durationMs, error, excerpt } = outcome;
  const isCounted = claimed.extraTryAt === null && verdict !== 'moved';
  await settleDelivery(
    tx,
    claimed,
    { status, durationMs, error, responseExcerpt: excerpt, isCounted },
    after,
  );
  if (verdict === 'gone' || verdict === 'failing')
    if (await giveUpEndpoint(tx, claimed.endpointId, verdict))
      await rules.onEndpointDisabled(tx, claimed.endpointId, verdict);
  return after;
}

/** What a try means for its endpoint: it stays, has moved since, was given up before, or is to be given up now. */
type Verdict = 'stays' | 'moved' | 'given_up' | 'gone' | 'failing';

/** Judges the endpoint by a try, and writes its health. What an address says that it has left is of no interest. */
async function judgeEndpoint(
  tx: Tx,
  claimed: ClaimedDelivery,
  outcome: PostOutcome,
  { scheduleSeconds }: RecordTryRules,
): Promise<Verdict> {
  const { status, durationMs } = outcome;
  if (claimed.extraTryAt !== null || outcome === SECRET_UNREADABLE) return 'stays';
  if (isSuccess(status)) {
    await saveEndpointSuccess(tx, claimed, afterSuccess(durationMs));
    return 'stays';
  }
  const endpoint = await lockEndpointHealth(tx, claimed);
  if (endpoint === null) return 'stays'; // it was removed, and the delivery with it
  if (endpoint.isGivenUp) return 'given_up';
  if (endpoint.hasMoved) return 'moved';
  const health: EndpointHealth = afterFailure(endpoint, {
    now: tx.now,
    probeIntervalMs: probeIntervalMs(scheduleSeconds),
  });
  await saveEndpointHealth(tx, claimed.endpointId, health);
  return reasonToDisable(health, { status, now: tx.now }) ?? 'stays';
}

function afterTry(
  claimed: ClaimedDelivery,
  outcome: PostOutcome,
  rules: RecordTryRules & { readonly now: Date; readonly verdict: Verdict },
): AfterTry | { readonly state: 'unchanged' } {
  if (claimed.extraTryAt !== null)
    return decideAfterExtraTry(
      { state: claimed.state, isTest: claimed.eventType === 'endpoint.test' },
      outcome.status,
    );
  if (rules.verdict === 'moved') return { state: 'pending', nextTryAt: rules.now };
  const after = decideAfterTry({
    scheduleSeconds: rules.scheduleSeconds,
    tryNumber: claimed.tryCount - claimed.triesUncounted + 1,
    outcome,
    now: rules.now,
    random: rules.random(),
  });
  return after.state === 'pending' && rules.verdict !== 'stays'
    ? { state: 'dead', reason: 'endpoint_disabled' }
    : after;
}
