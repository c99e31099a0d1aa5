import { ARTIFACT_BYTES_PER_ATTEMPT_MAX, ARTIFACTS_PER_ATTEMPT_MAX, newUuid } from '#contracts';
import type { Tx } from '#database';
import {
  ARTIFACT_PART_BYTES,
  deleteArtifactParts,
  insertArtifact,
  insertArtifactPart,
  readArtifact,
  readArtifactsOfAttempt,
  type ArtifactRead,
} from './artifact.store.js';
import { lockAttempt, missionOfAttempt, readAttemptRow } from './attempt.store.js';
import { leaseRefusal } from './domain/lease.js';
import { conflict } from './errors.js';
import { lockMission } from './mission.store.js';

/** What a worker hands over beside its result, received and measured. */
export interface ReceivedArtifact {
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Reads bytes from `start`, at most so many; it may be asked for the same ones again. */
  readonly read: (start: number, bytesMax: number) => Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Keeps an artifact of an attempt, for the holder of its lease. The same bytes under the same name are the same artifact,
 * so that an upload may be repeated. Throws `lease_lost`, `attempt_canceled`, or `artifacts_max_reached`.
 */
export async function keepArtifact(
  tx: Tx,
  attemptId: string,
  { leaseToken, artifact }: { readonly leaseToken: string; readonly artifact: ReceivedArtifact },
): Promise<ArtifactRead> {
  const missionId = await missionOfAttempt(tx, attemptId);
  await requireLease(tx, attemptId, leaseToken);
  const id = newUuid();
  // Before anything is locked: the mission goes on while many parts are written.
  for (let number = 1; number * ARTIFACT_PART_BYTES < artifact.sizeBytes; number += 1)
    await insertArtifactPart(tx, { artifactId: id, number, bytes: await readPart(artifact, number) });
  await lockMission(tx, missionId);
  refuseWithoutLease(await lockAttempt(tx, attemptId), leaseToken, tx.now);
  const known = await readArtifactsOfAttempt(tx, attemptId);
  const same = known.find(({ name, sha256 }) => name === artifact.name && sha256 === artifact.sha256);
  if (same !== undefined) {
    await deleteArtifactParts(tx, id);
    return same;
  }
  refuseTooMany(known, artifact);
  const { name, mediaType, sizeBytes, sha256 } = artifact;
  const bytes = await readPart(artifact, 0);
  await insertArtifact(tx, missionId, { id, attemptId, name, mediaType, sizeBytes, sha256, bytes });
  return readArtifact(tx, id);
}

function readPart({ read }: ReceivedArtifact, number: number): Promise<Uint8Array<ArrayBuffer>> {
  return read(number * ARTIFACT_PART_BYTES, ARTIFACT_PART_BYTES);
}

/** Whether this is the holder of the attempt's lease, for the moment. Throws `lease_lost` or `attempt_canceled`. */
export async function requireLease(tx: Tx, attemptId: string, leaseToken: string): Promise<void> {
  refuseWithoutLease(await readAttemptRow(tx, attemptId), leaseToken, tx.now);
}

function refuseWithoutLease(
  attempt: Parameters<typeof leaseRefusal>[0],
  leaseToken: string,
  now: Date,
): void {
  const refusal = leaseRefusal(attempt, leaseToken, now);
  if (refusal !== null) throw conflict(refusal.code, refusal.message);
}

function refuseTooMany(known: readonly ArtifactRead[], artifact: ReceivedArtifact): void {
  const bytes = known.reduce((sum, { sizeBytes }) => sum + sizeBytes, artifact.sizeBytes);
  if (known.length < ARTIFACTS_PER_ATTEMPT_MAX && bytes <= ARTIFACT_BYTES_PER_ATTEMPT_MAX) return;
  throw conflict(
    'artifacts_max_reached',
    `An attempt has at most ${ARTIFACTS_PER_ATTEMPT_MAX} artifacts of ${ARTIFACT_BYTES_PER_ATTEMPT_MAX} bytes together; pack them, or hand in where they are.`,
  );
}
