import {
  looksLikeReference,
  QUESTIONS_OPEN_MAX,
  type Json,
  type Policy,
  type StagedWrite,
  type TaskState,
  type WriteInput,
  type WriteTool,
} from '#contracts';
import { APPROVAL_OPTIONS, answersTo, isAnswerTo, type AnswerRule } from './input-request-state.js';
import type { LineageLimit, Room } from './lineage.js';
import { nextState } from './machine.js';
import { TASK_REASONS, TASK_TRANSITIONS } from './task-state.js';
import { writeItems, type WriteItem } from './write-items.js';

/** A task as `decide` needs it. `name` is its ref, or the key of one that the same wave creates. */
export interface TaskView {
  readonly name: string;
  readonly key: string | null;
  readonly state: TaskState;
  readonly stateReason: string | null;
  readonly version: number;
  /** The pool that the task names; null lets the conductor choose. */
  readonly worker: string | null;
  /** Dependencies that have not completed, those outside this view included. */
  readonly openDependencies: number;
  /** Names of dependencies that are in this view. */
  readonly dependsOn: readonly string[];
  /** Offered, leased, or succeeded and waiting for review. */
  readonly hasLiveAttempt: boolean;
  readonly attemptCount: number;
  /** Refs of attempts that ended late but whose result was kept. */
  readonly lateAttempts: readonly string[];
}

/** What `decide` may look at: the mission's bounds and the tasks and notes that the staged writes name. */
export interface LedgerView {
  readonly workers: readonly string[];
  readonly freeSlots: number;
  readonly roomForTasks: Room;
  readonly tasks: readonly TaskView[];
  /** Refs of notes in force. */
  readonly notesInForce: readonly string[];
  /** Acceptance criteria that a verification has to cite; 0 when none is owed. */
  readonly criteriaOwed: number;
  /** What a person has to approve before it takes effect. */
  readonly approval: Policy['approval'];
  /** Questions that may still be asked while those before them are open. */
  readonly questionsAskable: number;
  /** Directives that may still be proposed in the mission's life. */
  readonly directivesProposable: number;
}

export interface TaskFields {
  readonly title?: string | undefined;
  readonly instructions?: string | undefined;
  readonly worker?: string | undefined;
  readonly priority?: number | undefined;
  readonly acceptance_criteria?: readonly string[] | undefined;
}

/** One row's worth of effect; the commit writes it down without deciding anything again. */
export type Change =
  | {
      readonly kind: 'create_task';
      readonly key: string;
      readonly fields: TaskFields & { readonly title: string };
      readonly dependsOn: readonly string[];
    }
  | { readonly kind: 'update_task'; readonly name: string; readonly fields: TaskFields }
  | { readonly kind: 'offer_attempt'; readonly name: string; readonly pool: string }
  | { readonly kind: 'propose_dispatch'; readonly name: string; readonly pool: string }
  | { readonly kind: 'accept_result'; readonly name: string; readonly lateAttempt: string | null }
  | { readonly kind: 'propose_completion'; readonly name: string; readonly lateAttempt: string | null }
  | { readonly kind: 'send_back'; readonly name: string; readonly feedback: string }
  | { readonly kind: 'fail_task'; readonly name: string; readonly reason: string }
  | { readonly kind: 'cancel_task'; readonly name: string; readonly reason: string }
  | { readonly kind: 'ask'; readonly names: readonly string[]; readonly input: WriteInput<'ask_human'> }
  | { readonly kind: 'record_note'; readonly entry: WriteInput<'note'>['entries'][number] }
  | { readonly kind: 'hand_off'; readonly input: WriteInput<'handoff'> };

/** One item of a staged write, judged. `input` is the item as the conductor wrote it. */
export type Decision = { readonly tool: WriteTool; readonly input: Json } & (
  | { readonly outcome: 'applied'; readonly change: Change }
  | { readonly outcome: 'rejected'; readonly reason: string }
);

type Verdict = { readonly change: Change } | { readonly reason: string };

