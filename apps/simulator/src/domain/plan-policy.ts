import {
  DISPATCH_REFS_MAX,
  HANDOFF_NOTE_CHARACTERS_MAX,
  VERDICTS_MAX,
  writeToolSchemas,
  type WriteInput,
} from '#contracts';
import type { ToolCall } from './answer.js';
import { handoff, read, TOOL_CALLS_MAX, write } from './conductor-calls.js';
import { trustedText } from './fences.js';
import type { AnsweredCall, ConductorView, OpenTaskView, ReviewView } from './parse-request-text.js';

/** Of the calls of a response, how many may be reviews; the rest is left for dispatches and the hand-off. */
const REVIEW_CALLS_MAX = 3;
/** Attempts (10 a call) whose results are looked up when neither the board nor the inbox shows them. */
const READ_CALLS_MAX = 4;
const READ_REFS_MAX = 10;
const CITED_REFS_MAX = 5;
/** After this many responses with writes, what was refused stays refused. */
const WRITE_TURNS_MAX = 2;

/** Reads first if it must; else reviews, dispatches and hands off, all in one response. */
export function plan(view: ConductorView): ToolCall[] {
  const reads = neededReads(view);
  return reads.length > 0 ? reads : decisionCalls(view, decide(view));
}

/** What this response decides, beside what earlier responses of the wave have settled. */
interface Decisions {
  readonly accepted: readonly string[];
  readonly dispatched: readonly OpenTaskView[];
  readonly stopped: boolean;
  readonly done: boolean;
  readonly verified: WriteInput<'handoff'>['verified'];
}

function decide(view: ConductorView): Decisions {
  const { board } = view;
  const settled = settledRefs(view);
  const mayWrite = view.turns.filter((calls) => calls.some(isWrite)).length < WRITE_TURNS_MAX;
  const accepted = board.review
    .filter((review) => mayWrite && isReadable(review, view) && !settled.accepted.has(review.taskRef))
    .map((review) => review.taskRef)
    .slice(0, REVIEW_CALLS_MAX * VERDICTS_MAX);
  const acceptedInWave = new Set([...settled.accepted, ...accepted]);
  const stopped = isToldToStop(view);
  const dispatchable = [...board.ready, ...board.blocked.filter((task) => isFreed(task, acceptedInWave))]
    .filter((task) => !settled.dispatched.has(task.ref))
    .toSorted((one, other) => one.priority - other.priority);
  const dispatchCallsMax = TOOL_CALLS_MAX - 1 - Math.ceil(accepted.length / VERDICTS_MAX);
  const slots = Math.max(0, board.freeSlots - settled.dispatched.size);
  const tasksLeft = board.openTasks - acceptedInWave.size;
  return {
    accepted,
    dispatched:
      stopped || !mayWrite
        ? []
        : dispatchable.slice(0, Math.min(slots, dispatchCallsMax * DISPATCH_REFS_MAX)),
    stopped,
    // A mission that never had a task is not done, it has not begun.
    done: tasksLeft <= 0 && board.endedTasks + acceptedInWave.size > 0,
    verified: view.verification ? citations(view) : undefined,
  };
}

function decisionCalls(view: ConductorView, decisions: Decisions): ToolCall[] {
  const reviews = chunks(decisions.accepted, VERDICTS_MAX).map((refs) =>
    write({
      tool: 'task_review',
      input: { verdicts: refs.map((ref) => ({ ref, verdict: 'accept' as const })) },
    }),
  );
  const worker = view.workers[0];
  const dispatches = chunks(decisions.dispatched, DISPATCH_REFS_MAX).map((tasks) =>
    write({
      tool: 'task_dispatch',
      input: {
        refs: tasks.map((task) => task.ref),
        ...(worker !== undefined && tasks.some((task) => task.worker === null) ? { worker } : {}),
      },
    }),
  );
  const ending = handoff({
    note: handoffNote(view, decisions),
    done: decisions.done,
    ...(decisions.stopped ? { defer_ready: true } : {}),
    ...(decisions.verified === undefined ? {} : { verified: decisions.verified }),
  });
  return [...reviews, ...dispatches, ending];
}

