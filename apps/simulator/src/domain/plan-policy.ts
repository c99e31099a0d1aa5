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
import { ordersOf, type Orders } from './orders.js';
import type { AnsweredCall, ConductorView, OpenTaskView, ReviewView } from './parse-request-text.js';

/** Of the calls of a response, how many may be reviews; the rest is left for dispatches and the hand-off. */
const REVIEW_CALLS_MAX = 3;
/** Attempts (10 a call) whose results are looked up when neither the board nor the inbox shows them. */
const READ_CALLS_MAX = 4;
const READ_REFS_MAX = 10;
const CITED_REFS_MAX = 5;
/** Questions of one response. */
const ASK_CALLS_MAX = 2;
/** For late results, cancellations and the hand-off. */
const CALLS_KEPT = 3;
/** After this many responses with writes, what was refused stays refused. */
const WRITE_TURNS_MAX = 2;

/** Reads first if it must; else reviews, dispatches, does what people told it and hands off, all in one response. */
export function plan(view: ConductorView): ToolCall[] {
  const reads = neededReads(view);
  return reads.length > 0 ? reads : decisionCalls(view, decide(view));
}

/** What this response decides, beside what earlier responses of the wave have settled. */
interface Decisions {
  readonly accepted: readonly string[];
  readonly late: readonly LateResult[];
  readonly canceled: readonly string[];
  readonly asked: Orders['ask'];
  readonly dispatched: readonly OpenTaskView[];
  readonly stopped: boolean;
  /** Ready tasks are left alone: a person said so, or rejected all there are. */
  readonly deferred: boolean;
  readonly done: boolean;
  readonly verified: WriteInput<'handoff'>['verified'];
}

function decide(view: ConductorView): Decisions {
  const { board } = view;
  const settled = settledRefs(view);
  const mayWrite = view.turns.filter((calls) => calls.some(isWrite)).length < WRITE_TURNS_MAX;
  const orders = ordersOf(view);
  const canceled = mayWrite ? orders.cancel.filter((ref) => !settled.canceled.has(ref)) : [];
  const asked = mayWrite && !settled.asked ? orders.ask.slice(0, ASK_CALLS_MAX) : [];
  const spoken = new Set([...orders.cancel, ...orders.ask.flatMap(({ refs = [] }) => refs)]);
  const accepted = board.review
    .filter((review) => mayWrite && isReadable(review, view) && !settled.accepted.has(review.taskRef))
    .map((review) => review.taskRef)
    .filter((ref) => !spoken.has(ref))
    .slice(0, REVIEW_CALLS_MAX * VERDICTS_MAX);
  const acceptedInWave = new Set([...settled.accepted, ...accepted]);
  const late = mayWrite ? lateResults(view, new Set([...acceptedInWave, ...spoken])) : [];
  const freed = view.acceptingNeedsApproval
    ? []
    : board.blocked.filter((task) => isFreed(task, acceptedInWave));
  const dispatchable = [...board.ready, ...freed]
    .filter((task) => !settled.dispatched.has(task.ref) && !spoken.has(task.ref) && !isRejected(task))
    .filter((task) => !late.some(({ ref }) => ref === task.ref))
    .filter((task) => !view.namedGoByRule || task.worker === null)
    .toSorted((one, other) => one.priority - other.priority);
  const otherCalls = Math.ceil(accepted.length / VERDICTS_MAX) + asked.length + CALLS_KEPT;
  const slots = Math.max(0, board.freeSlots - settled.dispatched.size);
  const dispatchedMax = Math.min(slots, (TOOL_CALLS_MAX - otherCalls) * DISPATCH_REFS_MAX);
  const tasksLeft = board.openTasks - acceptedInWave.size - late.length - openAmong(view, orders.cancel);
  return {
    accepted,
    late,
    canceled,
    asked,
    dispatched: orders.stop || !mayWrite ? [] : dispatchable.slice(0, Math.max(0, dispatchedMax)),
    stopped: orders.stop,
    deferred: orders.stop || (board.ready.length > 0 && board.ready.every(isRejected)),
    // A mission that never had a task is not done, it has not begun.
    done: tasksLeft <= 0 && board.endedTasks + acceptedInWave.size > 0 && orders.ask.length === 0,
    verified: view.verification ? citations(view) : undefined,
  };
}

