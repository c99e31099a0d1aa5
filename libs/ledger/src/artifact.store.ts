import type { Tx } from '#database';
import type { MissionLedger } from './mission-ledger.js';

export interface NewArtifact {
  readonly id: string;
  readonly attemptId: string | null;
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export async function insertArtifact(ledger: MissionLedger, artifact: NewArtifact): Promise<void> {
  await ledger.tx.db.artifact.create({
    data: { ...artifact, tenantId: ledger.tx.tenantId, missionId: ledger.mission.id, createdAt: ledger.now },
  });
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
    await insertArtifact(ledger, {
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

/** Part of an artifact of one mission, cut by the database; null when the mission has no such artifact. */
export async function readArtifactPart(
  tx: Tx,
  missionId: string,
  part: { readonly artifactId: string; readonly offset: number; readonly bytesMax: number },
): Promise<{ name: string; sizeBytes: number; bytes: Uint8Array } | null> {
  const [row] = await tx.db.$queryRaw<{ name: string; size_bytes: number; part: Uint8Array }[]>`
    SELECT name, size_bytes, substring(bytes FROM ${part.offset + 1}::int FOR ${part.bytesMax}::int) AS part
      FROM artifact
     WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${missionId}::uuid AND id = ${part.artifactId}::uuid`;
  return row === undefined ? null : { name: row.name, sizeBytes: row.size_bytes, bytes: row.part };
}
