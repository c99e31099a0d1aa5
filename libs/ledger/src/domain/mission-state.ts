import type { Hold, MissionState, MissionStatus } from '#contracts';
import type { TransitionTable } from './machine.js';

export type MissionAction = 'pause' | 'resume' | 'complete' | 'reopen' | 'cancel' | 'archive';

export const MISSION_TRANSITIONS: TransitionTable<MissionState, MissionAction> = {
  active: { pause: 'paused', complete: 'completed', cancel: 'canceled', archive: 'archived' },
  paused: { resume: 'active', cancel: 'canceled', archive: 'archived' },
  completed: { reopen: 'active', archive: 'archived' },
  canceled: { archive: 'archived' },
  archived: {},
};

/** Holds in the order in which the API shows them. */
const STATUS_OF_HOLD: readonly (readonly [Hold, MissionStatus])[] = [
  ['budget', 'budget_reached'],
  ['stalled', 'stalled'],
  ['overcommitted', 'overcommitted'],
  ['provider', 'provider_blocked'],
];

/** What the API shows as a mission's state: archived, canceled, completed, paused, then holds, then a waiting question, else active. */
export function missionStatus(
  state: MissionState,
  holds: readonly Hold[],
  waits: { readonly forInput: boolean },
): MissionStatus {
  if (state !== 'active') return state;
  for (const [hold, status] of STATUS_OF_HOLD) if (holds.includes(hold)) return status;
  return waits.forInput ? 'input_required' : 'active';
}
