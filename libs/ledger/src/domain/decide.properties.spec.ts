import { TASK_STATES, type StagedWrite, type TaskState } from '#contracts';
import fc from 'fast-check';
import { decide, namedTasks, type Change, type Decision, type LedgerView, type TaskView } from './decide.js';
import { nextState } from './machine.js';
import { TASK_REASONS, TASK_TRANSITIONS, type TaskAction } from './task-state.js';

const TASKS_MIN = 5;
const TASKS_MAX = 6;
const POOLS = ['builtin', 'build', 'gpu'];
const NOTES = ['N1', 'N2', 'N3'];

const aVersion = fc.integer({ min: 1, max: 2 });

interface TaskSeed {
  readonly hasKey: boolean;
  readonly state: TaskState;
  readonly awaitsReview: boolean;
  readonly isLive: boolean;
  readonly worker: string | null;
  readonly version: number;
  /** Bits: which earlier tasks it depends on. */
  readonly dependsOn: number;
  readonly openOutside: number;
  readonly hasLate: boolean;
}

const aTaskSeed: fc.Arbitrary<TaskSeed> = fc.record({
  hasKey: fc.constantFrom(true, true, false),
  state: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('queued', 'working', 'blocked') },
    fc.constantFrom(...TASK_STATES),
  ),
  awaitsReview: fc.constantFrom(true, true, false),
  isLive: fc.boolean(),
  worker: fc.constantFrom(null, null, 'build', 'retired-pool'),
  version: aVersion,
  dependsOn: fc.constantFrom(0, 1, 2, 3, 5, 8, 16),
  openOutside: fc.nat(1),
  hasLate: fc.boolean(),
});

/**
 * Tasks as the ledger could hold them: numbered in order of creation, blocked exactly while a dependency is open. Only
 * what was canceled may still wait for something.
 */
function grow(seeds: readonly TaskSeed[]): TaskView[] {
  const tasks: TaskView[] = [];
  for (const [place, seed] of seeds.entries()) {
    const needs = tasks.filter((_, earlier) => (seed.dependsOn & (1 << earlier)) !== 0);
    const waits = seed.state === 'blocked' || seed.state === 'canceled';
    const dependsOn = waits ? needs : needs.filter((task) => !isOpen(task));
    const openDependencies = dependsOn.filter(isOpen).length + (waits ? seed.openOutside : 0);
    const state = seed.state === 'blocked' && openDependencies === 0 ? 'queued' : seed.state;
    const isReviewed = state === 'working' && seed.awaitsReview;
    tasks.push({
      name: `T${place + 1}`,
      key: seed.hasKey ? `k${place + 1}` : null,
      state,
      stateReason: isReviewed ? TASK_REASONS.awaitingReview : null,
      version: seed.version,
      worker: seed.worker,
      openDependencies,
      dependsOn: dependsOn.map((task) => task.name),
      hasLiveAttempt: state === 'working' || (state === 'queued' && seed.isLive),
      attemptCount: seed.version,
      lateAttempts: seed.hasLate ? [`A${place + 1}`] : [],
    });
  }
  return tasks;
}

function isOpen(task: TaskView): boolean {
  return task.state !== 'completed';
}

const aView: fc.Arbitrary<LedgerView> = fc.record({
  workers: fc.oneof({ weight: 9, arbitrary: fc.constant(POOLS) }, fc.subarray(POOLS)),
  freeSlots: fc.nat(3),
  roomForTasks: fc.record({
    tasksMax: fc.nat(3),
    limit: fc.constantFrom('tasks_per_wave_max', 'tasks_max', 'depth_max'),
  }),
  tasks: fc.array(aTaskSeed, { minLength: TASKS_MIN, maxLength: TASKS_MAX }).map(grow),
  notesInForce: fc.subarray(NOTES),
  criteriaOwed: fc.constantFrom(0, 0, 1, 2),
  approval: fc.constantFrom('none', 'none', 'dispatch', 'completion'),
  questionsAskable: fc.nat(2),
  directivesProposable: fc.nat(1),
});

