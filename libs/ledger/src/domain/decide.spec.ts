import type { StagedWrite, WriteInput } from '#contracts';
import { decide, namedTasks, type Decision, type LedgerView, type TaskView } from './decide.js';

function aTask(name: string, parts: Partial<TaskView> = {}): TaskView {
  return {
    name,
    key: null,
    state: 'queued',
    stateReason: null,
    version: 1,
    worker: null,
    openDependencies: 0,
    dependsOn: [],
    hasLiveAttempt: false,
    attemptCount: 0,
    lateAttempts: [],
    ...parts,
  };
}

function aView(tasks: readonly TaskView[], parts: Partial<LedgerView> = {}): LedgerView {
  return {
    workers: ['builtin', 'build'],
    freeSlots: 4,
    roomForTasks: { tasksMax: 10, limit: 'tasks_per_wave_max' },
    tasks,
    notesInForce: [],
    criteriaOwed: 0,
    approval: 'none',
    questionsAskable: 20,
    directivesProposable: 500,
    ...parts,
  };
}

const forReview: Partial<TaskView> = {
  state: 'working',
  stateReason: 'awaiting_review',
  hasLiveAttempt: true,
  attemptCount: 1,
};

const upsert = (...items: WriteInput<'task_upsert'>['items']): StagedWrite => ({
  tool: 'task_upsert',
  input: { items },
});
const dispatch = (...refs: string[]): StagedWrite => ({ tool: 'task_dispatch', input: { refs } });
const review = (...verdicts: WriteInput<'task_review'>['verdicts']): StagedWrite => ({
  tool: 'task_review',
  input: { verdicts },
});
const accept = (ref: string, attempt?: string): StagedWrite =>
  review({ ref, verdict: 'accept', ...(attempt === undefined ? {} : { attempt }) });
const note = (...entries: WriteInput<'note'>['entries']): StagedWrite => ({
  tool: 'note',
  input: { entries },
});
const handoff = (parts: Partial<WriteInput<'handoff'>> = {}): StagedWrite => ({
  tool: 'handoff',
  input: { note: 'so far', done: false, ...parts },
});

/** What became of each item: the kind of its change, or why it was rejected. */
const outcomes = (decisions: readonly Decision[]): string[] =>
  decisions.map((one) => (one.outcome === 'applied' ? one.change.kind : one.reason));