interface LateResult {
  readonly ref: string;
  readonly attempt: string;
}

/** A result that came too late is as good as any, unless a newer one waits for its review or a person wants otherwise. */
function lateResults(view: ConductorView, settled: ReadonlySet<string>): LateResult[] {
  const newer = new Set([...view.board.review.map((review) => review.taskRef), ...view.completedRefs]);
  const found = view.inbox.flatMap(({ kind, words: [ref, attempt] }) =>
    kind === 'attempt_late' && ref !== undefined && attempt !== undefined ? [{ ref, attempt }] : [],
  );
  return found.filter(({ ref }) => !settled.has(ref) && !newer.has(ref)).slice(0, VERDICTS_MAX);
}

function openAmong({ board }: ConductorView, refs: readonly string[]): number {
  const open = new Set([
    ...[...board.ready, ...board.blocked].map((task) => task.ref),
    ...board.review.map((review) => review.taskRef),
    ...board.inFlight,
  ]);
  return refs.filter((ref) => open.has(ref)).length;
}

/** A person rejected its dispatch: it waits until somebody changes it. */
function isRejected(task: OpenTaskView): boolean {
  return task.reason === 'dispatch_rejected';
}

function decisionCalls(view: ConductorView, decisions: Decisions): ToolCall[] {
  const reviews = chunks(decisions.accepted, VERDICTS_MAX).map((refs) =>
    write({
      tool: 'task_review',
      input: { verdicts: refs.map((ref) => ({ ref, verdict: 'accept' as const })) },
    }),
  );
  const late = decisions.late.length === 0 ? [] : [acceptLate(decisions.late)];
  const cancels =
    decisions.canceled.length === 0
      ? []
      : [
          write({
            tool: 'task_cancel',
            input: { refs: [...decisions.canceled], reason: 'A person asked for it.' },
          }),
        ];
  const questions = decisions.asked.map((input) => write({ tool: 'ask_human', input }));
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
    ...(decisions.deferred ? { defer_ready: true } : {}),
    ...(decisions.verified === undefined ? {} : { verified: decisions.verified }),
  });
  return [...reviews, ...late, ...cancels, ...questions, ...dispatches, ending];
}

function acceptLate(late: readonly LateResult[]): ToolCall {
  return write({
    tool: 'task_review',
    input: { verdicts: late.map((result) => ({ ...result, verdict: 'accept' as const })) },
  });
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
    decisions.canceled.length === 0 ? '' : `Canceled as a person said: ${listed(decisions.canceled)}.`,
    decisions.asked.length === 0 ? '' : 'Asked a person, as told.',
    failedBefore.length === 0 ? '' : `Tried again after a failure: ${listed(failedBefore)}.`,
    decisions.done ? 'No task is open.' : `Open: ${openTasks} tasks.`,
  ];
  return sentences
    .filter((sentence) => sentence !== '')
    .join(' ')
    .slice(0, HANDOFF_NOTE_CHARACTERS_MAX);
}

/** The whole note has to stay within its bound in tokens. */
const LISTED_REFS_MAX = 15;

function listed(refs: readonly string[]): string {
  if (refs.length === 0) return 'nothing';
  const rest = refs.length - LISTED_REFS_MAX;
  return refs.slice(0, LISTED_REFS_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** What earlier responses of this wave asked for and did not get back as an error: staged already. */
function settledRefs(view: ConductorView) {
  const calls = view.turns.flat().filter((call) => isWrite(call) && !call.failed);
  const refsOf = (name: string) => calls.filter((call) => call.name === name).flatMap(refsIn);
  return {
    accepted: new Set(refsOf('task_review')),
    dispatched: new Set(refsOf('task_dispatch')),
    canceled: new Set(refsOf('task_cancel')),
    asked: calls.some((call) => call.name === 'ask_human'),
  };
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
