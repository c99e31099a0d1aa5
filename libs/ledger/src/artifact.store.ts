import type { Prisma, Tx } from '#database';
import { notFound } from './errors.js';
import type { MissionLedger } from './mission-ledger.js';

/** An artifact's row holds so much of it; `artifact_part` has the rest, in pieces of this size. */
export const ARTIFACT_PART_BYTES = 1_024 * 1_024;

export interface NewArtifact {
  readonly id: string;
  readonly attemptId: string | null;
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** All of it, or the first part. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export async function insertArtifact(tx: Tx, missionId: string, artifact: NewArtifact): Promise<void> {
  await tx.db.artifact.create({
    data: { ...artifact, tenantId: tx.tenantId, missionId, createdAt: tx.now },
  });
}

/** One of the parts that follow the first, numbered from 1; its artifact's row comes in the same transaction. */
export async function insertArtifactPart(
  tx: Tx,
  part: { readonly artifactId: string; readonly number: number; readonly bytes: Uint8Array<ArrayBuffer> },
): Promise<void> {
  await tx.db.artifactPart.create({ data: { ...part, tenantId: tx.tenantId } });
}

/** Takes back the parts of an artifact that is kept already. */
export async function deleteArtifactParts(tx: Tx, artifactId: string): Promise<void> {
  await tx.db.artifactPart.deleteMany({ where: { tenantId: tx.tenantId, artifactId } });
}

/** The whole of a tool's result of which a conductor was shown the ends. */
export interface SpilledText {
  /** Made from the wave and the text (see `spill`), so that the pointer in the request is the row's own id. */
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
}

/** Keeps what a wave's requests point to, in the transaction that commits the wave. */
export async function insertSpills(ledger: MissionLedger, spills: readonly SpilledText[]): Promise<void> {
  for (const { id, name, text, sha256 } of spills) {
    const bytes = Buffer.from(text);
    await insertArtifact(ledger.tx, ledger.mission.id, {
      id,
      attemptId: null,
      name,
      mediaType: 'text/plain; charset=utf-8',
      sizeBytes: bytes.byteLength,
      sha256,
      bytes: new Uint8Array(bytes),
    });
  }
}

/** What is said of an artifact without its bytes. */
const SHOWN_COLUMNS = {
  id: true,
  name: true,
  mediaType: true,
  sizeBytes: true,
  sha256: true,
} as const satisfies Prisma.ArtifactSelect;
export type ArtifactRead = Prisma.ArtifactGetPayload<{ select: typeof SHOWN_COLUMNS }>;

export async function readArtifact(tx: Tx, artifactId: string): Promise<ArtifactRead> {
  const row = await tx.db.artifact.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: artifactId } },
    select: SHOWN_COLUMNS,
  });
  if (row === null) throw notFound('artifact');
  return row;
}

/** The artifacts of one attempt, oldest first. */
export function readArtifactsOfAttempt(tx: Tx, attemptId: string): Promise<ArtifactRead[]> {
  return tx.db.artifact.findMany({
    where: { tenantId: tx.tenantId, attemptId },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    select: SHOWN_COLUMNS,
  });
}

/**
 * Bytes `start` to `end` of an artifact, both included and counted from 0, cut out by the database: only the parts that
 * the range touches are read. Fewer when the artifact ends before.
 */
export async function readArtifactBytes(
  tx: Tx,
  artifactId: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  const rows = await tx.db.$queryRaw<{ cut: Uint8Array }[]>`
    SELECT substring(bytes FROM greatest(${start}::int - at, 0) + 1 FOR ${end}::int + 1 - greatest(${start}::int, at)) AS cut
      FROM (SELECT 0 AS at, bytes FROM artifact
             WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${artifactId}::uuid
            UNION ALL
            SELECT number * ${ARTIFACT_PART_BYTES}::int, bytes FROM artifact_part
             WHERE tenant_id = ${tx.tenantId}::uuid AND artifact_id = ${artifactId}::uuid
               AND number BETWEEN ${start}::int / ${ARTIFACT_PART_BYTES}::int AND ${end}::int / ${ARTIFACT_PART_BYTES}::int) AS part
     WHERE at <= ${end}::int AND at + octet_length(bytes) > ${start}::int
     ORDER BY at`;
  return Buffer.concat(rows.map(({ cut }) => cut));
}

/** Part of an artifact of one mission; null when the mission has no such artifact. */
export async function readArtifactPart(
  tx: Tx,
  missionId: string,
  part: { readonly artifactId: string; readonly offset: number; readonly bytesMax: number },
): Promise<{ name: string; sizeBytes: number; bytes: Uint8Array } | null> {
  const artifact = await tx.db.artifact.findFirst({
    where: { tenantId: tx.tenantId, missionId, id: part.artifactId },
    select: SHOWN_COLUMNS,
  });
  if (artifact === null) return null;
  const range = { start: part.offset, end: part.offset + part.bytesMax - 1 };
  const bytes = await readArtifactBytes(tx, artifact.id, range);
  return { name: artifact.name, sizeBytes: artifact.sizeBytes, bytes };
}