describe('decide, on creating tasks', () => {
  it('creates and dispatches in one wave', () => {
    const writes = [upsert({ key: 'tests', title: 'Write the tests' }), dispatch('tests')];
    expect(decide(aView([]), writes)).toMatchObject([
      {
        tool: 'task_upsert',
        outcome: 'applied',
        change: { kind: 'create_task', key: 'tests', fields: { title: 'Write the tests' }, dependsOn: [] },
      },
      {
        tool: 'task_dispatch',
        outcome: 'applied',
        change: { kind: 'offer_attempt', name: 'tests', pool: 'builtin' },
      },
    ]);
  });

  it('lets a new task wait for tasks by key or ref, for those of the same wave too, and never dispatches it early', () => {
    const view = aView([aTask('T1', { key: 'plan', ...forReview })]);
    const writes = [
      upsert(
        { key: 'a', title: 'A', depends_on: ['plan', 'T1'] },
        { key: 'b', title: 'B', depends_on: ['a'] },
      ),
      dispatch('a', 'b'),
    ];
    const [a, b, ...dispatched] = decide(view, writes);
    expect([a, b]).toMatchObject([{ change: { dependsOn: ['T1'] } }, { change: { dependsOn: ['a'] } }]);
    expect(outcomes(dispatched)).toEqual([
      'a is blocked by 1 open dependencies; only ready tasks can be dispatched',
      'b is blocked by 1 open dependencies; only ready tasks can be dispatched',
    ]);
  });

  it('makes a new task ready at once when all that it waits for has completed', () => {
    const view = aView([aTask('T1', { state: 'completed' })]);
    const writes = [upsert({ key: 'a', title: 'A', depends_on: ['T1'] }), dispatch('a')];
    expect(outcomes(decide(view, writes))).toEqual(['create_task', 'offer_attempt']);
  });

  it('refuses what makes no task, and says what is missing', () => {
    const writes = [
      upsert({ key: 'a' }),
      upsert({ key: 'a', title: 'A', worker: 'gpu' }),
      upsert({ key: 'a', title: 'A', depends_on: ['ghost'] }),
      upsert({ key: 'a', title: 'A', depends_on: ['a'] }),
      upsert({ key: 'a', title: 'A', expected_version: 1 }),
      upsert({ key: 'T7', title: 'A' }),
    ];
    expect(outcomes(decide(aView([]), writes))).toEqual([
      'a new task needs a title',
      "gpu is not among the mission's workers (builtin, build)",
      'depends_on names ghost, which is no task of this mission',
      'depends_on names a, which is no task of this mission',
      'there is no task a',
      'there is no task T7',
    ]);
  });

  it.each([
    ['tasks_per_wave_max', /^this wave may create no more tasks; leave the rest to the next one$/],
    ['tasks_max', /may have no more tasks .*tasks_max.*ask_human$/],
    ['depth_max', /nothing had happened .*depth_max.*wait for a result, or ask_human$/],
  ] as const)('creates no more tasks than %s allows, and says what to do instead', (limit, reason) => {
    const view = aView([], { roomForTasks: { tasksMax: 2, limit } });
    const writes = ['a', 'b', 'c'].map((key) => upsert({ key, title: key }));
    expect(outcomes(decide(view, writes))).toEqual([
      'create_task',
      'create_task',
      expect.stringMatching(reason),
    ]);
  });

  it('takes the same key a second time as a change, which needs a version', () => {
    const writes = [upsert({ key: 'a', title: 'A' }), upsert({ key: 'a', title: 'A' })];
    expect(outcomes(decide(aView([]), writes))).toEqual([
      'create_task',
      'a exists already; to change it give expected_version (it is at v1)',
    ]);
  });
});

describe('decide, on changing tasks', () => {
  it('changes what has not started, by key or ref, and only what it was given', () => {
    const view = aView([aTask('T1', { key: 'plan', version: 3 })]);
    const writes = [
      upsert({ key: 'plan', expected_version: 3, priority: 0 }),
      upsert({ key: 'T1', expected_version: 4, title: 'Better' }),
    ];
    expect(decide(view, writes)).toMatchObject([
      { change: { kind: 'update_task', name: 'T1', fields: { priority: 0, title: undefined } } },
      { change: { kind: 'update_task', name: 'T1', fields: { title: 'Better' } } },
    ]);
  });

  it('refuses a version that is not the one that stands', () => {
    const view = aView([aTask('T1', { version: 3 })]);
    expect(outcomes(decide(view, [upsert({ key: 'T1', expected_version: 2, title: 'B' })]))).toEqual([
      'T1 is at v3, not v2; read it again',
    ]);
  });

  it('counts its own change as a version, and a dispatch and a sending back too', () => {
    const view = aView([aTask('T1'), aTask('T2', { ...forReview, version: 5 })]);
    const writes = [
      upsert({ key: 'T1', expected_version: 1, title: 'B' }),
      upsert({ key: 'T1', expected_version: 1, title: 'C' }),
      review({ ref: 'T2', verdict: 'revise', feedback: 'more' }),
      upsert({ key: 'T2', expected_version: 5, title: 'D' }),
      upsert({ key: 'T2', expected_version: 6, title: 'D' }),
    ];
    expect(outcomes(decide(view, writes))).toEqual([
      'update_task',
      'T1 is at v2, not v1; read it again',
      'send_back',
      'T2 is at v6, not v5; read it again',
      'update_task',
    ]);
  });

  it('refuses to change dependencies, a started task, or to name a worker that the mission has not', () => {
    const view = aView([
      aTask('T1'),
      aTask('T2', { hasLiveAttempt: true }),
      aTask('T3', { state: 'completed' }),
      aTask('T4', { state: 'blocked', openDependencies: 2 }),
    ]);
    const change = (key: string, parts: object): StagedWrite =>
      upsert({ key, expected_version: 1, ...parts });
    const writes = [
      change('T1', { depends_on: ['T3'] }),
      change('T2', { title: 'B' }),
      change('T3', { title: 'B' }),
      change('T1', { worker: 'gpu' }),
      change('T4', { worker: 'build' }),
    ];
    expect(outcomes(decide(view, writes))).toEqual([
      'the dependencies of a task cannot be changed; create another one',
      'T2 is offered to a worker; only a task that has not started can be changed',
      'T3 is completed; only a task that has not started can be changed',
      "gpu is not among the mission's workers (builtin, build)",
      'update_task',
    ]);
  });
});

