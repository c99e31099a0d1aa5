import { type Prisma, type Tx } from '#database';
import {
  readStoredPolicy,
  tenantLimitsSchema,
  type Hold,
  type MissionState,
  type Policy,
  type TaskState,
  type TenantLimits,
} from '#contracts';
import type { RequestedRotation } from './domain/rotation.js';
import { notFound } from './errors.js';

type StoredMission = Prisma.MissionGetPayload<Record<string, never>>;

/** A mission's row with its closed sets typed. */
export type MissionRow = Omit<StoredMission, 'state' | 'holds' | 'policy' | 'pendingRotations'> & {
  state: MissionState;
  holds: Hold[];
  policy: Policy;
  pendingRotations: RequestedRotation[];
  /** Fields of its policy that this version cannot read, whose place the defaults take. No column. */
  unreadablePolicy: readonly string[];
};

/** The counter that each task state has on its mission's row. */
export const COUNTER_OF_STATE = {
  blocked: 'tasksBlocked',
  queued: 'tasksQueued',
  working: 'tasksWorking',
  input_required: 'tasksInputRequired',
  completed: 'tasksCompleted',
  failed: 'tasksFailed',
  canceled: 'tasksCanceled',
} as const satisfies Record<TaskState, keyof MissionRow>;

export function taskCounts(
  mission: Pick<MissionRow, (typeof COUNTER_OF_STATE)[TaskState]>,
): Record<TaskState, number> {
  return {
    blocked: mission.tasksBlocked,
    queued: mission.tasksQueued,
    working: mission.tasksWorking,
    input_required: mission.tasksInputRequired,
    completed: mission.tasksCompleted,
    failed: mission.tasksFailed,
    canceled: mission.tasksCanceled,
  };
}

export function toMissionRow(stored: StoredMission): MissionRow {
  const { policy, unreadable } = readStoredPolicy(stored.policy);
  return {
    ...stored,
    state: stored.state as MissionState, // a CHECK constraint keeps both in their sets
    holds: stored.holds as Hold[],
    policy,
    unreadablePolicy: unreadable,
    pendingRotations: stored.pendingRotations as unknown as RequestedRotation[], // written only by rotateConductor
  };
}

/**
 * Locks the mission until the transaction ends: every command of a mission takes this lock first, so its commands,
 * event numbers and counters follow one another. Throws `not_found` for what this tenant does not have.
 */
export async function lockMission(tx: Tx, missionId: string): Promise<MissionRow> {
  await tx.db
    .$queryRaw`SELECT 1 AS locked FROM mission WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${missionId}::uuid FOR UPDATE`;
  await tx.readClock();
  return readMission(tx, missionId);
}

/** Locks several missions in the order of their ids: whoever writes events of one locks no further mission afterwards. */
export async function lockMissions(tx: Tx, missionIds: readonly string[]): Promise<void> {
  await tx.db.$queryRaw`
    SELECT 1 AS locked FROM mission
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ANY (${missionIds}::uuid[]) ORDER BY id FOR UPDATE`;
}

export async function readMission(tx: Tx, missionId: string): Promise<MissionRow> {
  const stored = await tx.db.mission.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: missionId } },
  });
  if (stored === null) throw notFound('mission');
  return toMissionRow(stored);
}

/** Writes the columns that differ from how the row was read. */
export async function saveMission(tx: Tx, before: MissionRow, after: MissionRow): Promise<void> {
  const changed = Object.entries(after).filter(
    ([name, value]) => name !== 'unreadablePolicy' && value !== before[name as keyof MissionRow],
  );
  if (changed.length === 0) return;
  await tx.db.mission.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: before.id } },
    data: Object.fromEntries(changed),
  });
}

export async function insertMission(
  tx: Tx,
  row: Omit<Prisma.MissionUncheckedCreateInput, 'tenantId'>,
): Promise<void> {
  await tx.db.mission.create({ data: { ...row, tenantId: tx.tenantId } });
}

/** Lets one command at a time look for the default mission and make it. */
export async function lockDefaultMission(tx: Tx): Promise<void> {
  await tx.db.$queryRaw`SELECT 1 AS locked FROM tenant WHERE id = ${tx.tenantId}::uuid FOR NO KEY UPDATE`;
}

export async function findDefaultMission(tx: Tx): Promise<string | null> {
  const found = await tx.db.mission.findFirst({
    where: { tenantId: tx.tenantId, isDefault: true },
    select: { id: true },
  });
  return found?.id ?? null;
}

/** Active missions that have something to do or may soon have, in the order of their ids. */
export async function listRunnableMissions(tx: Tx, take: number): Promise<string[]> {
  const rows = await tx.db.mission.findMany({
    where: {
      tenantId: tx.tenantId,
      state: 'active',
      holds: { isEmpty: true },
      OR: [{ waveDueAt: { not: null } }, { waveId: { not: null } }, { attemptsInFlight: { gt: 0 } }],
    },
    select: { id: true },
    orderBy: { id: 'asc' },
    take,
  });
  return rows.map(({ id }) => id);
}

export async function readTenantLimits(tx: Tx): Promise<TenantLimits> {
  const tenant = await tx.db.tenant.findUniqueOrThrow({
    where: { id: tx.tenantId },
    select: { limits: true },
  });
  return tenantLimitsSchema.parse(tenant.limits);
}

/**
 * Waves that the tenant may still open and attempts that it may still lease: 1. counted under the tenant's lock, so that
 * those who ask at once do not all get the last one, 2. taken after the mission's, as every lock of a tenant is,
 * 3. Infinity without a limit, which needs no lock.
 */
export async function lockTenantRoom(tx: Tx, kind: 'waves' | 'attempts'): Promise<number> {
  const limits = await readTenantLimits(tx);
  const limit = kind === 'waves' ? limits.concurrent_waves : limits.concurrent_attempts;
  if (limit === 0) return Infinity;
  await tx.db.$queryRaw`SELECT 1 AS locked FROM tenant WHERE id = ${tx.tenantId}::uuid FOR NO KEY UPDATE`;
  const running =
    kind === 'waves'
      ? await tx.db.mission.count({ where: { tenantId: tx.tenantId, waveId: { not: null } } })
      : await tx.db.attempt.count({ where: { tenantId: tx.tenantId, state: 'leased' } });
  return Math.max(0, limit - running);
}

/** Adds to the tenant's recently spent tokens, after letting the old ones decay (half-life ten minutes). */
export async function chargeRecentTokens(tx: Tx, tokens: number): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE tenant
       SET recent_tokens = ${tokens} + recent_tokens * exp(-ln(2) * extract(epoch FROM clock_timestamp() - recent_tokens_at) / 600),
           recent_tokens_at = clock_timestamp()
     WHERE id = ${tx.tenantId}::uuid`;
}
