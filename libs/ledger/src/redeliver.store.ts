import type { Tx } from '#database';

export async function countTries(tx: Tx, deliveryId: string): Promise<number> {
  return tx.db.webhookTry.count({ where: { tenantId: tx.tenantId, deliveryId } });
}

export async function askForTry(tx: Tx, deliveryId: string): Promise<void> {
  await tx.db.webhookDelivery.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: deliveryId } },
    data: { extraTryAt: tx.now },
  });
}