/** Where the board and the inbox do not show what a decision rests on, it is asked for, once in a wave. */
function neededReads(view: ConductorView): ToolCall[] {
  if (view.turns.length > 0) return [];
  const unread = view.board.review.filter((review) => !isReadable(review, view));
  const gets = chunks(unread, READ_REFS_MAX)
    .slice(0, READ_CALLS_MAX)
    .map((reviews) =>
      read({ tool: 'ledger_get', input: { refs: reviews.map((review) => review.attemptRef) } }),
    );
  const searches =
    view.verification && view.completedRefs.length === 0
      ? [read({ tool: 'ledger_search', input: { query: '', state: 'completed' } })]
      : [];
  return [...gets, ...searches];
}

function isReadable(review: ReviewView, view: ConductorView): boolean {
  const inInbox = view.inbox.some(
    (item) => item.kind === 'attempt_succeeded' && item.words.includes(review.attemptRef),
  );
  const lookedUp = view.turns
    .flat()
    .some((call) => call.name === 'ledger_get' && !call.failed && refsIn(call).includes(review.attemptRef));
  return review.resultShown || inInbox || lookedUp;
}

/** Ready as soon as the reviews before it in the same response are applied. */
function isFreed(task: OpenTaskView, accepted: ReadonlySet<string>): boolean {
  return task.reason !== 'dependency_failed' && task.needs?.every((ref) => accepted.has(ref)) === true;
}

function isToldToStop(view: ConductorView): boolean {
  return view.inbox.some(
    (item) =>
      item.kind === 'message' &&
      item.words.includes('trusted') &&
      item.frame === 'person' &&
      /\bstop\b/i.test(item.text),
  );
}

function citations(view: ConductorView): WriteInput<'handoff'>['verified'] {
  const found = view.turns
    .flat()
    .filter((call) => call.name === 'ledger_search' && !call.failed)
    .flatMap((call) => trustedText(call.resultText).match(/\bT[1-9]\d*\b/g) ?? []);
  const refs = [...new Set([...view.completedRefs, ...found])].slice(-CITED_REFS_MAX);
  return refs.length === 0 ? undefined : view.criteria.map((criterion) => ({ criterion, refs }));
}

function handoffNote(view: ConductorView, decisions: Decisions): string {
  const failedBefore = decisions.dispatched.filter((task) => task.failures > 0).map((task) => task.ref);
  const openTasks = Math.max(0, view.board.openTasks - decisions.accepted.length);
  const sentences = [
    decisions.stopped ? 'Stopped by a person: nothing is dispatched.' : '',
    `Accepted ${listed(decisions.accepted)}.`,
    `Dispatched ${listed(decisions.dispatched.map((task) => task.ref))}.`,
    failedBefore.length === 0 ? '' : `Tried again after a failure: ${listed(failedBefore)}.`,
    decisions.done ? 'No task is open.' : `Open: ${openTasks} tasks.`,
  ];
  return sentences
    .filter((sentence) => sentence !== '')
    .join(' ')
    .slice(0, HANDOFF_NOTE_CHARACTERS_MAX);
}

const LISTED_REFS_MAX = 40;

function listed(refs: readonly string[]): string {
  if (refs.length === 0) return 'nothing';
  const rest = refs.length - LISTED_REFS_MAX;
  return refs.slice(0, LISTED_REFS_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** What earlier responses of this wave asked for and did not get back as an error: staged already. */
function settledRefs(view: ConductorView) {
  const calls = view.turns.flat().filter((call) => isWrite(call) && !call.failed);
  const refsOf = (name: string) => calls.filter((call) => call.name === name).flatMap(refsIn);
  return { accepted: new Set(refsOf('task_review')), dispatched: new Set(refsOf('task_dispatch')) };
}

function isWrite(call: AnsweredCall): boolean {
  return call.name in writeToolSchemas;
}

function refsIn(call: AnsweredCall): string[] {
  const { refs, verdicts } = call.input;
  if (Array.isArray(refs)) return refs.filter((ref) => typeof ref === 'string');
  const review = writeToolSchemas.task_review.safeParse({ verdicts });
  return review.success ? review.data.verdicts.map((verdict) => verdict.ref) : [];
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_chunk, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
