import { BUILTIN_POOL, type Hold } from '#contracts';
import { Prisma, type SystemTx } from '#database';
import { ATTEMPTS_IN_FLIGHT_MAX } from '#ledger';

/** A mission with work for a free slot, and whose it is. */
export interface PickedMission {
  readonly tenantId: string;
  readonly missionId: string;
}

/** Tenants that a pick looks at, the fairest first, and missions of each: more than can be locked by others at once. */
const TENANTS_MAX = 32;
const MISSIONS_OF_TENANT_MAX = 8;
/** What a wave or an attempt that still runs counts for, in tokens: about what one spends. Else a tenant could start many before it pays for any. */
const RUNNING_TOKENS = 16_000;
/** While one of these holds, the built-in worker and the writer of digests could not ask their model either; other workers go on. */
const HOLDS_OF_MODEL_CALLS: Hold[] = ['budget', 'provider'];

/** A mission whose next wave is due. The words are those of the partial index that answers it. */
const DUE = Prisma.sql`m.state = 'active' AND m.holds = '{}' AND m.wave_id IS NULL AND m.wave_due_at IS NOT NULL
  AND m.wave_due_at <= clock_timestamp()`;

/** What a tenant has spent lately (half-life ten minutes) and what it has running, for its weight. */
const COST = Prisma.sql`(t.recent_tokens * exp(-ln(2) * extract(epoch FROM clock_timestamp() - t.recent_tokens_at) / 600)
  + ${RUNNING_TOKENS} * r.running) / (t.limits->>'weight')::float8`;

/** A tenant may ask models unless a limit of its budget is reached; a day's limit counts until the day is over (UTC). */
const MAY_SPEND = Prisma.sql`NOT EXISTS (
  SELECT FROM tenant_budget b
   WHERE b.tenant_id = t.id
     AND (b.budget_reached = 'total'
          OR (b.budget_reached = 'daily' AND b.budget_day >= (clock_timestamp() AT TIME ZONE 'UTC')::date)))`;

/**
 * The fairest mission whose next wave is due: 1. of tenants that run fewer waves than they may and have money left, 2. the
 * tenant that has spent the fewest tokens lately for its weight, what it has running included, 3. then what has been due
 * longest, 4. looked for without locks, so that pickers do not wait for each other, 5. then locked one by one in
 * this order and looked at again, so that two never take the same one, 6. however many missions another tenant has due: each has its own few candidates.
 */
