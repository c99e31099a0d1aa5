import type { Tx } from '#database';
import { conflict } from './errors.js';
import { askForTry, countTries } from './redeliver.store.js';

/** Each try is kept, and shown with its delivery. */
const TRIES_PER_DELIVERY_MAX = 100;

/**
 * Asks for one try more of a delivery, whatever its state and its endpoint's: under the same event id, signed with the
 * secret of now. A success delivers it; a failure changes nothing, neither the delivery's schedule nor its endpoint's
 * health. Asked again before it was made, it is still one try. Throws `tries_max_reached`.
 */
export async function redeliver(tx: Tx, deliveryId: string): Promise<void> {
  if ((await countTries(tx, deliveryId)) >= TRIES_PER_DELIVERY_MAX)
    throw conflict(
      'tries_max_reached',
      `This was tried ${TRIES_PER_DELIVERY_MAX} times; read the event from the mission's events instead.`,
    );
  await askForTry(tx, deliveryId);
  tx.ring('delivery');
}