/** The view as it stands after the items judged so far. */
interface Ledger {
  readonly view: LedgerView;
  readonly tasks: Map<string, TaskView>;
  /** Names of tasks by key. */
  readonly names: Map<string, string>;
  readonly notesInForce: Set<string>;
  freeSlots: number;
  creatable: number;
  questionsAskable: number;
  directivesProposable: number;
}

/**
 * Judges what a conductor staged, item by item and in order: an item may build on those before it (create and
 * dispatch, accept and dispatch what waited). The same function judges during the wave, to teach, and at its commit on
 * the locked rows, to decide. Pure and total: every item is either applied with one change or rejected with a reason.
 */
export function decide(view: LedgerView, writes: readonly StagedWrite[]): Decision[] {
  const ledger: Ledger = {
    view,
    tasks: new Map(),
    names: new Map(),
    notesInForce: new Set(view.notesInForce),
    freeSlots: view.freeSlots,
    creatable: view.roomForTasks.tasksMax,
    questionsAskable: view.questionsAskable,
    directivesProposable: view.directivesProposable,
  };
  for (const task of view.tasks) put(ledger, task);
  return writes.flatMap(writeItems).map((item) => record(item, judgeItem(ledger, item)));
}

function judgeItem(ledger: Ledger, { tool, input }: WriteItem): Verdict {
  switch (tool) {
    case 'task_upsert':
      return judgeUpsert(ledger, input);
    case 'task_dispatch':
      return judgeDispatch(ledger, input.ref, input.worker);
    case 'task_review':
      return judgeReview(ledger, input);
    case 'task_cancel':
      return judgeCancel(ledger, input.ref, input.reason);
    case 'ask_human':
      return judgeAsk(ledger, input);
    case 'note':
      return judgeNote(ledger, input);
    case 'handoff':
      return judgeHandoff(ledger, input);
  }
}

function record(item: WriteItem, verdict: Verdict): Decision {
  const { tool } = item;
  const input = item.input as Json; // parsed by the tool's schema, which has no other values than JSON's
  return 'reason' in verdict
    ? { tool, input, outcome: 'rejected', reason: verdict.reason }
    : { tool, input, outcome: 'applied', change: verdict.change };
}

type UpsertItem = WriteInput<'task_upsert'>['items'][number];

function judgeUpsert(ledger: Ledger, item: UpsertItem): Verdict {
  const existing = find(ledger, item.key);
  return existing === undefined ? judgeCreate(ledger, item) : judgeUpdate(ledger, item, existing);
}

function judgeCreate(ledger: Ledger, item: UpsertItem): Verdict {
  if (item.expected_version !== undefined || looksLikeReference(item.key))
    return reject(`there is no task ${item.key}`);
  if (item.title === undefined) return reject('a new task needs a title');
  if (item.worker !== undefined && !ledger.view.workers.includes(item.worker))
    return rejectWorker(ledger, item.worker);
  if (ledger.creatable <= 0) return reject(NO_ROOM[ledger.view.roomForTasks.limit]);
  const needs = new Set<TaskView>();
  for (const name of item.depends_on ?? []) {
    const task = find(ledger, name);
    if (task === undefined) return reject(`depends_on names ${name}, which is no task of this mission`);
    needs.add(task);
  }
  const dependsOn = [...needs].map((task) => task.name);
  const openDependencies = [...needs].filter((task) => task.state !== 'completed').length;
  ledger.creatable -= 1;
  put(ledger, {
    name: item.key,
    key: item.key,
    state: openDependencies > 0 ? 'blocked' : 'queued',
    stateReason: null,
    version: 1,
    worker: item.worker ?? null,
    openDependencies,
    dependsOn,
    hasLiveAttempt: false,
    attemptCount: 0,
    lateAttempts: [],
  });
  const fields = { ...fieldsOf(item), title: item.title };
  return { change: { kind: 'create_task', key: item.key, fields, dependsOn } };
}

/** What a conductor can do instead, by the limit that it has come to. */
const NO_ROOM: Record<LineageLimit, string> = {
  tasks_per_wave_max: 'this wave may create no more tasks; leave the rest to the next one',
  tasks_max:
    'the mission may have no more tasks (policy.limits.tasks_max); do with those that it has, or ask_human',
  depth_max:
    'too many waves in a row have created tasks although nothing had happened (policy.limits.depth_max); dispatch what is ready and wait for a result, or ask_human',
};