describe('decide, on dispatching', () => {
  it('takes the task’s own worker before the one that the call names, and that before the mission’s first', () => {
    const view = aView([aTask('T1', { worker: 'old-pool' }), aTask('T2'), aTask('T3')]);
    const writes: StagedWrite[] = [
      { tool: 'task_dispatch', input: { refs: ['T1', 'T2'], worker: 'build' } },
      dispatch('T3'),
    ];
    expect(decide(view, writes)).toMatchObject([
      { input: { ref: 'T1', worker: 'build' }, change: { pool: 'old-pool' } },
      { input: { ref: 'T2', worker: 'build' }, change: { pool: 'build' } },
      { input: { ref: 'T3', worker: null }, change: { pool: 'builtin' } },
    ]);
  });

  it('gives a task the worker that the same wave chose for it', () => {
    const writes = [upsert({ key: 'T1', expected_version: 1, worker: 'build' }), dispatch('T1')];
    expect(decide(aView([aTask('T1')]), writes)[1]).toMatchObject({ change: { pool: 'build' } });
  });

  it('refuses a worker that the mission does not have, and to choose where there is none', () => {
    const gpu: StagedWrite = { tool: 'task_dispatch', input: { refs: ['T1'], worker: 'gpu' } };
    expect(outcomes(decide(aView([aTask('T1')]), [gpu]))).toEqual([
      "gpu is not among the mission's workers (builtin, build)",
    ]);
    expect(outcomes(decide(aView([aTask('T1')], { workers: [] }), [dispatch('T1')]))).toEqual([
      'the mission names no worker',
    ]);
  });

  it('dispatches nothing beyond the free slots', () => {
    const view = aView([aTask('T1'), aTask('T2')], { freeSlots: 1 });
    expect(outcomes(decide(view, [dispatch('T1', 'T2')]))).toEqual([
      'offer_attempt',
      'no free slot; dispatch it when an attempt has ended',
    ]);
  });

  it('never dispatches a task twice, nor one that is not ready, nor one that is not there', () => {
    const view = aView([
      aTask('T1'),
      aTask('T2', { state: 'working', hasLiveAttempt: true }),
      aTask('T3', { state: 'failed', stateReason: 'failures_exhausted' }),
    ]);
    expect(outcomes(decide(view, [dispatch('T1', 'T1', 'T2', 'T3', 'T4')]))).toEqual([
      'offer_attempt',
      'T1 is offered to a worker; only ready tasks can be dispatched',
      'T2 is working; only ready tasks can be dispatched',
      'T3 is failed (failures_exhausted); only ready tasks can be dispatched',
      'there is no task T4',
    ]);
  });

  it('never takes a stranger’s key for the ref that it looks like', () => {
    const tasks = [aTask('T5'), aTask('T9', { key: 'T5' })];
    for (const ordered of [tasks, tasks.toReversed()])
      expect(decide(aView(ordered), [dispatch('T5')])).toMatchObject([{ change: { name: 'T5' } }]);
  });
});

