import type { Mission } from '#contracts';

/** Whether following a mission on can still show something new. */
export type Standing = 'completed' | 'running' | 'held' | 'quiet';

/** What only a person, or more money, moves again. `provider_blocked` and `paused` may pass by themselves. */
const HELD_STATES: readonly Mission['state'][] = [
  'archived',
  'canceled',
  'budget_reached',
  'stalled',
  'overcommitted',
  'input_required',
];

/**
 * `quiet`: nothing is queued or working and no wave runs, so that either everything ended or what is left waits for a
 * failed dependency. It is certain only when the conductor has nothing due either; see `isAtRest`.
 */
export function missionStanding(mission: Pick<Mission, 'state' | 'counts' | 'conductor'>): Standing {
  if (mission.state === 'completed') return 'completed';
  if (HELD_STATES.includes(mission.state)) return 'held';
  const { queued, working, input_required: asking } = mission.counts;
  return queued + working + asking === 0 && mission.conductor.wave_id === null ? 'quiet' : 'running';
}

interface Gauge {
  readonly wave: object | null;
  readonly spill: number;
  readonly next_wave_at: string | null;
}

/** No wave runs, none is due, and no wave owes the inbox a look: a quiet mission stays as it is. */
export function isAtRest(gauge: Gauge): boolean {
  return gauge.wave === null && gauge.spill === 0 && gauge.next_wave_at === null;
}

export function endedTasks(counts: Mission['counts']): number {
  return counts.completed + counts.failed + counts.canceled;
}