export async function pickDueMission(system: SystemTx): Promise<PickedMission | null> {
  const [row] = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    WITH RECURSIVE due_tenant AS (
      (SELECT m.tenant_id FROM mission m WHERE ${DUE} ORDER BY m.tenant_id LIMIT 1)
      UNION ALL
      SELECT next.tenant_id
        FROM due_tenant d, LATERAL (SELECT m.tenant_id FROM mission m
                                     WHERE ${DUE} AND m.tenant_id > d.tenant_id ORDER BY m.tenant_id LIMIT 1) next),
    fair AS (
      SELECT t.id, ${COST} AS cost, first.wave_due_at
        FROM due_tenant d JOIN tenant t ON t.id = d.tenant_id,
             LATERAL (SELECT count(*) AS running FROM mission m WHERE m.tenant_id = t.id AND m.wave_id IS NOT NULL) r,
             LATERAL (SELECT m.wave_due_at FROM mission m
                       WHERE m.tenant_id = t.id AND ${DUE} ORDER BY m.wave_due_at LIMIT 1) first
       WHERE ((t.limits->>'concurrent_waves')::int = 0 OR (t.limits->>'concurrent_waves')::int > r.running)
         AND ${MAY_SPEND}
       ORDER BY cost, first.wave_due_at
       LIMIT ${TENANTS_MAX}),
    candidate AS (
      SELECT fair.cost, own.*
        FROM fair, LATERAL (SELECT m.tenant_id, m.id, m.wave_due_at FROM mission m
                             WHERE m.tenant_id = fair.id AND ${DUE}
                             ORDER BY m.wave_due_at LIMIT ${MISSIONS_OF_TENANT_MAX}) own)
    SELECT locked.tenant_id, locked.id
      FROM (SELECT * FROM candidate ORDER BY cost, wave_due_at) c,
           LATERAL (SELECT m.tenant_id, m.id FROM mission m
                     WHERE m.tenant_id = c.tenant_id AND m.id = c.id AND ${DUE}
                       FOR UPDATE SKIP LOCKED) locked
     LIMIT 1`;
  return row === undefined ? null : { tenantId: row.tenant_id, missionId: row.id };
}

/** Whose attempts a worker may take: any tenant's (the built-in one), or one tenant's, or one mission's. */
export interface OfferScope {
  readonly pool: string;
  readonly tenantId: string | null;
  readonly missionId: string | null;
}

/**
 * The fairest mission that offers attempts to a pool now: 1. of tenants below their limit of leased attempts, 2. by the
 * same cost as waves, 3. then the most urgent offer, 4. the oldest, 5. for the built-in worker none of a mission whose
 * hold keeps it from asking a model, nor of a tenant whose money is spent, 6. each tenant by its own first offer, however
 * many another one has. Nothing is locked: the claim locks the mission and takes what is still offered.
 */
export async function pickMissionWithOffers(
  system: SystemTx,
  scope: OfferScope,
): Promise<PickedMission | null> {
  const offered = Prisma.sql`a.state = 'offered' AND a.pool = ${scope.pool}`;
  const [row] = await system.db.$queryRaw<{ tenant_id: string; mission_id: string }[]>`
    WITH RECURSIVE offering AS (
      (SELECT a.tenant_id FROM attempt a
        WHERE ${offered} AND (${scope.tenantId}::uuid IS NULL OR a.tenant_id = ${scope.tenantId}::uuid)
        ORDER BY a.tenant_id LIMIT 1)
      UNION ALL
      SELECT next.tenant_id
        FROM offering o, LATERAL (SELECT a.tenant_id FROM attempt a
                                   WHERE ${offered} AND ${scope.tenantId}::uuid IS NULL AND a.tenant_id > o.tenant_id
                                   ORDER BY a.tenant_id LIMIT 1) next)
    SELECT first.tenant_id, first.mission_id
      FROM offering o JOIN tenant t ON t.id = o.tenant_id,
           LATERAL (SELECT count(*) AS running FROM attempt a WHERE a.tenant_id = t.id AND a.state = 'leased') r,
           LATERAL (SELECT a.tenant_id, a.mission_id, a.priority, a.available_at
                      FROM attempt a JOIN mission m ON m.tenant_id = a.tenant_id AND m.id = a.mission_id AND m.state = 'active'
                     WHERE ${offered} AND a.tenant_id = t.id AND a.available_at <= clock_timestamp()
                       AND (a.pool <> ${BUILTIN_POOL} OR NOT m.holds && ${HOLDS_OF_MODEL_CALLS})
                       AND (${scope.missionId}::uuid IS NULL OR a.mission_id = ${scope.missionId}::uuid)
                     ORDER BY a.priority, a.available_at
                     LIMIT 1) first
     WHERE ((t.limits->>'concurrent_attempts')::int = 0 OR (t.limits->>'concurrent_attempts')::int > r.running)
       AND (${scope.pool} <> ${BUILTIN_POOL} OR ${MAY_SPEND})
     ORDER BY ${COST}, first.priority, first.available_at
     LIMIT 1`;
  return row === undefined ? null : { tenantId: row.tenant_id, missionId: row.mission_id };
}

/**
 * The fairest mission with a live digest that a model may reword now: 1. none that is paused, held from asking a model or
 * at its end, 2. by the same cost as waves, 3. then what has been due longest. Nothing is locked: the claim does.
 */
export async function pickMissionWithDigests(system: SystemTx): Promise<PickedMission | null> {
  const [row] = await system.db.$queryRaw<{ tenant_id: string; mission_id: string }[]>`
    SELECT d.tenant_id, d.mission_id
      FROM digest d
      JOIN mission m ON m.tenant_id = d.tenant_id AND m.id = d.mission_id
      JOIN tenant t ON t.id = d.tenant_id
     WHERE d.parent_id IS NULL AND d.writer = 'extractive' AND d.write_after <= clock_timestamp()
       AND m.state = 'active' AND NOT m.holds && ${HOLDS_OF_MODEL_CALLS} AND ${MAY_SPEND}
     ORDER BY t.recent_tokens * exp(-ln(2) * extract(epoch FROM clock_timestamp() - t.recent_tokens_at) / 600)
                / (t.limits->>'weight')::float8,
              d.write_after
     LIMIT 1`;
  return row === undefined ? null : { tenantId: row.tenant_id, missionId: row.mission_id };
}

/** How much is due now, by kind of ticket, each counted up to `countMax`. */
export async function countDueWork(
  system: SystemTx,
  countMax: number,
): Promise<{ wave: number; attempt: number; digest: number }> {
  const [row] = await system.db.$queryRaw<{ wave: number; attempt: number; digest: number }[]>`
    SELECT (SELECT count(*)::int FROM (
              SELECT 1 FROM mission m JOIN tenant t ON t.id = m.tenant_id
               WHERE ${DUE} AND ${MAY_SPEND}
               LIMIT ${countMax}) due) AS wave,
           (SELECT count(*)::int FROM (
              SELECT 1 FROM attempt a JOIN mission m ON m.tenant_id = a.tenant_id AND m.id = a.mission_id
                       JOIN tenant t ON t.id = a.tenant_id
               WHERE a.state = 'offered' AND a.pool = ${BUILTIN_POOL} AND a.available_at <= clock_timestamp()
                 AND m.state = 'active' AND NOT m.holds && ${HOLDS_OF_MODEL_CALLS} AND ${MAY_SPEND}
               LIMIT ${countMax}) due) AS attempt,
           (SELECT count(*)::int FROM (
              SELECT 1 FROM digest d JOIN mission m ON m.tenant_id = d.tenant_id AND m.id = d.mission_id
                       JOIN tenant t ON t.id = d.tenant_id
               WHERE d.parent_id IS NULL AND d.writer = 'extractive' AND d.write_after <= clock_timestamp()
                 AND m.state = 'active' AND NOT m.holds && ${HOLDS_OF_MODEL_CALLS} AND ${MAY_SPEND}
               LIMIT ${countMax}) due) AS digest`;
  return row ?? { wave: 0, attempt: 0, digest: 0 };
}

/** Missions whose wave has lost its lease. */
export async function findExpiredWaves(system: SystemTx, countMax: number): Promise<PickedMission[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    SELECT tenant_id, id FROM mission
     WHERE wave_id IS NOT NULL AND wave_lease_until <= clock_timestamp()
     ORDER BY wave_lease_until LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.id }));
}

/** Missions with attempts whose lease has run out. */
export async function findExpiredAttempts(system: SystemTx, countMax: number): Promise<PickedMission[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; mission_id: string }[]>`
    SELECT DISTINCT tenant_id, mission_id FROM attempt
     WHERE state = 'leased' AND lease_until <= clock_timestamp() LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.mission_id }));
}

