import { RunAttempt } from '#attempts';
import { RunWave, WriteDigest } from '#conductor';
import type { Ticket } from '#contracts';
import type { Transactions } from '#database';
import type { TicketHandlers } from '#dispatch';
import { emitTenantEvent } from '#ledger';
import type { ModelGateway } from '#model';
import { encodeId } from '#contracts';
import type { Logger } from '#telemetry';
import { Deliver, type DeliverDependencies } from '#webhooks';

export interface WorkerDependencies {
  readonly transactions: Transactions;
  readonly gateway: ModelGateway;
  /** Whether a model rewords digests; `extractive`: what the ledger wrote stands. */
  readonly digestWriter: 'model' | 'extractive';
  readonly safeFetch: DeliverDependencies['safeFetch'];
  readonly openSecret: DeliverDependencies['openSecret'];
  readonly webhookScheduleSeconds: readonly number[];
  /** How many webhooks this process sends at once. */
  readonly deliverySlots: number;
  readonly logger: Logger;
  /** Aborts when what is in hand is to be given up. */
  readonly shutdown: AbortSignal;
}

/** Every job that this product runs. A ticket without a handler does not compile. */
export function createHandlers(dependencies: WorkerDependencies): TicketHandlers {
  const runWave = new RunWave(dependencies);
  const runAttempt = new RunAttempt(dependencies);
  const writeDigest = new WriteDigest(dependencies);
  const deliver = new Deliver({
    ...dependencies,
    scheduleSeconds: dependencies.webhookScheduleSeconds,
    slots: dependencies.deliverySlots,
    onEndpointDisabled: async (tx, endpointId, reason) => {
      await emitTenantEvent(tx, {
        type: 'endpoint.disabled',
        actor: { kind: 'system', id: null },
        data: { endpoint_id: encodeId('endpoint', endpointId), state: 'disabled', reason },
      });
    },
    random: Math.random,
  });
  return {
    wave: () => runWave.run(),
    attempt: () => runAttempt.run(),
    delivery: () => deliver.run(),
    digest: () => (dependencies.digestWriter === 'model' ? writeDigest.run() : Promise.resolve(false)),
  } satisfies Record<Ticket, () => Promise<boolean>>;
}
