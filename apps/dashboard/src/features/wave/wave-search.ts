import { choiceIn, textIn } from '../../ui/search-text.js';

export const WAVE_TABS = ['sections', 'request', 'diff'] as const;

export interface WaveSearch {
  readonly tab?: (typeof WAVE_TABS)[number] | undefined;
  /** The section that is read. */
  readonly section?: string | undefined;
}

export function waveSearch(search: Record<string, unknown>): WaveSearch {
  return { tab: choiceIn(search, 'tab', WAVE_TABS), section: textIn(search, 'section') };
}