/** Missions older than the digest tree, which have none yet; in any order, so that one that fails keeps no other from its turn. */
export async function findMissionsWithoutDigests(
  system: SystemTx,
  countMax: number,
): Promise<PickedMission[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    SELECT tenant_id, id FROM mission WHERE task_ends IS NULL ORDER BY random() LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.id }));
}

/**
 * Ended missions with tasks that are still to be canceled: 1. as many of each tenant as of any other, 2. of a tenant any, as
 * above.
 */
export async function findMissionsWithLeftovers(
  system: SystemTx,
  countMax: number,
): Promise<PickedMission[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    SELECT tenant_id, id FROM mission
     WHERE state IN ('canceled', 'archived') AND tasks_blocked + tasks_queued + tasks_working + tasks_input_required > 0
     ORDER BY row_number() OVER (PARTITION BY tenant_id ORDER BY random()), random() LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.id }));
}

/** Waves that the release before has ended, which did not sum what the picture of a mission is made of. */
export async function findWavesNotSummed(
  system: SystemTx,
  countMax: number,
): Promise<{ tenantId: string; waveId: string }[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    SELECT tenant_id, id FROM wave WHERE turns IS NULL AND state <> 'running' LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, waveId: row.id }));
}

/** Model calls that nobody will come back to settle. */
export async function findOrphanedCalls(
  system: SystemTx,
  countMax: number,
): Promise<{ tenantId: string; callId: string }[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    SELECT tenant_id, id FROM model_call WHERE state = 'sent' AND deadline_at <= clock_timestamp() LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, callId: row.id }));
}

