import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerEvent, Mission, Wave } from '#contracts';
import type { ApiClient } from '../api-client.js';
import { isAtRest, missionStanding } from './mission-standing.js';

const POLL_INTERVAL_MS = 500;

export interface FollowOptions {
  readonly client: ApiClient;
  readonly missionId: string;
  /** Aborts when there is no more time, or no more wish, to wait. */
  readonly until: AbortSignal;
  /** Each committed wave once, in order. */
  readonly onWave: (wave: Wave) => void;
  readonly onProgress: (mission: Mission) => void;
}

export interface Followed {
  /** As it was last read. */
  readonly mission: Mission;
  /** All events up to then, in order. */
  readonly events: readonly LedgerEvent[];
  readonly ending: 'completed' | 'held' | 'at_rest' | 'out_of_time';
}

/** Follows a mission by its events until nothing more will happen by itself. */
export async function followMission(options: FollowOptions): Promise<Followed> {
  const { client, missionId, until } = options;
  const events: LedgerEvent[] = [];
  for (;;) {
    // The mission first: the events read after it then reach at least as far as what it says.
    const mission = await client.getMission(missionId);
    const newEvents = await client.listEventsAfter(missionId, events.at(-1)?.seq ?? 0);
    events.push(...newEvents);
    await showWaves(options, newEvents);
    options.onProgress(mission);
    const ending = until.aborted ? 'out_of_time' : await endingOf(client, mission);
    if (ending !== null) return { mission, events, ending };
    await delay(POLL_INTERVAL_MS, undefined, { signal: until }).catch(() => {});
  }
}

async function showWaves({ client, onWave }: FollowOptions, events: readonly LedgerEvent[]): Promise<void> {
  for (const { type, wave_id } of events)
    if (type === 'wave.committed' && wave_id !== null) onWave(await client.getWave(wave_id));
}

async function endingOf(client: ApiClient, mission: Mission): Promise<Followed['ending'] | null> {
  const standing = missionStanding(mission);
  if (standing === 'completed' || standing === 'held') return standing;
  if (standing === 'running') return null;
  return isAtRest(await client.getConductor(mission.id)) ? 'at_rest' : null;
}
