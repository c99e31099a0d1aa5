import type { Tx } from '#database';

/** The key that seals one tenant's secrets, wrapped under the master key that `masterKeyId` names. */
export interface DataKeyRow {
  readonly id: string;
  readonly wrapped: Uint8Array<ArrayBuffer>;
  readonly masterKeyId: string;
}

export async function findDataKey(tx: Tx): Promise<DataKeyRow | null> {
  return tx.db.dataKey.findUnique({
    where: { tenantId: tx.tenantId },
    select: { id: true, wrapped: true, masterKeyId: true },
  });
}

/** Gives the tenant its data key unless it has one. Two at once: the second waits for the first, and writes nothing. */
export async function insertDataKey(tx: Tx, row: DataKeyRow): Promise<void> {
  await tx.db.dataKey.createMany({ data: [{ tenantId: tx.tenantId, ...row }], skipDuplicates: true });
}

/** Puts the same key in another wrapping. */
export async function saveWrapping(tx: Tx, row: DataKeyRow): Promise<void> {
  await tx.db.dataKey.updateMany({
    where: { tenantId: tx.tenantId, id: row.id },
    data: { wrapped: row.wrapped, masterKeyId: row.masterKeyId },
  });
}
