import type { Prisma, Tx } from '#database';
import { notFound } from '../errors.js';

const SHOWN_COLUMNS = {
  id: true,
  name: true,
  mediaType: true,
  sizeBytes: true,
  sha256: true,
} as const satisfies Prisma.ArtifactSelect;

/** What is said of an artifact without its bytes. */
export type ArtifactRead = Prisma.ArtifactGetPayload<{ select: typeof SHOWN_COLUMNS }>;

export async function readArtifact(tx: Tx, artifactId: string): Promise<ArtifactRead> {
  const row = await tx.db.artifact.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: artifactId } },
    select: SHOWN_COLUMNS,
  });
  if (row === null) throw notFound('artifact');
  return row;
}

/** Bytes `start` to `end`, both included and counted from 0. */
export async function readArtifactBytes(
  tx: Tx,
  artifactId: string,
  range: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  const [row] = await tx.db.$queryRaw<{ part: Uint8Array }[]>`
    SELECT substring(bytes FROM ${range.start + 1}::int FOR ${range.end - range.start + 1}::int) AS part
      FROM artifact WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${artifactId}::uuid`;
  if (row === undefined) throw notFound('artifact');
  return row.part;
}
