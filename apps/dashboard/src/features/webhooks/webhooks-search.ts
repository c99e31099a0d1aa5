import { choiceIn, textIn } from '../../ui/search-text.js';

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;

export interface WebhooksSearch {
  readonly endpoint?: string | undefined;
  readonly state?: (typeof DELIVERY_STATES)[number] | undefined;
  readonly cursor?: string | undefined;
}

export function webhooksSearch(search: Record<string, unknown>): WebhooksSearch {
  return {
    endpoint: textIn(search, 'endpoint'),
    state: choiceIn(search, 'state', DELIVERY_STATES),
    cursor: textIn(search, 'cursor'),
  };
}