describe('decide, on reviewing', () => {
  it('dispatches what an accepted result made ready, in the same wave', () => {
    const view = aView([
      aTask('T1', forReview),
      aTask('T2', { state: 'blocked', openDependencies: 1, dependsOn: ['T1'] }),
      aTask('T3', { state: 'blocked', openDependencies: 2, dependsOn: ['T1'] }),
    ]);
    expect(outcomes(decide(view, [accept('T1'), dispatch('T2', 'T3')]))).toEqual([
      'accept_result',
      'offer_attempt',
      'T3 is blocked by 1 open dependencies; only ready tasks can be dispatched',
    ]);
  });

  it('never revives what was canceled while it waited', () => {
    const canceled = { state: 'canceled', openDependencies: 1, dependsOn: ['T1'] } as const;
    const view = aView([aTask('T1', forReview), aTask('T2', canceled)]);
    expect(outcomes(decide(view, [accept('T1'), dispatch('T2')]))).toEqual([
      'accept_result',
      'T2 is canceled; only ready tasks can be dispatched',
    ]);
  });

  it('sends back and fails with feedback, and refuses either without', () => {
    const view = aView([aTask('T1', forReview), aTask('T2', forReview)]);
    const writes = [
      review({ ref: 'T1', verdict: 'revise', feedback: '  ' }, { ref: 'T2', verdict: 'fail' }),
      review({ ref: 'T1', verdict: 'revise', feedback: ' tests fail ' }),
      review({ ref: 'T2', verdict: 'fail', feedback: 'hopeless' }),
    ];
    expect(decide(view, writes)).toMatchObject([
      { reason: 'revise needs feedback that says what is missing' },
      { reason: 'fail needs feedback that says what is missing' },
      { change: { kind: 'send_back', name: 'T1', feedback: 'tests fail' } },
      { change: { kind: 'fail_task', name: 'T2', reason: 'hopeless' } },
    ]);
  });

  it('judges each result once', () => {
    const view = aView([aTask('T1', forReview), aTask('T2', forReview), aTask('T3', forReview)]);
    const writes = [
      accept('T1'),
      accept('T1'),
      review({ ref: 'T2', verdict: 'revise', feedback: 'more' }),
      accept('T2'),
      review({ ref: 'T3', verdict: 'fail', feedback: 'no' }),
      accept('T3'),
    ];
    expect(outcomes(decide(view, writes))).toEqual([
      'accept_result',
      'T1 is completed; there is no result to review',
      'send_back',
      'T2 is queued (revision_requested); there is no result to review',
      'fail_task',
      'T3 is failed (rejected_in_review); there is no result to review',
    ]);
  });

  it('can dispatch again what it has sent back', () => {
    const writes = [review({ ref: 'T1', verdict: 'revise', feedback: 'more' }), dispatch('T1')];
    expect(outcomes(decide(aView([aTask('T1', forReview)]), writes))).toEqual(['send_back', 'offer_attempt']);
  });

  it('refuses to review what is not there or has no result', () => {
    const view = aView([aTask('T1', { state: 'working', hasLiveAttempt: true })]);
    expect(outcomes(decide(view, [accept('T1'), accept('T2')]))).toEqual([
      'T1 is working; there is no result to review',
      'there is no task T2',
    ]);
  });
});

describe('decide, on late results', () => {
  const late: Partial<TaskView> = { lateAttempts: ['A7'], attemptCount: 2 };

  it('accepts one while the task is open, and gives back the slot of the attempt that it makes needless', () => {
    const inFlight = { hasLiveAttempt: true, ...late };
    for (const state of ['queued', 'working'] as const) {
      const view = aView([aTask('T1', { ...inFlight, state }), aTask('T2'), aTask('T3')], { freeSlots: 0 });
      expect(decide(view, [accept('T1', 'A7'), dispatch('T2', 'T3')])).toMatchObject([
        { change: { kind: 'accept_result', name: 'T1', lateAttempt: 'A7' } },
        { change: { kind: 'offer_attempt', name: 'T2' } },
        { reason: 'no free slot; dispatch it when an attempt has ended' },
      ]);
    }
  });

  it('never gives back a slot that nobody holds', () => {
    for (const parts of [late, { ...forReview, ...late }]) {
      const view = aView([aTask('T1', parts), aTask('T2')], { freeSlots: 0 });
      expect(outcomes(decide(view, [accept('T1', 'A7'), dispatch('T2')]))).toEqual([
        'accept_result',
        'no free slot; dispatch it when an attempt has ended',
      ]);
    }
  });

  it('refuses any other verdict, an attempt without a late result, and a task that is not to complete', () => {
    const view = aView([
      aTask('T1', late),
      aTask('T2', { ...late, state: 'completed' }),
      aTask('T3', { ...late, state: 'canceled' }),
      aTask('T4', { ...late, state: 'blocked', openDependencies: 1 }),
    ]);
    const writes = [
      review({ ref: 'T1', verdict: 'revise', feedback: 'more', attempt: 'A7' }),
      accept('T1', 'A8'),
      accept('T2', 'A7'),
      accept('T3', 'A7'),
      accept('T4', 'A7'),
    ];
    expect(outcomes(decide(view, writes))).toEqual([
      'a late result can only be accepted; otherwise leave it alone',
      'A8 has no late result of T1',
      'T2 is completed',
      'T3 is canceled',
      'T4 is blocked by 1 open dependencies',
    ]);
  });

  it('never completes a task that waits for a person, which the commit could not write', () => {
    const view = aView([aTask('T1', { ...late, state: 'input_required' })]);
    expect(outcomes(decide(view, [accept('T1', 'A7')]))).toEqual(['T1 is input_required']);
  });
});