const aPlace = fc.integer({ min: 1, max: TASKS_MAX });
const aRef = aPlace.map((place) => `T${place}`);
const aNewKey = fc.constantFrom('a', 'b', 'c', 'T99');
const aName = fc.oneof(
  { weight: 4, arbitrary: aRef },
  aPlace.map((place) => `k${place}`),
  { weight: 2, arbitrary: aNewKey },
);
const aPool = fc.constantFrom(...POOLS, 'nobody');
const perhaps = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const anUpsert = fc.record(
  {
    key: fc.oneof({ weight: 2, arbitrary: aNewKey }, aName),
    title: fc.option(fc.constant('A title'), { nil: undefined, freq: 9 }),
    expected_version: fc.option(aVersion, { nil: undefined, freq: 2 }),
    depends_on: fc.option(fc.array(aName, { maxLength: 3 }), { nil: undefined, freq: 2 }),
    worker: fc.option(aPool, { nil: undefined, freq: 2 }),
  },
  { requiredKeys: ['key'] },
);
/** Reviews mostly name the attempt of their own task, so that late results come up. */
const aVerdict = fc
  .record({
    place: aPlace,
    verdict: fc.constantFrom('accept', 'accept', 'accept', 'revise', 'fail'),
    feedback: fc.constantFrom(undefined, ' ', 'more tests', 'no hope'),
    late: fc.constantFrom('none', 'none', 'none', 'own', 'own', 'other'),
  })
  .map(({ place, late, ...rest }) => ({
    ref: `T${place}`,
    ...rest,
    ...(late === 'none' ? {} : { attempt: late === 'own' ? `A${place}` : 'A99' }),
  }));
const aNote = fc.record({
  kind: fc.constantFrom('fact', 'decision', 'directive'),
  text: fc.constant('It is so.'),
  supersedes: perhaps(fc.constantFrom(...NOTES)),
});
const anAsk = fc.record(
  {
    kind: fc.constantFrom('text', 'choice', 'approval'),
    prompt: fc.constant('Which?'),
    options: fc.constantFrom<string[]>(['red'], ['red', 'green'], ['red', 'red']),
    refs: fc.array(aName, { maxLength: 3 }),
    deadline_minutes: fc.constant(60),
    default: fc.constantFrom('red', 'approve'),
    on_timeout: fc.constantFrom('hold', 'fail'),
  },
  { requiredKeys: ['kind', 'prompt'] },
);
const aHandoff = fc.record({
  note: fc.constant('so far'),
  done: fc.boolean(),
  verified: perhaps(
    fc.array(
      fc.record({
        criterion: fc.integer({ min: 1, max: 2 }),
        refs: fc.array(aRef, { minLength: 1, maxLength: 2 }),
      }),
      { maxLength: 3 },
    ),
  ),
});
const some = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> =>
  fc.array(arbitrary, { minLength: 1, maxLength: 4 });

const anUpsertCall = some(anUpsert).map((items) => ({ tool: 'task_upsert' as const, input: { items } }));
const aDispatchCall = fc
  .record({ refs: some(aName), worker: fc.option(aPool, { nil: undefined, freq: 2 }) })
  .map((input) => ({ tool: 'task_dispatch' as const, input }));
const aReviewCall = some(aVerdict).map((verdicts) => ({ tool: 'task_review' as const, input: { verdicts } }));

const aWrite: fc.Arbitrary<StagedWrite> = fc.oneof(
  { weight: 3, arbitrary: anUpsertCall },
  { weight: 4, arbitrary: aDispatchCall },
  { weight: 4, arbitrary: aReviewCall },
  some(aName).map((refs) => ({ tool: 'task_cancel' as const, input: { refs, reason: 'not needed' } })),
  anAsk.map((input) => ({ tool: 'ask_human' as const, input })),
  some(aNote).map((entries) => ({ tool: 'note' as const, input: { entries } })),
  aHandoff.map((input) => ({ tool: 'handoff' as const, input })),
);
const someWrites = fc.array(aWrite, { maxLength: 10, size: 'max' });

/** One write per item, as the conductor's calls are staged. */
function split(write: StagedWrite): StagedWrite[] {
  switch (write.tool) {
    case 'task_upsert':
      return write.input.items.map((item) => ({ tool: write.tool, input: { items: [item] } }));
    case 'task_dispatch':
      return write.input.refs.map((ref) => ({ tool: write.tool, input: { ...write.input, refs: [ref] } }));
    case 'task_review':
      return write.input.verdicts.map((verdict) => ({ tool: write.tool, input: { verdicts: [verdict] } }));
    case 'task_cancel':
      return write.input.refs.map((ref) => ({ tool: write.tool, input: { ...write.input, refs: [ref] } }));
    case 'note':
      return write.input.entries.map((entry) => ({ tool: write.tool, input: { entries: [entry] } }));
    case 'ask_human':
    case 'handoff':
      return [write];
  }
}

function changesOf(decisions: readonly Decision[]): Change[] {
  return decisions.flatMap((decision) => (decision.outcome === 'applied' ? [decision.change] : []));
}

/** A task as it stands while changes are written down: derived from its dependencies, not from counters. */
interface Standing {
  state: TaskState;
  reason: string | null;
  isLive: boolean;
  readonly needs: readonly string[];
  readonly openOutside: number;
  readonly lateAttempts: readonly string[];
}

