import type { Mission } from '../../api/generated/types.gen.js';
import { choiceIn, textIn } from '../../ui/search-text.js';

/** What a person looks for, from what needs them to what is over. */
export const MISSION_FILTERS = [
  'active',
  'input_required',
  'stalled',
  'budget_reached',
  'overcommitted',
  'provider_blocked',
  'paused',
  'completed',
  'canceled',
  'archived',
] as const satisfies readonly Mission['state'][];

export interface MissionsSearch {
  readonly state?: Mission['state'] | undefined;
  readonly cursor?: string | undefined;
}

export function missionsSearch(search: Record<string, unknown>): MissionsSearch {
  return { state: choiceIn(search, 'state', MISSION_FILTERS), cursor: textIn(search, 'cursor') };
}
