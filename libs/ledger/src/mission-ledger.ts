import type { Tx } from '#database';
import { newUuid } from '#contracts';
import { nextWaveDueAt } from './domain/due.js';
import { depthAfterArrival, roomForTasks, type Origin, type Room } from './domain/lineage.js';
import { insertEvents, type EventRow, type NewEvent } from './event.store.js';
import { growDigests, type EndedTask } from './grow-digests.js';
import { insertInboxItems, type InboxRow, type NewInboxItem } from './inbox.store.js';
import { lockMission, readMission, readTenantLimits, saveMission, type MissionRow } from './mission.store.js';
import { insertDeliveries, type Outbound } from './outbound.store.js';
import { planByRule } from './plan-by-rule.js';

/**
 * Attempts that one mission may have in flight, whatever its tenant may: each needs a line in the context. So does what
 * waits for a person, which leaves room for that many fewer.
 */
export const ATTEMPTS_IN_FLIGHT_MAX = 100;

/**
 * A mission's ledger, opened under the mission's lock. A command changes `mission`, appends events, lets items
 * arrive and notes what has ended; `close` numbers and writes all of it, decides when the next wave is due, and asks for the doorbell. Nothing
 * else writes a mission, an event or an inbox item.
 */
export class MissionLedger {
  private readonly events: (EventRow & { outbound?: Outbound | undefined })[] = [];
  private readonly arrivals: InboxRow[] = [];
  private readonly ended: EndedTask[] = [];
  private urgent = false;

  private constructor(
    readonly tx: Tx,
    readonly mission: MissionRow,
    private readonly before: MissionRow,
    private readonly slotsMax: number,
  ) {}

  /** Locks the mission and opens its ledger; throws `not_found` when this tenant has no such mission. */
  static async open(tx: Tx, missionId: string): Promise<MissionLedger> {
    return MissionLedger.of(tx, await lockMission(tx, missionId));
  }

  /** The same without the lock, to look and never to write. */
  static async peek(tx: Tx, missionId: string): Promise<MissionLedger> {
    return MissionLedger.of(tx, await readMission(tx, missionId));
  }

  private static async of(tx: Tx, mission: MissionRow): Promise<MissionLedger> {
    const { concurrent_attempts: attemptsMax } = await readTenantLimits(tx);
    const slotsMax = attemptsMax === 0 ? ATTEMPTS_IN_FLIGHT_MAX : attemptsMax;
    return new MissionLedger(tx, { ...mission }, mission, slotsMax);
  }

  get now(): Date {
    return this.tx.now;
  }

  /** What a wave may make now. */
  get roomForTasks(): Room {
    const { lastTaskNumber: tasksEver, plannedDepth, policy } = this.mission;
    return roomForTasks(policy.limits, { tasksEver, plannedDepth });
  }

  /** Attempts that may still be offered. */
  get freeSlots(): number {
    const { attemptsInFlight, tasksInputRequired } = this.mission;
    const linesMax = ATTEMPTS_IN_FLIGHT_MAX - tasksInputRequired;
    return Math.max(0, Math.min(this.slotsMax, linesMax) - attemptsInFlight);
  }

  /** Appends an event under the mission's next number. */
  append(event: NewEvent, outbound?: Outbound): void {
    this.mission.lastEventSeq += 1;
    this.events.push({
      ...event,
      id: newUuid(),
      missionId: this.mission.id,
      seq: this.mission.lastEventSeq,
      createdAt: this.now,
      outbound,
    });
  }

  /**
   * Puts an item into the inbox. Whatever arrives ends a deferral of ready tasks, and news from outside begins the depth of
   * planning anew; a person's word makes the wave due now.
   */
  arrive({ origin, ...item }: NewInboxItem & { readonly origin: Origin }): void {
    this.mission.lastInboxSeq += 1;
    this.mission.inboxUnseen += 1;
    this.mission.readyDeferred = false;
    this.mission.plannedDepth = depthAfterArrival(this.mission.plannedDepth, origin);
    this.urgent ||= item.lane === 'person';
    this.arrivals.push({ ...item, seq: this.mission.lastInboxSeq });
  }

  /** Notes that a task has ended, beside the event that says so: it gets its place in the digest tree. */
  digest(ended: EndedTask): void {
    this.ended.push(ended);
  }

  /** Takes up work again: without a pause the next wave would wait for the next arrival. */
  dueNow(): void {
    this.urgent = true;
  }

  /** Writes everything down. The command's last act. */
  async close(): Promise<void> {
    const { mission, tx } = this;
    if (this.ended.length > 0) await growDigests(this, this.ended);
    mission.waveDueAt = nextWaveDueAt(
      { ...mission, freeSlots: this.freeSlots },
      {
        current: mission.waveDueAt,
        now: this.now,
        debounceMs: mission.policy.debounce_ms,
        urgent: this.urgent,
      },
    );
    if (this.events.length > 0) {
      mission.updatedAt = this.now;
      await insertEvents(tx, this.events);
      await insertDeliveries(tx, this.events);
      tx.tellOfEvents(mission.id, mission.lastEventSeq);
    }
    if (this.arrivals.length > 0) await insertInboxItems(tx, mission.id, this.arrivals);
    await saveMission(tx, this.before, mission);
    this.ringForWave();
  }

  private ringForWave(): void {
    const { waveDueAt, waveId } = this.mission;
    const wasDueThen = this.before.waveDueAt?.getTime() === waveDueAt?.getTime();
    if (waveDueAt === null || waveId !== null || (wasDueThen && this.before.waveId === null)) return;
    this.tx.ring('wave', Math.max(0, waveDueAt.getTime() - this.now.getTime()));
  }
}

/** Opens a mission's ledger for one command and closes it behind it. */
export async function inMission<Result>(
  tx: Tx,
  missionId: string,
  command: (ledger: MissionLedger) => Promise<Result>,
): Promise<Result> {
  const ledger = await MissionLedger.open(tx, missionId);
  const result = await command(ledger);
  await planByRule(ledger);
  await ledger.close();
  return result;
}