function judgeUpdate(ledger: Ledger, item: UpsertItem, task: TaskView): Verdict {
  if (item.expected_version === undefined)
    return reject(
      `${task.name} exists already; to change it give expected_version (it is at v${task.version})`,
    );
  if (item.expected_version !== task.version)
    return reject(`${task.name} is at v${task.version}, not v${item.expected_version}; read it again`);
  if (item.depends_on !== undefined)
    return reject('the dependencies of a task cannot be changed; create another one');
  if ((task.state !== 'blocked' && task.state !== 'queued') || task.hasLiveAttempt)
    return reject(`${task.name} is ${describe(task)}; only a task that has not started can be changed`);
  if (item.worker !== undefined && !ledger.view.workers.includes(item.worker))
    return rejectWorker(ledger, item.worker);
  put(ledger, { ...task, worker: item.worker ?? task.worker, version: task.version + 1 });
  return { change: { kind: 'update_task', name: task.name, fields: fieldsOf(item) } };
}

function judgeDispatch(ledger: Ledger, ref: string, worker: string | null): Verdict {
  const task = find(ledger, ref);
  if (task === undefined) return reject(`there is no task ${ref}`);
  if (task.state !== 'queued' || task.hasLiveAttempt)
    return reject(`${task.name} is ${describe(task)}; only ready tasks can be dispatched`);
  if (task.stateReason === TASK_REASONS.dispatchRejected)
    return reject(`a person rejected ${task.name} as it is; change it first, or cancel it`);
  if (ledger.freeSlots <= 0) return reject('no free slot; dispatch it when an attempt has ended');
  const pool = task.worker ?? worker ?? ledger.view.workers[0];
  if (pool === undefined) return reject('the mission names no worker');
  if (task.worker === null && !ledger.view.workers.includes(pool)) return rejectWorker(ledger, pool);
  ledger.freeSlots -= 1;
  if (ledger.view.approval === 'dispatch') {
    put(ledger, awaitingPerson(task, TASK_REASONS.awaitingApproval));
    return { change: { kind: 'propose_dispatch', name: task.name, pool } };
  }
  put(ledger, {
    ...task,
    hasLiveAttempt: true,
    attemptCount: task.attemptCount + 1,
    version: task.version + 1,
  });
  return { change: { kind: 'offer_attempt', name: task.name, pool } };
}

type ReviewVerdict = WriteInput<'task_review'>['verdicts'][number];

function judgeReview(ledger: Ledger, verdict: ReviewVerdict): Verdict {
  const task = find(ledger, verdict.ref);
  if (task === undefined) return reject(`there is no task ${verdict.ref}`);
  if (verdict.attempt !== undefined) return judgeLateResult(ledger, task, verdict, verdict.attempt);
  if (task.state !== 'working' || task.stateReason !== TASK_REASONS.awaitingReview)
    return reject(`${task.name} is ${describe(task)}; there is no result to review`);
  if (verdict.verdict === 'accept') return accept(ledger, task, null);
  const feedback = verdict.feedback?.trim() ?? '';
  if (feedback === '') return reject(`${verdict.verdict} needs feedback that says what is missing`);
  if (verdict.verdict === 'fail') {
    put(ledger, {
      ...task,
      state: 'failed',
      stateReason: TASK_REASONS.rejectedInReview,
      hasLiveAttempt: false,
    });
    return { change: { kind: 'fail_task', name: task.name, reason: feedback } };
  }
  put(ledger, {
    ...task,
    state: 'queued',
    stateReason: TASK_REASONS.revisionRequested,
    hasLiveAttempt: false,
    version: task.version + 1,
  });
  return { change: { kind: 'send_back', name: task.name, feedback } };
}

/** A result that came after its lease had run out may still be accepted, as long as the task has not ended. */
function judgeLateResult(ledger: Ledger, task: TaskView, verdict: ReviewVerdict, attempt: string): Verdict {
  if (verdict.verdict !== 'accept')
    return reject('a late result can only be accepted; otherwise leave it alone');
  if (!task.lateAttempts.includes(attempt)) return reject(`${attempt} has no late result of ${task.name}`);
  if (nextState(TASK_TRANSITIONS, task.state, 'complete') === null)
    return reject(`${task.name} is ${describe(task)}`);
  return accept(ledger, task, attempt);
}

