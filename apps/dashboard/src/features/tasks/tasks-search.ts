import type { TaskSummary } from '../../api/generated/types.gen.js';
import { choiceIn, textIn } from '../../ui/search-text.js';

export const TASK_STATES = [
  'blocked',
  'queued',
  'working',
  'input_required',
  'completed',
  'failed',
  'canceled',
] as const satisfies readonly TaskSummary['state'][];

export interface TasksSearch {
  readonly state?: TaskSummary['state'] | undefined;
  readonly mission?: string | undefined;
  readonly q?: string | undefined;
  readonly cursor?: string | undefined;
}

/** What is looked at stands in the address, and comes back with it. */
export function tasksSearch(search: Record<string, unknown>): TasksSearch {
  return {
    state: choiceIn(search, 'state', TASK_STATES),
    mission: textIn(search, 'mission'),
    q: textIn(search, 'q'),
    cursor: textIn(search, 'cursor'),
  };
}
