import type { Hold, MissionState } from '#contracts';

/** What decides whether a mission's next wave is due. Counters are those under the mission's lock. */
export interface DueFacts {
  readonly state: MissionState;
  readonly holds: readonly Hold[];
  readonly inboxUnseen: number;
  readonly tasksReady: number;
  readonly freeSlots: number;
  readonly readyDeferred: boolean;
  readonly verificationOwed: boolean;
}

/** True when a wave would have something to act on. A mission with nothing actionable costs no tokens. */
export function isActionable(facts: DueFacts): boolean {
  if (facts.state !== 'active' || facts.holds.length > 0) return false;
  return (
    facts.inboxUnseen > 0 ||
    facts.verificationOwed ||
    (facts.tasksReady > 0 && facts.freeSlots > 0 && !facts.readyDeferred)
  );
}

/**
 * When the next wave is due: null when nothing is; else the time already set (later arrivals never postpone it), else
 * `debounceMs` from now, so that what arrives together shares one wave. A person's word makes it due now.
 */
export function nextWaveDueAt(
  facts: DueFacts,
  schedule: {
    readonly current: Date | null;
    readonly now: Date;
    readonly debounceMs: number;
    readonly urgent: boolean;
  },
): Date | null {
  if (!isActionable(facts)) return null;
  const { current, now } = schedule;
  if (schedule.urgent) return current !== null && current < now ? current : now;
  return current ?? new Date(now.getTime() + schedule.debounceMs);
}

/** Back-off after waves that aborted with an error, by how many did in a row: 1, 2, 4 … 60 s. */
export function abortBackoffMs(abortsInRow: number): number {
  return Math.min(60_000, 1_000 * 2 ** Math.max(0, abortsInRow - 1));
}

/** After so many waves in a row that aborted with an error, a mission is stalled and a person is asked. */
export const ABORTS_IN_ROW_MAX = 5;
/** The same for leases lost without any commit between them: crashes, kills and rotations are not the mission's fault so soon. */
export const LEASES_LOST_IN_ROW_MAX = 20;
/** An outage of the provider that lasts so long holds the mission. */
export const OUTAGE_MS_MAX = 600_000;
/** A verification that fails this often is a person's to settle. */
export const VERIFICATION_FAILURES_MAX = 2;