/** The ledger as the commit would write it; throws at the first change that it could not. */
class Replay {
  private readonly tasks: Map<string, Standing>;
  private readonly notes: Set<string>;
  private slots: number;
  private creatable: number;
  private questions: number;
  private directives: number;

  constructor(private readonly view: LedgerView) {
    this.notes = new Set(view.notesInForce);
    this.slots = view.freeSlots;
    this.creatable = view.roomForTasks.tasksMax;
    this.questions = view.questionsAskable;
    this.directives = view.directivesProposable;
    this.tasks = new Map(
      view.tasks.map((task) => [
        task.name,
        {
          state: task.state,
          reason: task.stateReason,
          isLive: task.hasLiveAttempt,
          needs: task.dependsOn,
          openOutside:
            task.openDependencies - task.dependsOn.filter((name) => this.isOpenInView(name)).length,
          lateAttempts: task.lateAttempts,
        },
      ]),
    );
  }

  write(change: Change): void {
    switch (change.kind) {
      case 'create_task':
        return this.create(change);
      case 'update_task':
        return demand(this.isUntouched(this.standing(change.name)), `${change.name} has started`);
      case 'offer_attempt':
        return this.offer(change);
      case 'propose_dispatch':
        demand(this.view.approval === 'dispatch', 'nobody has to approve');
        return this.offer(change);
      case 'accept_result':
        demand(this.view.approval !== 'completion', 'nobody has approved');
        return this.accept(change);
      case 'propose_completion':
        demand(this.view.approval === 'completion', 'nobody has to approve');
        return this.accept(change);
      case 'cancel_task':
        this.callBack(change.name);
        return this.move(change.name, 'cancel');
      case 'ask':
        return this.ask(change);
      case 'send_back':
      case 'fail_task': {
        const task = this.standing(change.name);
        demand(task.reason === TASK_REASONS.awaitingReview, `${change.name} awaits no review`);
        task.isLive = false;
        return this.move(change.name, change.kind === 'fail_task' ? 'fail' : 'return');
      }
      case 'record_note':
        return this.note(change);
      case 'hand_off':
        return;
    }
  }

  private create({ key, dependsOn }: Extract<Change, { kind: 'create_task' }>): void {
    demand(!this.tasks.has(key), `${key} is there already`);
    this.creatable -= 1;
    demand(this.creatable >= 0, 'too many tasks');
    const isBlocked = dependsOn.some((name) => this.standing(name).state !== 'completed');
    this.tasks.set(key, {
      state: isBlocked ? 'blocked' : 'queued',
      reason: null,
      isLive: false,
      needs: dependsOn,
      openOutside: 0,
      lateAttempts: [],
    });
  }

  private ask({ names }: Extract<Change, { kind: 'ask' }>): void {
    this.questions -= 1;
    demand(this.questions >= 0, 'too many questions');
    for (const name of names) {
      this.callBack(name);
      this.move(name, 'ask');
    }
  }

  private note({ entry: { supersedes, kind } }: Extract<Change, { kind: 'record_note' }>): void {
    if (kind === 'directive') this.directives -= 1;
    demand(this.directives >= 0, 'too many directives');
    demand(supersedes === undefined || this.notes.delete(supersedes), 'no note in force');
  }

  /** Ends the attempt in flight of a task, which frees its slot. */
  private callBack(name: string): void {
    const task = this.standing(name);
    if (task.isLive && task.reason !== TASK_REASONS.awaitingReview) this.slots += 1;
    task.isLive = false;
  }

  private offer({ kind, name, pool }: Extract<Change, { kind: 'offer_attempt' | 'propose_dispatch' }>): void {
    const task = this.standing(name);
    demand(task.state === 'queued' && !task.isLive, `${name} is not ready`);
    demand(this.view.workers.includes(pool) || this.ownPool(name) === pool, `nobody works in ${pool}`);
    if (kind === 'propose_dispatch') this.move(name, 'ask');
    else task.isLive = true;
    this.slots -= 1;
    demand(this.slots >= 0, 'too many attempts');
  }

  private accept({
    kind,
    name,
    lateAttempt,
  }: Extract<Change, { kind: 'accept_result' | 'propose_completion' }>): void {
    const task = this.standing(name);
    const awaitsReview = task.reason === TASK_REASONS.awaitingReview;
    if (lateAttempt === null) demand(awaitsReview, `${name} awaits no review`);
    else demand(task.lateAttempts.includes(lateAttempt), `${lateAttempt} has no late result`);
    this.callBack(name);
    if (kind === 'propose_completion') return this.move(name, 'ask');
    this.move(name, 'complete');
    for (const [waiting, { state, needs, openOutside }] of this.tasks)
      if (state === 'blocked' && openOutside === 0 && needs.every((need) => this.isCompleted(need)))
        this.move(waiting, 'unblock');
  }

