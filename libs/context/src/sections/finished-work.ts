import type { ConductorSnapshot, SnapshotFinishedTask } from '#ledger';
import { type FenceKeys, fencedTitle } from '../domain/fence.js';
import { decayed, getCall, type Item, rung, searchCall, type SectionPlan } from '../domain/section-plan.js';

/** A failure or a cancellation bears on what to do next; most of what succeeded only orients. */
const WORTH = { completed: 10, failed: 30, canceled: 15 } as const;
const WORTH_HALVED_AT = 50;

/**
 * Section Z4: what has ended, oldest first. It depends on nothing that changes from wave to wave except the ends of
 * tasks, so that the cached prefix reaches to its end.
 */
export function finishedWorkPlan(
  { mission, finished, finishedTotal }: ConductorSnapshot,
  keyOf: FenceKeys,
): SectionPlan {
  const { completed, failed, canceled } = mission.counts;
  const newestFirst = finished.map((task, index) => finishedItem(task, index, keyOf));
  return {
    name: 'Z4',
    lists: [
      {
        source: 'finished',
        heading: `# Z4 Finished work\nCompleted ${completed}, failed ${failed}, canceled ${canceled}.\n`,
        items: newestFirst.reverse(),
        rest: { unlisted: finishedTotal - finished.length, fetch: () => searchCall('completed') },
      },
    ],
    omitted: [],
  };
}

function finishedItem(task: SnapshotFinishedTask, age: number, keyOf: FenceKeys): Item {
  const key = keyOf(task.ref, task.version);
  const attempts = `${task.attempts} attempt${task.attempts === 1 ? '' : 's'}`;
  const line = `${task.ref} ${task.state} after ${attempts} ${fencedTitle(key, task.title)}`;
  const card = rung('card', `${line} — ${fencedTitle(key, task.outcome)}\n`);
  return {
    ref: task.ref,
    source: 'finished',
    ladder: task.outcome === '' ? [rung('line', `${line}\n`)] : [rung('line', `${line}\n`), card],
    guaranteed: false,
    worth: decayed(WORTH[task.state], age, WORTH_HALVED_AT),
    fetch: getCall([task.ref]),
  };
}
