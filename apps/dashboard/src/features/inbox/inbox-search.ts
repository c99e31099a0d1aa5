import { choiceIn } from '../../ui/search-text.js';

export const INBOX_STATES = ['open', 'answered', 'expired'] as const;

export interface InboxSearch {
  readonly state?: (typeof INBOX_STATES)[number] | undefined;
}

/** Open ones unless told otherwise. */
export function inboxSearch(search: Record<string, unknown>): InboxSearch {
  return { state: choiceIn(search, 'state', INBOX_STATES) };
}
