import type { WaveState } from '#contracts';
import type { TransitionTable } from './machine.js';

export type WaveAction = 'commit' | 'abort';

export const WAVE_TRANSITIONS: TransitionTable<WaveState, WaveAction> = {
  running: { commit: 'committed', abort: 'aborted' },
  committed: {},
  aborted: {},
};
