import type { Tx } from '#database';
import { forgetHealth, lockEndpoint } from './endpoint.store.js';
import { conflict } from './errors.js';
import { insertMissedDeliveries } from './outbound.store.js';
import { readMissedEvents, reviveDeadDeliveries } from './recover-endpoint.store.js';

/** One request brings back so many; whoever has missed more asks again. */
const RECOVERED_MAX = 1_000;

/**
 * Sends again what an endpoint has not had since then: what was given up, and what it subscribes to and was never sent,
 * oldest first, each with a whole schedule and under the id of its event. Closes its circuit. `hasMore`: the bound was
 * reached; asking again with the same time goes on. Throws `endpoint_disabled`.
 */
export async function recoverEndpoint(
  tx: Tx,
  endpointId: string,
  since: Date,
): Promise<{ recovered: number; hasMore: boolean }> {
  const endpoint = await lockEndpoint(tx, endpointId);
  if (endpoint.state === 'disabled')
    throw conflict(
      'endpoint_disabled',
      'This endpoint is disabled: enable it first, with PATCH {"state": "enabled"}.',
    );
  await forgetHealth(tx, endpointId);
  const revived = await reviveDeadDeliveries(tx, endpointId, { since, take: RECOVERED_MAX });
  const take = RECOVERED_MAX - revived;
  const missed = take === 0 ? [] : await readMissedEvents(tx, endpoint, { since, take });
  const recovered = revived + (await insertMissedDeliveries(tx, endpointId, missed));
  if (recovered > 0) tx.ring('delivery');
  return { recovered, hasMore: revived + missed.length === RECOVERED_MAX };
}