/** Completing a task makes ready what waited for nothing else, for the items that follow. */
function accept(ledger: Ledger, task: TaskView, lateAttempt: string | null): Verdict {
  if (lateAttempt !== null) freeSlotOf(ledger, task);
  if (ledger.view.approval === 'completion') {
    put(ledger, awaitingPerson(task, TASK_REASONS.awaitingApproval));
    return { change: { kind: 'propose_completion', name: task.name, lateAttempt } };
  }
  put(ledger, { ...task, state: 'completed', stateReason: null, hasLiveAttempt: false });
  for (const waiting of ledger.tasks.values()) {
    if (waiting.state !== 'blocked' || !waiting.dependsOn.includes(task.name)) continue;
    const openDependencies = waiting.openDependencies - 1;
    put(ledger, { ...waiting, openDependencies, state: openDependencies === 0 ? 'queued' : 'blocked' });
  }
  return { change: { kind: 'accept_result', name: task.name, lateAttempt } };
}

function judgeCancel(ledger: Ledger, ref: string, reason: string): Verdict {
  const task = find(ledger, ref);
  if (task === undefined) return reject(`there is no task ${ref}`);
  if (nextState(TASK_TRANSITIONS, task.state, 'cancel') === null)
    return reject(`${task.name} is ${describe(task)}; only an open task can be canceled`);
  freeSlotOf(ledger, task);
  put(ledger, { ...task, state: 'canceled', stateReason: null, hasLiveAttempt: false });
  return { change: { kind: 'cancel_task', name: task.name, reason } };
}

/** Only the named tasks wait for the answer; an attempt at one of them is called back. */
function judgeAsk(ledger: Ledger, input: WriteInput<'ask_human'>): Verdict {
  if (ledger.questionsAskable <= 0)
    return reject(`${QUESTIONS_OPEN_MAX} questions are open already; ask when one has been answered`);
  const mistake = mistakeIn(input);
  if (mistake !== null) return reject(mistake);
  const tasks = new Map<string, TaskView>();
  for (const ref of input.refs ?? []) {
    const task = find(ledger, ref);
    if (task === undefined) return reject(`refs names ${ref}, which is no task of this mission`);
    if (nextState(TASK_TRANSITIONS, task.state, 'ask') === null)
      return reject(
        `${task.name} is ${describe(task)}; only a queued or working task can wait for an answer`,
      );
    tasks.set(task.name, task);
  }
  ledger.questionsAskable -= 1;
  for (const task of tasks.values()) {
    freeSlotOf(ledger, task);
    put(ledger, awaitingPerson(task, TASK_REASONS.awaitingAnswer));
  }
  return { change: { kind: 'ask', names: [...tasks.keys()], input } };
}

/** What of a question does not go together; null when all of it does. */
function mistakeIn(input: WriteInput<'ask_human'>): string | null {
  const options = input.options ?? [];
  if (input.kind === 'choice' && (options.length < 2 || new Set(options).size < options.length))
    return 'a choice needs at least two different options';
  if (input.kind !== 'choice' && options.length > 0) return 'only a choice has options; leave them out';
  if (input.on_timeout === 'fail' && (input.refs ?? []).length === 0)
    return 'on_timeout fail needs refs: the tasks that would fail';
  if (input.default === undefined) return null;
  if (input.deadline_minutes === undefined) return 'a default needs deadline_minutes';
  const rule = answerRuleOf(input);
  return isAnswerTo(rule, input.default)
    ? null
    : `the default has to be one of ${(answersTo(rule) ?? ['some text']).join(', ')}`;
}

/** What an answer to a conductor's question may be. */
export function answerRuleOf({
  kind,
  options,
}: Pick<WriteInput<'ask_human'>, 'kind' | 'options'>): AnswerRule {
  if (kind === 'approval') return { kind, options: APPROVAL_OPTIONS };
  return { kind, options: kind === 'choice' ? (options ?? []).map((value) => ({ value })) : [] };
}