/** Missions that a limit of a day holds which is over (UTC). */
export async function findDaysOver(system: SystemTx, countMax: number): Promise<PickedMission[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    SELECT tenant_id, id FROM mission
     WHERE budget_reached = 'daily' AND holds && ARRAY['budget'] AND budget_day < (clock_timestamp() AT TIME ZONE 'UTC')::date
     ORDER BY budget_day LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.id }));
}

/** Missions that have ready tasks and now free slots for them: their tenant's limit was raised. */
export async function findFreedSlots(system: SystemTx, countMax: number): Promise<PickedMission[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    SELECT m.tenant_id, m.id FROM mission m JOIN tenant t ON t.id = m.tenant_id
     WHERE m.state = 'active' AND m.holds = '{}' AND m.wave_id IS NULL AND m.wave_due_at IS NULL AND m.tasks_ready > 0
       AND NOT m.ready_deferred
       AND m.attempts_in_flight < least(nullif((t.limits->>'concurrent_attempts')::int, 0), ${ATTEMPTS_IN_FLIGHT_MAX} - m.tasks_input_required)
     LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.id }));
}

/** Questions whose deadline has passed, longest overdue first. */
export async function findOverdueRequests(
  system: SystemTx,
  countMax: number,
): Promise<{ tenantId: string; missionId: string; requestId: string }[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; mission_id: string; id: string }[]>`
    SELECT tenant_id, mission_id, id FROM input_request
     WHERE state = 'open' AND deadline_at <= clock_timestamp()
     ORDER BY deadline_at LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.mission_id, requestId: row.id }));
}

/** Open questions that people are to be reminded of, longest due first; those whose deadline has passed are past it. */
export async function findDueReminders(
  system: SystemTx,
  countMax: number,
): Promise<{ tenantId: string; missionId: string; requestId: string }[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; mission_id: string; id: string }[]>`
    SELECT tenant_id, mission_id, id FROM input_request
     WHERE state = 'open' AND remind_at <= clock_timestamp() AND deadline_at > clock_timestamp()
     ORDER BY remind_at LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.mission_id, requestId: row.id }));
}

/**
 * Schedules whose moment has come, of missions that run or are only through with their work, never of a paused or held
 * one: 1. as many of each tenant as of any other, 2. of a tenant the longest due first.
 */
export async function findDueSchedules(
  system: SystemTx,
  countMax: number,
): Promise<{ tenantId: string; missionId: string; scheduleId: string }[]> {
  const rows = await system.db.$queryRaw<{ tenant_id: string; mission_id: string; id: string }[]>`
    SELECT s.tenant_id, s.mission_id, s.id
      FROM schedule s JOIN mission m ON m.tenant_id = s.tenant_id AND m.id = s.mission_id
     WHERE s.state = 'active' AND s.next_run_at <= clock_timestamp()
       AND m.state IN ('active', 'completed') AND m.holds = '{}'
     ORDER BY row_number() OVER (PARTITION BY s.tenant_id ORDER BY s.next_run_at, s.id), s.next_run_at
     LIMIT ${countMax}`;
  return rows.map((row) => ({ tenantId: row.tenant_id, missionId: row.mission_id, scheduleId: row.id }));
}

/** Removes idempotency keys that have done their time. */
export async function forgetIdempotencyKeys(system: SystemTx): Promise<void> {
  await system.db
    .$executeRaw`DELETE FROM idempotency_key WHERE created_at < clock_timestamp() - interval '72 hours'`;
}

/** Lets the exact bytes of old waves' requests go, the oldest first; what a wave saw is still told block by block. */
export async function letContextsGo(
  { db }: SystemTx,
  { days, countMax }: { readonly days: number; readonly countMax: number },
): Promise<void> {
  await db.$executeRaw`
    UPDATE wave_context c SET kept_since = NULL, input_gzip = NULL, requests_gzip = NULL
      FROM (SELECT tenant_id, wave_id FROM wave_context
             WHERE kept_since < clock_timestamp() - make_interval(days => ${days}::int)
             ORDER BY kept_since LIMIT ${countMax} FOR UPDATE SKIP LOCKED) old
     WHERE c.tenant_id = old.tenant_id AND c.wave_id = old.wave_id`;
}
