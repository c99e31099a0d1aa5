import { randomUUID } from 'node:crypto';
import { encodeId } from '#contracts';
import type { Transactions, Tx } from '#database';
import { endpointSecretPlace } from '#ledger';
import { crashPoint, measure, type Logger } from '#telemetry';
import { SealBrokenError } from '#tenancy';
import { claimDelivery, type ClaimedDelivery } from './claim-delivery.store.js';
import { DeliveryLeaseLostError } from './delivery.store.js';
import { signatureHeaders } from './domain/sign.js';
import { recordTry, SECRET_UNREADABLE, type RecordTryRules } from './record-try.js';
import type { PostOutcome, SafeFetch } from './safe-fetch.js';

/** A next try this near is worth a ring of its own; whatever is further off, the sweep finds. */
const RING_AHEAD_MS_MAX = 60_000;
/** Of a process' senders, those that may be with endpoints that are new, failing or slow. */
const UNPROVEN_SHARE_MAX = 0.5;

export interface DeliverDependencies extends RecordTryRules {
  readonly transactions: Transactions;
  readonly safeFetch: Pick<SafeFetch, 'post'>;
  /** Opens a secret that was sealed at rest; `place` binds it to its tenant, endpoint and column. */
  readonly openSecret: (tx: Tx, sealed: Uint8Array, place: string) => Promise<string>;
  /** How many deliveries this process sends at once. */
  readonly slots: number;
  readonly logger: Logger;
}

/** A delivery under our lease, and the secrets in force; null when they were sealed under another master key. */
interface Sendable {
  readonly claimed: ClaimedDelivery;
  readonly secrets: readonly string[] | null;
}

/** Sends what the ledger wrote: at least once, unordered, signed, on schedule. */
export class Deliver {
  private unprovenInHand = 0;

  constructor(private readonly dependencies: DeliverDependencies) {}

  /**
   * Claims one delivery, sends it and records what came of it. False when none was due. Whatever a receiver does is
   * recorded, not thrown; when the database fails, or this process dies, the lease runs out and the delivery is sent
   * again, under the same id.
   */
  async run(): Promise<boolean> {
    const sendable = await this.claimWithinShare();
    if (sendable === null) return false;
    try {
      crashPoint('delivery.claimed');
      const outcome = await this.send(sendable);
      crashPoint('delivery.sent');
      await this.settle(sendable.claimed, outcome);
      return true;
    } finally {
      if (!sendable.claimed.isProven) this.unprovenInHand -= 1;
    }
  }

  /**
   * No number of slow endpoints takes all of this process: half of it is for those that are not known to be slow. A
   * place of the other half is taken before the claim that may need it, so that claims at once never share one.
   */
  private async claimWithinShare(): Promise<Sendable | null> {
    const unproven = this.unprovenInHand < Math.max(1, this.dependencies.slots * UNPROVEN_SHARE_MAX);
    if (unproven) this.unprovenInHand += 1;
    let sendable: Sendable | null = null;
    try {
      sendable = await this.claim({ unproven });
      return sendable;
    } finally {
      if (unproven && sendable?.claimed.isProven !== false) this.unprovenInHand -= 1;
    }
  }

  /** Each claim rings for the next one at once: what is slow to answer holds up nobody but itself. */
  private claim(whom: { readonly unproven: boolean }): Promise<Sendable | null> {
    return this.dependencies.transactions.inSystemTransaction(async (system) => {
      const claimed = await claimDelivery(system, randomUUID(), whom);
      if (claimed === null) return null;
      const tx = await system.become(claimed.tenantId);
      if (claimed.hasNext) tx.ring('delivery');
      return { claimed, secrets: await this.openSecrets(tx, claimed) };
    });
  }

  private send({ claimed, secrets }: Sendable): Promise<PostOutcome> {
    if (secrets === null) return Promise.resolve(SECRET_UNREADABLE);
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

  /** Null when they were sealed under another master key: the operator's fault, and mendable. */
  private async openSecrets(tx: Tx, claimed: ClaimedDelivery): Promise<readonly string[] | null> {
    const { tenantId, endpointId, secretSealed, previousSecretSealed, previousSecretUntil, claimedAt } =
      claimed;
    const rotating =
      previousSecretSealed !== null && previousSecretUntil !== null && previousSecretUntil > claimedAt;
    const sealed = rotating ? [secretSealed, previousSecretSealed] : [secretSealed];
    const place = endpointSecretPlace(tenantId, endpointId);
    try {
      return await Promise.all(sealed.map((secret) => this.dependencies.openSecret(tx, secret, place)));
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error; // the database is away: nothing was claimed
      this.dependencies.logger.error({ err: error, endpointId }, 'a webhook secret cannot be opened');
      return null;
    }
  }

  private async settle(claimed: ClaimedDelivery, outcome: PostOutcome): Promise<void> {
    const { transactions, logger } = this.dependencies;
    try {
      const after = await transactions.inTransaction(claimed.tenantId, async (tx) => {
        const recorded = await recordTry(tx, claimed, outcome, this.dependencies);
        ringForMore(tx, recorded.state === 'pending' ? recorded.nextTryAt : null);
        return recorded;
      });
      measure('wavekeeper.webhook.duration', outcome.durationMs / 1_000, { outcome: after.state });
      if (after.state === 'dead')
        logger.warn({ deliveryId: claimed.id, reason: after.reason }, 'a webhook was given up');
    } catch (error) {
      if (!(error instanceof DeliveryLeaseLostError)) throw error;
      logger.warn({ deliveryId: claimed.id }, 'a webhook was sent under a lease that ran out');
    }
  }
}

/** What ends makes room for another delivery of its endpoint, and may come back soon itself. */
function ringForMore(tx: Tx, nextTryAt: Date | null): void {
  tx.ring('delivery');
  if (nextTryAt === null) return;
  const delayMs = nextTryAt.getTime() - tx.now.getTime();
  if (delayMs <= RING_AHEAD_MS_MAX) tx.ring('delivery', delayMs);
}
