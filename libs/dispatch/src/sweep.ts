import type { Ticket } from '#contracts';
import type { SystemTx, Transactions, Tx } from '#database';
import {
  cancelLeftovers,
  endDayOfMission,
  ensureDigests,
  expireAttempt,
  expireWave,
  fireSchedule,
  inMission,
  readExpiredAttempts,
  remindOfRequest,
  settleOrphanedCall,
  sumWaveUsage,
  timeOutRequest,
} from '#ledger';
import { crashPoint, type Logger } from '#telemetry';
import {
  countDueWork,
  findDaysOver,
  findDueReminders,
  findDueSchedules,
  findExpiredAttempts,
  findExpiredWaves,
  findFreedSlots,
  findMissionsWithLeftovers,
  findMissionsWithoutDigests,
  findOrphanedCalls,
  findOverdueRequests,
  findWavesNotSummed,
  forgetIdempotencyKeys,
  letContextsGo,
} from './picker.store.js';

/** What one sweep takes up of each kind; the rest is the next one's. */
const SWEPT_MAX = 100;
const EXPIRED_ATTEMPTS_PER_MISSION_MAX = 200;
/** At midnight many are due at once, and what is late by minutes counts as missed. */
const SCHEDULES_FIRED_MAX = 1_000;
/** Making the tree of a large mission takes seconds; nobody waits for it. */
const TREES_MADE_MAX = 5;
/** Of how many waves one sweep lets the bytes go: more than end meanwhile. */
const CONTEXTS_LET_GO_MAX = 500;
/** Ended missions whose tasks a sweep goes on to cancel, and how many transactions of each: the next sweep is not to wait for long. */
const LEFTOVERS_TAKEN_MAX = 2;
const LEFTOVER_BATCHES_MAX = 2;

/** How many pieces of each kind are due: what to ring for. */
export type DueCounts = Readonly<Record<Ticket, number>>;

/** Counts what a higher layer's table holds that is due, up to a bound. */
export type CountDueDeliveries = (system: SystemTx, countMax: number) => Promise<number>;

/**
 * Takes up what nobody will come back to: waves and attempts whose lease ran out, calls that were never settled,
 * questions that nobody answered in time, tasks of ended missions, holds of a day that is over, ready tasks that slots
 * were freed for. Reminds of questions whose time runs out, and makes the tasks of schedules whose moment has come. Lets
 * go what is not kept for ever. Then counts what is due, so that lost rings cost at most one sweep. Safe to run anywhere,
 * any number of times at once; what cannot be taken up is logged and does not keep it from the rest.
 */
export async function sweep(
  transactions: Transactions,
  ports: {
    readonly countDueDeliveries: CountDueDeliveries;
    /** For how long the exact bytes of a wave's requests are kept. */
    readonly contextDays: number;
    readonly logger: Logger;
  },
): Promise<DueCounts> {
  const takeUp = (tenantId: string, command: (tx: Tx) => Promise<void>): Promise<void> =>
    transactions.inTransaction(tenantId, command).catch((error: unknown) => {
      ports.logger.error({ err: error, tenant: tenantId }, 'a sweep could not take up what was abandoned');
    });
  const found = await transactions.inSystemTransaction(async (system) => ({
    waves: await findExpiredWaves(system, SWEPT_MAX),
    attempts: await findExpiredAttempts(system, SWEPT_MAX),
    calls: await findOrphanedCalls(system, SWEPT_MAX),
    daysOver: await findDaysOver(system, SWEPT_MAX),
    freedSlots: await findFreedSlots(system, SWEPT_MAX),
    withoutDigests: await findMissionsWithoutDigests(system, TREES_MADE_MAX),
    wavesNotSummed: await findWavesNotSummed(system, SWEPT_MAX),
    leftovers: await findMissionsWithLeftovers(system, LEFTOVERS_TAKEN_MAX),
    requests: await findOverdueRequests(system, SWEPT_MAX),
    reminders: await findDueReminders(system, SWEPT_MAX),
    schedules: await findDueSchedules(system, SCHEDULES_FIRED_MAX),
  }));
  for (const { tenantId, missionId } of found.waves)
    await takeUp(tenantId, (tx) => expireWave(tx, missionId));
  for (const { tenantId, missionId } of found.attempts)
    await takeUp(tenantId, (tx) => expireAttempts(tx, missionId));
  for (const { tenantId, callId } of found.calls)
    await takeUp(tenantId, (tx) => settleOrphanedCall(tx, callId));
  for (const { tenantId, missionId } of found.daysOver)
    await takeUp(tenantId, (tx) => endDayOfMission(tx, missionId));
  for (const { tenantId, missionId } of found.freedSlots)
    await takeUp(tenantId, (tx) => inMission(tx, missionId, () => Promise.resolve())); // closing it says when it is due
  for (const { tenantId, missionId } of found.withoutDigests)
    await takeUp(tenantId, (tx) => ensureDigests(tx, missionId));
  for (const { tenantId, missionId, requestId } of found.requests)
    await takeUp(tenantId, (tx) => timeOutRequest(tx, missionId, requestId));
  for (const { tenantId, missionId, requestId } of found.reminders)
    await takeUp(tenantId, (tx) => remindOfRequest(tx, missionId, requestId));
  for (const { tenantId, missionId, scheduleId } of found.schedules) {
    await takeUp(tenantId, (tx) => fire(tx, missionId, scheduleId));
    crashPoint('schedule.after_commit');
  }
  for (const { tenantId, missionId } of found.leftovers)
    for (let batch = 0; batch < LEFTOVER_BATCHES_MAX; batch += 1)
      await takeUp(tenantId, (tx) => cancelLeftovers(tx, missionId));
  for (const { tenantId, waveId } of found.wavesNotSummed)
    await takeUp(tenantId, (tx) => sumWaveUsage(tx, waveId));
  const letGo = transactions.inSystemTransaction(async (system) => {
    await forgetIdempotencyKeys(system);
    await letContextsGo(system, { days: ports.contextDays, countMax: CONTEXTS_LET_GO_MAX });
  });
  await letGo.catch((error: unknown) => {
    ports.logger.error({ err: error }, 'a sweep could not let go what is kept no longer');
  });
  return transactions.inSystemTransaction(async (system) => ({
    ...(await countDueWork(system, SWEPT_MAX)),
    delivery: await ports.countDueDeliveries(system, SWEPT_MAX),
  }));
}

async function expireAttempts(tx: Tx, missionId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    for (const attempt of await readExpiredAttempts(tx, missionId, EXPIRED_ATTEMPTS_PER_MISSION_MAX))
      await expireAttempt(ledger, attempt);
  });
}

async function fire(tx: Tx, missionId: string, scheduleId: string): Promise<void> {
  await fireSchedule(tx, missionId, scheduleId);
  crashPoint('schedule.before_commit');
}