describe('decide, on notes and the hand-off', () => {
  it('records notes, and lets one supersede only what is in force', () => {
    const view = aView([], { notesInForce: ['N1'] });
    const fact = { kind: 'fact', text: 'it rains' } as const;
    expect(outcomes(decide(view, [note(fact, { ...fact, supersedes: 'N2' })]))).toEqual([
      'record_note',
      'N2 is no note in force',
    ]);
  });

  it('lets only one note of a wave take the place of another', () => {
    const view = aView([], { notesInForce: ['N1'] });
    const entry = { kind: 'fact', text: 'it rains', supersedes: 'N1' } as const;
    expect(outcomes(decide(view, [note(entry), note(entry)]))).toEqual([
      'record_note',
      'N1 is no note in force',
    ]);
  });

  it('hands off, done or not, where no verification is owed', () => {
    expect(outcomes(decide(aView([]), [handoff(), handoff({ done: true })]))).toEqual([
      'hand_off',
      'hand_off',
    ]);
  });

  it('is done with a verification only when every criterion cites completed tasks', () => {
    const view = aView([aTask('T1', { state: 'completed' }), aTask('T2', { state: 'completed' })], {
      criteriaOwed: 2,
    });
    const first = { criterion: 1, refs: ['T1'] };
    const verify = (...verified: { criterion: number; refs: string[] }[]): string[] =>
      outcomes(decide(view, [handoff({ done: true, verified })]));
    expect(verify(first, { criterion: 2, refs: ['T1', 'T2'] })).toEqual(['hand_off']);
    expect(verify(first)).toEqual(['criterion 2 cites no completed task']);
    expect(verify(first, { criterion: 2, refs: ['T2', 'T3'] })).toEqual([
      'criterion 2 cites T3, which is no completed task',
    ]);
    expect(outcomes(decide(view, [handoff({ done: true })]))).toEqual([
      'criterion 1 cites no completed task',
    ]);
    expect(outcomes(decide(view, [handoff({ done: false })]))).toEqual(['hand_off']);
  });
});

describe('namedTasks', () => {
  it('names each task that the writes mention once, wherever it stands', () => {
    const writes = [
      upsert({ key: 'a', title: 'A', depends_on: ['T1', 'T2'] }, { key: 'T2' }),
      dispatch('T3', 'a'),
      accept('T4'),
      note({ kind: 'fact', text: 'T9 is hard' }),
      handoff({ verified: [{ criterion: 1, refs: ['T5'] }] }),
      handoff(),
    ];
    expect(namedTasks(writes)).toEqual(['a', 'T1', 'T2', 'T3', 'T4', 'T5']);
  });
});

