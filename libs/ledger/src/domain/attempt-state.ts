import type { AttemptState } from '#contracts';
import type { TransitionTable } from './machine.js';

export type AttemptAction = 'lease' | 'release' | 'succeed' | 'fail' | 'expire' | 'cancel';

export const ATTEMPT_TRANSITIONS: TransitionTable<AttemptState, AttemptAction> = {
  offered: { lease: 'leased', cancel: 'canceled' },
  leased: { release: 'offered', succeed: 'succeeded', fail: 'failed', expire: 'expired', cancel: 'canceled' },
  succeeded: {},
  failed: {},
  expired: {},
  canceled: {},
};

/** In flight: it holds a slot of its mission. */
export function isInFlight(state: AttemptState): boolean {
  return state === 'offered' || state === 'leased';
}