/** A task that waits for a person. A result that it has stays with it. */
function awaitingPerson(task: TaskView, stateReason: string): TaskView {
  const { hasLiveAttempt } = task;
  return {
    ...task,
    state: 'input_required',
    stateReason,
    hasLiveAttempt: hasLiveAttempt && !isInFlight(task),
  };
}

function isInFlight({ hasLiveAttempt, stateReason }: TaskView): boolean {
  return hasLiveAttempt && stateReason !== TASK_REASONS.awaitingReview;
}

/** The attempt in flight of a task that goes elsewhere is ended. */
function freeSlotOf(ledger: Ledger, task: TaskView): void {
  if (isInFlight(task)) ledger.freeSlots += 1;
}

function judgeNote(ledger: Ledger, entry: WriteInput<'note'>['entries'][number]): Verdict {
  const proposes = entry.kind === 'directive';
  if (proposes && ledger.directivesProposable <= 0)
    return reject('this mission has had as many directives as it may; record a decision instead');
  if (entry.supersedes !== undefined && !ledger.notesInForce.delete(entry.supersedes))
    return reject(`${entry.supersedes} is no note in force`);
  if (proposes) ledger.directivesProposable -= 1;
  return { change: { kind: 'record_note', entry } };
}

function judgeHandoff(ledger: Ledger, input: WriteInput<'handoff'>): Verdict {
  if (!input.done || ledger.view.criteriaOwed === 0) return { change: { kind: 'hand_off', input } };
  const completed = new Set(
    [...ledger.tasks.values()].filter((task) => task.state === 'completed').map((task) => task.name),
  );
  for (let criterion = 1; criterion <= ledger.view.criteriaOwed; criterion += 1) {
    const cited = (input.verified ?? []).find((entry) => entry.criterion === criterion);
    if (cited === undefined) return reject(`criterion ${criterion} cites no completed task`);
    const wrong = cited.refs.find((ref) => !completed.has(ref));
    if (wrong !== undefined)
      return reject(`criterion ${criterion} cites ${wrong}, which is no completed task`);
  }
  return { change: { kind: 'hand_off', input } };
}

function fieldsOf(item: UpsertItem): TaskFields {
  const { title, instructions, worker, priority, acceptance_criteria } = item;
  return { title, instructions, worker, priority, acceptance_criteria };
}

/** By ref before key: whoever submits a task may give it a key that looks like another one's ref. */
function find(ledger: Ledger, name: string): TaskView | undefined {
  return ledger.tasks.get(name) ?? ledger.tasks.get(ledger.names.get(name) ?? '');
}

function put(ledger: Ledger, task: TaskView): void {
  ledger.tasks.set(task.name, task);
  if (task.key !== null) ledger.names.set(task.key, task.name);
}

function describe(task: TaskView): string {
  if (task.state === 'blocked') return `blocked by ${task.openDependencies} open dependencies`;
  if (task.state === 'queued' && task.hasLiveAttempt) return 'offered to a worker';
  return task.stateReason === null ? task.state : `${task.state} (${task.stateReason})`;
}

function reject(reason: string): Verdict {
  return { reason };
}

function rejectWorker(ledger: Ledger, worker: string): Verdict {
  return reject(`${worker} is not among the mission's workers (${ledger.view.workers.join(', ')})`);
}

/** Every name of a task that the writes mention: what the view has to hold. */
export function namedTasks(writes: readonly StagedWrite[]): string[] {
  return [...new Set(writes.flatMap(namesIn))];
}

function namesIn(write: StagedWrite): readonly string[] {
  switch (write.tool) {
    case 'task_upsert':
      return write.input.items.flatMap((item) => [item.key, ...(item.depends_on ?? [])]);
    case 'task_dispatch':
    case 'task_cancel':
      return write.input.refs;
    case 'task_review':
      return write.input.verdicts.map((verdict) => verdict.ref);
    case 'ask_human':
      return write.input.refs ?? [];
    case 'handoff':
      return (write.input.verified ?? []).flatMap((entry) => entry.refs);
    case 'note':
      return [];
  }
}
