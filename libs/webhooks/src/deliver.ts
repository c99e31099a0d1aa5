import { randomUUID } from 'node:crypto';
import { encodeId } from '#contracts';
import type { Transactions, Tx } from '#database';
import { endpointSecretPlace } from '#ledger';
import { crashPoint, type Logger } from '#telemetry';
import { SealBrokenError } from '#tenancy';
import {
  claimDelivery,
  DeliveryLeaseLostError,
  disableEndpoint,
  settleDelivery,
  type ClaimedDelivery,
} from './delivery.store.js';
import { decideAfterTry, type AfterTry } from './domain/schedule.js';
import { signatureHeaders } from './domain/sign.js';
import type { PostOutcome, SafeFetch } from './safe-fetch.js';

/** A next try this near is worth a ring of its own; whatever is further off, the sweep finds. */
const RING_AHEAD_MS_MAX = 60_000;

export interface DeliverDependencies {
  readonly transactions: Transactions;
  readonly safeFetch: Pick<SafeFetch, 'post'>;
  /** Opens a secret that was sealed at rest; `place` binds it to its tenant, endpoint and column. */
  readonly openSecret: (tenantId: string, sealed: Uint8Array, place: string) => Promise<string>;
  /** Seconds before each try. */
  readonly scheduleSeconds: readonly number[];
  /** Called in the transaction that disabled an endpoint, to record it. */
  readonly onEndpointDisabled: (tx: Tx, endpointId: string) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Sends what the ledger wrote: at least once, unordered, signed, on schedule. */
export class Deliver {
  constructor(private readonly dependencies: DeliverDependencies) {}

  /**
   * Claims one due delivery, sends it and records what came of it. False when none was due. Whatever a receiver does is
   * recorded, not thrown; when the database fails, or this process dies, the lease runs out and the delivery is sent
   * again, under the same id.
   */
  async run(): Promise<boolean> {
    const claimed = await this.dependencies.transactions.inSystemTransaction((system) =>
      claimDelivery(system, randomUUID()),
    );
    if (claimed === null) return false;
    crashPoint('delivery.claimed');
    const outcome = await this.send(claimed);
    crashPoint('delivery.sent');
    await this.settle(claimed, outcome);
    return true;
  }

  private async send(claimed: ClaimedDelivery): Promise<PostOutcome> {
    const secrets = await this.openSecrets(claimed);
    if (secrets === null) return SECRET_UNREADABLE;
    return this.dependencies.safeFetch.post({
      url: claimed.url,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Wavekeeper-Webhooks/1',
        ...signatureHeaders({
          id: encodeId('event', claimed.eventId),
          at: claimed.claimedAt, // the database's clock: a receiver may refuse what ours, running wrong, would say
          body: claimed.payload,
          secrets,
        }),
      },
      body: claimed.payload,
    });
  }

  /** The secrets in force, or null when they were sealed under another master key: the operator's fault, and mendable. */
  private async openSecrets(claimed: ClaimedDelivery): Promise<string[] | null> {
    const { tenantId, endpointId, secretSealed, previousSecretSealed, previousSecretUntil, claimedAt } =
      claimed;
    const rotating =
      previousSecretSealed !== null && previousSecretUntil !== null && previousSecretUntil > claimedAt;
    const sealed = rotating ? [secretSealed, previousSecretSealed] : [secretSealed];
    const place = endpointSecretPlace(tenantId, endpointId);
    try {
      return await Promise.all(sealed.map((secret) => this.dependencies.openSecret(tenantId, secret, place)));
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error; // the database is away: the lease runs out
      this.dependencies.logger.error({ err: error, endpointId }, 'a webhook secret cannot be opened');
      return null;
    }
  }

  private async settle(claimed: ClaimedDelivery, outcome: PostOutcome): Promise<void> {
    const { transactions, logger } = this.dependencies;
    try {
      const after = await transactions.inTransaction(claimed.tenantId, (tx) =>
        this.record(tx, claimed, outcome),
      );
      if (after.state === 'dead')
        logger.warn({ deliveryId: claimed.id, reason: after.reason }, 'a webhook was given up');
    } catch (error) {
      if (!(error instanceof DeliveryLeaseLostError)) throw error;
      logger.warn({ deliveryId: claimed.id }, 'a webhook was sent under a lease that ran out');
    }
  }

  private async record(tx: Tx, claimed: ClaimedDelivery, outcome: PostOutcome): Promise<AfterTry> {
    const { status, durationMs, error, excerpt } = outcome;
    const { scheduleSeconds, random, onEndpointDisabled } = this.dependencies;
    const after = decideAfterTry({
      scheduleSeconds,
      tryNumber: claimed.tryCount + 1,
      outcome,
      now: tx.now,
      random: random(),
    });
    await settleDelivery(tx, claimed, { status, durationMs, error, responseExcerpt: excerpt }, after);
    if (after.state === 'dead' && after.reason === 'gone' && (await disableEndpoint(tx, claimed)))
      await onEndpointDisabled(tx, claimed.endpointId);
    ringForMore(tx, after);
    return after;
  }
}

const SECRET_UNREADABLE: PostOutcome = {
  status: null,
  retryAfter: null,
  error: 'secret_unreadable',
  excerpt: null,
  durationMs: 0,
};

/** A commit rings for a few of its deliveries only, and an endpoint takes few at a time: each that ends calls the next. */
function ringForMore(tx: Tx, after: AfterTry): void {
  tx.ring('delivery');
  if (after.state !== 'pending') return;
  const delayMs = after.nextTryAt.getTime() - tx.now.getTime();
  if (delayMs <= RING_AHEAD_MS_MAX) tx.ring('delivery', delayMs);
}