describe('task_cancel', () => {
  const cancel = (...refs: string[]): StagedWrite => ({
    tool: 'task_cancel',
    input: { refs, reason: 'not needed' },
  });

  it('ends what is open and frees the slot of what is in flight', () => {
    const offered = aTask('T2', { hasLiveAttempt: true });
    const view = aView([aTask('T1'), offered, aTask('T3'), aTask('T4')], { freeSlots: 0 });
    expect(outcomes(decide(view, [cancel('T1', 'T2'), dispatch('T3', 'T4')]))).toEqual([
      'cancel_task',
      'cancel_task',
      'offer_attempt',
      'no free slot; dispatch it when an attempt has ended',
    ]);
  });

  it('says why it leaves what has ended', () => {
    const view = aView([aTask('T1', { state: 'completed' })]);
    expect(outcomes(decide(view, [cancel('T1', 'T9')]))).toEqual([
      'T1 is completed; only an open task can be canceled',
      'there is no task T9',
    ]);
  });
});

describe('ask_human', () => {
  const ask = (parts: Partial<WriteInput<'ask_human'>> = {}): StagedWrite => ({
    tool: 'ask_human',
    input: { kind: 'text', prompt: 'Which?', ...parts },
  });
  const reasonFor = (parts: Partial<WriteInput<'ask_human'>>): string | undefined =>
    outcomes(
      decide(aView([aTask('T1'), aTask('T2', { state: 'blocked', openDependencies: 1 })]), [ask(parts)]),
    )[0];

  it('lets the named tasks wait, and nothing else', () => {
    const view = aView([aTask('T1'), aTask('T2')]);
    expect(outcomes(decide(view, [ask({ refs: ['T1', 'T1'] }), dispatch('T1', 'T2')]))).toEqual([
      'ask',
      'T1 is input_required (awaiting_answer); only ready tasks can be dispatched',
      'offer_attempt',
    ]);
  });

  it.each<[string, Partial<WriteInput<'ask_human'>>]>([
    ['a choice needs at least two different options', { kind: 'choice', options: ['a', 'a'] }],
    ['only a choice has options; leave them out', { options: ['a', 'b'] }],
    ['a default needs deadline_minutes', { default: 'a' }],
    [
      'the default has to be one of approve, reject',
      { kind: 'approval', default: 'yes', deadline_minutes: 5 },
    ],
    [
      'the default has to be one of a, b',
      { kind: 'choice', options: ['a', 'b'], default: 'c', deadline_minutes: 5 },
    ],
    ['the default has to be one of some text', { default: ' ', deadline_minutes: 5 }],
    ['on_timeout fail needs refs: the tasks that would fail', { on_timeout: 'fail' }],
    ['refs names T9, which is no task of this mission', { refs: ['T9'] }],
    [
      'T2 is blocked by 1 open dependencies; only a queued or working task can wait for an answer',
      { refs: ['T2'] },
    ],
  ])('teaches: %s', (reason, parts) => {
    expect(reasonFor(parts)).toBe(reason);
  });

  it('is refused while as many questions as there may be are open', () => {
    expect(outcomes(decide(aView([], { questionsAskable: 1 }), [ask(), ask()]))).toEqual([
      'ask',
      '20 questions are open already; ask when one has been answered',
    ]);
  });
});

describe('what a person has to approve', () => {
  it('is proposed: a dispatch waits, and so does an accepted result with what depends on it', () => {
    const ready = aView([aTask('T1')], { approval: 'dispatch' });
    expect(outcomes(decide(ready, [dispatch('T1', 'T1')]))).toEqual([
      'propose_dispatch',
      'T1 is input_required (awaiting_approval); only ready tasks can be dispatched',
    ]);
    const dependant = aTask('T2', { state: 'blocked', openDependencies: 1, dependsOn: ['T1'] });
    const done = aView([aTask('T1', forReview), dependant], { approval: 'completion' });
    expect(outcomes(decide(done, [accept('T1'), dispatch('T2')]))).toEqual([
      'propose_completion',
      'T2 is blocked by 1 open dependencies; only ready tasks can be dispatched',
    ]);
  });

  it('is no directive beyond the number that a mission may have', () => {
    const view = aView([], { directivesProposable: 1 });
    const entries = ['Measure.', 'Measure twice.'].map((text) => ({ kind: 'directive' as const, text }));
    expect(outcomes(decide(view, [note(...entries)]))).toEqual([
      'record_note',
      'this mission has had as many directives as it may; record a decision instead',
    ]);
  });
});
