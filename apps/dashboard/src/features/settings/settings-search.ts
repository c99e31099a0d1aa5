import { choiceIn } from '../../ui/search-text.js';

export const SETTINGS_TABS = ['usage', 'budget', 'workers', 'keys', 'audit'] as const;
export const USAGE_GROUPS = ['mission', 'model', 'day', 'role'] as const;

export interface SettingsSearch {
  readonly tab?: (typeof SETTINGS_TABS)[number] | undefined;
  readonly by?: (typeof USAGE_GROUPS)[number] | undefined;
}

export function settingsSearch(search: Record<string, unknown>): SettingsSearch {
  return { tab: choiceIn(search, 'tab', SETTINGS_TABS), by: choiceIn(search, 'by', USAGE_GROUPS) };
}
