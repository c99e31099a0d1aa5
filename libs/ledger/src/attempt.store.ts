import { type Prisma, type Tx } from '#database';
import type { AttemptState } from '#contracts';
import { notFound } from './errors.js';
import { isInFlight } from './domain/attempt-state.js';
import type { MissionLedger } from './mission-ledger.js';

type StoredAttempt = Prisma.AttemptGetPayload<Record<string, never>>;
export type AttemptRow = Omit<StoredAttempt, 'state'> & { state: AttemptState };
type JsonColumn = Prisma.InputJsonValue | typeof Prisma.DbNull;
export type AttemptChange = Partial<
  Omit<AttemptRow, 'tenantId' | 'id' | 'missionId' | 'taskId' | 'result' | 'lateResult' | 'error' | 'usage'>
> & { result?: JsonColumn; lateResult?: JsonColumn; error?: JsonColumn; usage?: JsonColumn };

function toAttemptRow(stored: StoredAttempt): AttemptRow {
  return { ...stored, state: stored.state as AttemptState }; // a CHECK constraint keeps it in the set
}

/** The mission of an attempt, to lock before the attempt itself is read. Throws `not_found`. */
export async function missionOfAttempt(tx: Tx, attemptId: string): Promise<string> {
  const attempt = await tx.db.attempt.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: attemptId } },
    select: { missionId: true },
  });
  if (attempt === null) throw notFound('attempt');
  return attempt.missionId;
}

/** Reads an attempt and locks it: heartbeats touch attempts without their mission's lock. */
export async function lockAttempt(tx: Tx, attemptId: string): Promise<AttemptRow> {
  await tx.db
    .$queryRaw`SELECT 1 AS locked FROM attempt WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${attemptId}::uuid FOR UPDATE`;
  return readAttemptRow(tx, attemptId);
}

/** The same without the lock, to look before something long is done. */
export async function readAttemptRow(tx: Tx, attemptId: string): Promise<AttemptRow> {
  const stored = await tx.db.attempt.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: attemptId } },
  });
  if (stored === null) throw notFound('attempt');
  return toAttemptRow(stored);
}

export async function insertAttempt(
  ledger: MissionLedger,
  row: Omit<Prisma.AttemptUncheckedCreateInput, 'tenantId' | 'missionId' | 'state'>,
): Promise<void> {
  await ledger.tx.db.attempt.create({
    data: { ...row, state: 'offered', tenantId: ledger.tx.tenantId, missionId: ledger.mission.id },
  });
  ledger.mission.attemptsInFlight += 1;
}

/** Changes an attempt's row and its mission's count of attempts in flight. */
export async function saveAttempt(
  ledger: MissionLedger,
  before: AttemptRow,
  change: AttemptChange,
): Promise<AttemptRow> {
  const stored = await ledger.tx.db.attempt.update({
    where: { tenantId_id: { tenantId: ledger.tx.tenantId, id: before.id } },
    data: change,
  });
  const after = toAttemptRow(stored);
  ledger.mission.attemptsInFlight += Number(isInFlight(after.state)) - Number(isInFlight(before.state));
  return after;
}

/** Attempts of one mission that a worker of `pool` may take now, most urgent first. */
export async function readOffers(
  tx: Tx,
  missionId: string,
  pool: string,
  offersMax: number,
): Promise<AttemptRow[]> {
  const rows = await tx.db.attempt.findMany({
    where: { tenantId: tx.tenantId, missionId, pool, state: 'offered', availableAt: { lte: tx.now } },
    orderBy: [{ priority: 'asc' }, { refNumber: 'asc' }],
    take: offersMax,
  });
  return rows.map(toAttemptRow);
}

/**
 * Prolongs a lease, 1. only for its holder (the token), 2. only while it holds (the database's clock), 3. without the
 * mission's lock, since it changes nothing that others decide by. Null: the lease is not this caller's any more.
 */
export async function prolongLease(
  tx: Tx,
  attemptId: string,
  lease: { readonly token: string; readonly progress: number | null; readonly message: string | null },
): Promise<Date | null> {
  const [row] = await tx.db.$queryRaw<{ lease_until: Date }[]>`
    UPDATE attempt
       SET lease_until = clock_timestamp() + make_interval(secs => lease_seconds),
           progress = coalesce(${lease.progress}::float8, progress),
           progress_message = coalesce(${lease.message}::text, progress_message)
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${attemptId}::uuid
       AND state = 'leased' AND lease_token = ${lease.token} AND lease_until > clock_timestamp()
    RETURNING lease_until`;
  return row?.lease_until ?? null;
}

/** Leases of this mission that have run out. */
export async function readExpiredAttempts(
  tx: Tx,
  missionId: string,
  attemptsMax: number,
): Promise<AttemptRow[]> {
  const rows = await tx.db.attempt.findMany({
    where: { tenantId: tx.tenantId, missionId, state: 'leased', leaseUntil: { lte: tx.now } },
    orderBy: { leaseUntil: 'asc' },
    take: attemptsMax,
  });
  return rows.map(toAttemptRow);
}
