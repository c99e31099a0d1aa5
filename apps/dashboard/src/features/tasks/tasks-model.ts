import type { TaskSummary } from '../../api/generated/types.gen.js';

/** What can be done to many tasks at once. */
export type BulkAction = 'retry' | 'cancel';

const TAKEN: Readonly<Record<BulkAction, readonly TaskSummary['state'][]>> = {
  retry: ['failed', 'canceled'],
  cancel: ['blocked', 'queued', 'working', 'input_required'],
};

/** Of the chosen tasks, those whose state takes the action. */
export function takenBy(
  action: BulkAction,
  tasks: readonly TaskSummary[],
  chosen: ReadonlySet<string>,
): TaskSummary[] {
  return tasks.filter(({ id, state }) => chosen.has(id) && TAKEN[action].includes(state));
}

export interface BulkOutcome {
  readonly done: number;
  readonly refused: number;
}

/** Requests that are under way at once; a page of a hundred takes a moment, and the service stays free for others. */
const AT_ONCE = 4;

/** Does one thing to each; what is refused (somebody was faster) does not keep the rest from being done. */
export async function doToAll(
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
): Promise<BulkOutcome> {
  const waiting = [...ids];
  const outcome = { done: 0, refused: 0 };
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift())
      await act(id).then(
        () => (outcome.done += 1),
        () => (outcome.refused += 1),
      );
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, work));
  return outcome;
}

/** Why a list is empty, by what was looked for. */
export function whyEmpty(search: {
  readonly state?: string | undefined;
  readonly q?: string | undefined;
  readonly mission?: string | undefined;
}): string {
  const filters = [
    ...(search.q === undefined ? [] : [`nothing is called “${search.q}”`]),
    ...(search.state === undefined ? [] : [`none is ${search.state.replaceAll('_', ' ')}`]),
    ...(search.mission === undefined ? [] : ['this mission has no such task']),
  ];
  return filters.length === 0 ? 'No task has been submitted yet.' : `No task: ${filters.join(', ')}.`;
}