  private move(name: string, action: TaskAction): void {
    const task = this.standing(name);
    const state = nextState(TASK_TRANSITIONS, task.state, action);
    if (state === null) throw new Error(`${name} is ${task.state}; it cannot ${action}`);
    task.state = state;
    task.reason = null;
  }

  private standing(name: string): Standing {
    const task = this.tasks.get(name);
    if (task === undefined) throw new Error(`there is no ${name}`);
    return task;
  }

  private isUntouched(task: Standing): boolean {
    return (task.state === 'queued' || task.state === 'blocked') && !task.isLive;
  }

  private isCompleted(name: string): boolean {
    return this.standing(name).state === 'completed';
  }

  private ownPool(name: string): string | undefined {
    return this.view.tasks.find((task) => task.name === name)?.worker ?? undefined;
  }

  private isOpenInView(name: string): boolean {
    return this.view.tasks.some((task) => task.name === name && isOpen(task));
  }
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function deeplyFrozen<Value>(value: Value): Value {
  if (value !== null && typeof value === 'object') {
    for (const inner of Object.values(value)) deeplyFrozen(inner);
    Object.freeze(value);
  }
  return value;
}

describe('decide, for any ledger and whatever is staged', () => {
  it('yields exactly one decision per item, in order, under the item’s own tool', () => {
    fc.assert(
      fc.property(aView, someWrites, (view, writes) => {
        const items = writes.flatMap(split);
        const decisions = decide(view, writes);
        expect(decisions.map(({ tool }) => tool)).toEqual(items.map(({ tool }) => tool));
        for (const decision of decisions)
          if (decision.outcome === 'rejected') expect(decision.reason).not.toBe('');
      }),
    );
  });

  it('does not mind how items are grouped into calls', () => {
    fc.assert(
      fc.property(aView, someWrites, (view, writes) => {
        expect(decide(view, writes.flatMap(split))).toEqual(decide(view, writes));
      }),
    );
  });

  it('never applies what the commit could not write: no slot, task or state that is not there', () => {
    fc.assert(
      fc.property(aView, someWrites, (view, writes) => {
        const replay = new Replay(view);
        for (const change of changesOf(decide(view, writes)))
          expect(() => {
            replay.write(change);
          }).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  it('never completes a task twice', () => {
    fc.assert(
      fc.property(aView, someWrites, (view, writes) => {
        const completed = changesOf(decide(view, writes)).flatMap((change) =>
          change.kind === 'accept_result' ? [change.name] : [],
        );
        const before = view.tasks.filter(({ state }) => state === 'completed').map(({ name }) => name);
        expect(new Set([...before, ...completed]).size).toBe(before.length + completed.length);
      }),
    );
  });

  it('lets order matter only forwards: what is staged later changes no earlier decision', () => {
    fc.assert(
      fc.property(aView, someWrites, someWrites, (view, earlier, later) => {
        const alone = decide(view, earlier);
        expect(decide(view, [...earlier, ...later]).slice(0, alone.length)).toEqual(alone);
      }),
    );
  });

  it('lets a rejected item change nothing for those after it', () => {
    fc.assert(
      fc.property(aView, someWrites, (view, writes) => {
        const items = writes.flatMap(split);
        const decisions = decide(view, items);
        const held = items.filter((_, place) => decisions[place]?.outcome === 'applied');
        expect(decide(view, held)).toEqual(decisions.filter(({ outcome }) => outcome === 'applied'));
      }),
    );
  });

  it('needs no task that the writes do not name', () => {
    fc.assert(
      fc.property(aView, someWrites, (view, writes) => {
        const named = new Set(namedTasks(writes));
        const tasks = view.tasks.filter(
          ({ name, key }) => named.has(name) || (key !== null && named.has(key)),
        );
        const names = new Set(tasks.map((task) => task.name));
        const narrowed: LedgerView = {
          ...view,
          tasks: tasks.map((task) => ({
            ...task,
            dependsOn: task.dependsOn.filter((name) => names.has(name)),
          })),
        };
        expect(decide(narrowed, writes)).toEqual(decide(view, writes));
      }),
    );
  });

  it('decides the same on the same rows, and touches neither rows nor writes', () => {
    fc.assert(
      fc.property(aView, someWrites, (view, writes) => {
        const again = decide(deeplyFrozen(structuredClone(view)), deeplyFrozen(structuredClone(writes)));
        expect(again).toEqual(decide(view, writes));
      }),
    );
  });
});
