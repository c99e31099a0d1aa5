import { TASK_STATES } from '#contracts';
import type { ConductorSnapshot, SnapshotInFlight, SnapshotReview, SnapshotTask } from '#ledger';
import { excerptLadder, resultPointers, resultText } from './excerpt.js';
import { fencedText, type FenceKeys, fencedTitle } from '../domain/fence.js';
import {
  decayed,
  fixedItem,
  getCall,
  guaranteedList,
  type Item,
  type ItemList,
  type Ladder,
  rung,
  searchCall,
  type SectionPlan,
} from '../domain/section-plan.js';

/** What a conductor can act on now comes first; a review whose result is in the inbox is mostly told there. */
const WORTH = { review: 40, ready: 30, reviewInInbox: 15, blocked: 8 } as const;
/** About what one wave can settle. */
const WORTH_HALVED_AT = 20;
const NEEDS_NAMED_MAX = 10;

/** Section Z6: open tasks by what can be done about them. Attempts in flight are guaranteed a line each. */
export function boardPlan(snapshot: ConductorSnapshot, keyOf: FenceKeys): SectionPlan {
  const { board, mission, wave } = snapshot;
  const counts = TASK_STATES.map((state) => `${state} ${mission.counts[state]}`).join(', ');
  const heading = `# Z6 Board\nCounts: ${counts}. Free slots: ${wave.freeSlots}.\n`;
  return {
    name: 'Z6',
    lists: [
      guaranteedList('board', heading, []),
      {
        ...taskList('ready', `## Ready to dispatch (${board.readyTotal})\n`, {
          items: board.ready.map((task, index) => readyItem(task, index, keyOf)),
          total: board.readyTotal,
          state: 'queued',
        }),
        ranked: true,
      },
      guaranteedList(
        'in flight',
        `## In flight (${board.inFlight.length})\n`,
        board.inFlight.map((attempt) => inFlightItem(attempt, keyOf)),
      ),
      taskList('review', `## Waiting for review (${board.reviewTotal})\n`, {
        items: reviewItems(snapshot, keyOf),
        total: board.reviewTotal,
        state: 'working',
      }),
      taskList('blocked', `## Blocked (${board.blockedTotal})\n`, {
        items: board.blocked.map((task, index) => blockedItem(task, index, keyOf)),
        total: board.blockedTotal,
        state: 'blocked',
      }),
    ],
    omitted: [],
  };
}

/** What the lines of the attempts in flight take; they belong to what a mission obliges a request to carry. */
export function inFlightTokens(inFlight: readonly SnapshotInFlight[], keyOf: FenceKeys): number {
  return inFlight.reduce((sum, attempt) => sum + inFlightItem(attempt, keyOf).ladder[0].tokens, 0);
}

function inFlightItem(
  { taskRef, attemptRef, state, pool, title, version }: SnapshotInFlight,
  keyOf: FenceKeys,
): Item {
  const line = `${taskRef} ${attemptRef} ${state} ${pool} ${fencedTitle(keyOf(taskRef, version), title)}\n`;
  return fixedItem(taskRef, 'in flight', line);
}

function taskList(
  source: string,
  heading: string,
  { items, total, state }: { items: readonly Item[]; total: number; state: string },
): ItemList {
  return {
    source,
    heading,
    items,
    rest: { unlisted: total - items.length, fetch: () => searchCall(state) },
  };
}

function readyItem(task: SnapshotTask, index: number, keyOf: FenceKeys): Item {
  const failures = task.failures > 0 ? ` failures=${task.failures}` : '';
  const reason = task.stateReason === 'dispatch_rejected' ? ' reason=dispatch_rejected' : '';
  return {
    ...lineItem(task, failures + reason, keyOf),
    source: 'ready',
    worth: decayed(WORTH.ready, index, WORTH_HALVED_AT),
  };
}

function blockedItem(task: SnapshotTask, index: number, keyOf: FenceKeys): Item {
  const named = task.openDependencies.slice(0, NEEDS_NAMED_MAX);
  const unnamed = task.openDependencies.length - named.length;
  const needs = unnamed > 0 ? [...named, `+${unnamed}`] : named;
  const reason = task.stateReason === 'dependency_failed' ? ' reason=dependency_failed' : '';
  return {
    ...lineItem(task, `${needs.length === 0 ? '' : ` needs ${needs.join(',')}`}${reason}`, keyOf),
    source: 'blocked',
    worth: decayed(WORTH.blocked, index, WORTH_HALVED_AT),
  };
}

function lineItem(task: SnapshotTask, details: string, keyOf: FenceKeys): Omit<Item, 'source' | 'worth'> {
  const { ref, version, priority, worker } = task;
  const title = fencedTitle(keyOf(ref, version), task.title);
  const line = `${ref} v${version} p${priority} worker=${worker ?? 'any'}${details} ${title}\n`;
  return { ref, ladder: [rung('line', line)], guaranteed: false, fetch: getCall([ref]) };
}

/** Results to judge. One that waits in the inbox is shown there: the board does not say it twice. */
function reviewItems({ board, inbox }: ConductorSnapshot, keyOf: FenceKeys): Item[] {
  const inInbox = new Set(inbox.map((item) => (item.kind === 'attempt_succeeded' ? item.attemptRef : null)));
  return board.review.map((review, index) => {
    const isTold = inInbox.has(review.attemptRef);
    return {
      ref: review.taskRef,
      source: 'review',
      ladder: isTold ? toldLadder(review, keyOf) : resultLadder(review, keyOf),
      guaranteed: false,
      worth: decayed(isTold ? WORTH.reviewInInbox : WORTH.review, index, WORTH_HALVED_AT),
      fetch: getCall([review.attemptRef]),
    };
  });
}

function toldLadder(review: SnapshotReview, keyOf: FenceKeys): Ladder {
  const line = rung('line', reviewLine(review, keyOf));
  if (review.acceptanceCriteria.length === 0) return [line];
  return [line, rung('full', line.text + criteriaText(review, keyOf))];
}

function resultLadder(review: SnapshotReview, keyOf: FenceKeys): Ladder {
  const line = reviewLine(review, keyOf);
  const fetch = getCall([review.attemptRef]);
  const excerpts = excerptLadder({
    text: resultText(review.result),
    before: line + criteriaText(review, keyOf),
    after: resultPointers(review.result, fetch),
    frame: 'untrusted',
    key: keyOf(review.attemptRef),
    fetch,
  });
  return [rung('line', line), ...excerpts];
}

function reviewLine({ taskRef, attemptRef, version, title }: SnapshotReview, keyOf: FenceKeys): string {
  return `${taskRef} ${attemptRef} v${version} ${fencedTitle(keyOf(taskRef, version), title)}\n`;
}

function criteriaText({ taskRef, version, acceptanceCriteria }: SnapshotReview, keyOf: FenceKeys): string {
  if (acceptanceCriteria.length === 0) return '';
  const lines = acceptanceCriteria.map((text, index) => `Criterion ${index + 1}: ${text}`);
  return fencedText('untrusted', keyOf(taskRef, version), lines.join('\n'));
}
