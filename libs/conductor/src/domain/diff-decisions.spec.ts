import type { DecisionRecord, StagedWrite } from '#contracts';
import { writeItems } from '#ledger';
import fc from 'fast-check';
import { diffDecisions, sharedFacts, type SharedFacts } from './diff-decisions.js';

const NOTHING_KNOWN: SharedFacts = { refs: new Map(), workers: new Map(), defaultWorker: null };

const dispatch = (worker: string | undefined, ...refs: string[]): StagedWrite => ({
  tool: 'task_dispatch',
  input: { refs, ...(worker === undefined ? {} : { worker }) },
});
const create = (key: string, title: string, depends_on?: string[]): StagedWrite => ({
  tool: 'task_upsert',
  input: { items: [{ key, title, ...(depends_on === undefined ? {} : { depends_on }) }] },
});
const accept = (ref: string): StagedWrite => ({
  tool: 'task_review',
  input: { verdicts: [{ ref, verdict: 'accept' }] },
});
const revise = (ref: string): StagedWrite => ({
  tool: 'task_review',
  input: { verdicts: [{ ref, verdict: 'revise', feedback: 'Again.' }] },
});
const cancel = (ref: string): StagedWrite => ({
  tool: 'task_cancel',
  input: { refs: [ref], reason: 'No.' },
});
const fact = (text: string, supersedes?: string): StagedWrite => ({
  tool: 'note',
  input: { entries: [{ kind: 'fact', text, ...(supersedes === undefined ? {} : { supersedes }) }] },
});
const ask = (prompt: string, ...refs: string[]): StagedWrite => ({
  tool: 'ask_human',
  input: { kind: 'text', prompt, ...(refs.length === 0 ? {} : { refs }) },
});
const handoff = (note: string): StagedWrite => ({ tool: 'handoff', input: { note, done: false } });

/** As a wave's row keeps them. */
const decided = (...writes: StagedWrite[]): DecisionRecord[] =>
  writes.flatMap(writeItems).map(({ tool, input }) => ({
    tool,
    input: input as unknown as DecisionRecord['input'],
    outcome: 'applied',
    reason: null,
    changed: [],
  }));
const items = (...writes: StagedWrite[]) => writes.flatMap(writeItems);
const named = (decisions: readonly { tool: string; subject: string | null }[]) =>
  decisions.map(({ tool, subject }) => [tool, subject]);

describe('diffDecisions', () => {
  it('pairs what is alike in all arguments, whatever the order and the calls that it came in', () => {
    const diff = diffDecisions(
      decided(dispatch(undefined, 'T1', 'T2'), accept('T3')),
      items(accept('T3'), dispatch(undefined, 'T2'), dispatch(undefined, 'T1')),
      NOTHING_KNOWN,
    );
    expect(named(diff.same)).toEqual([
      ['task_dispatch', 'T1'],
      ['task_dispatch', 'T2'],
      ['task_review', 'T3'],
    ]);
    expect(diff).toMatchObject({ changed: [], only_original: [], only_shadow: [] });
  });

  it('tells what each decided alone from what both decided about one subject in another way', () => {
    const diff = diffDecisions(
      decided(accept('T1'), dispatch('build', 'T2'), fact('It rains.'), handoff('Done so far.')),
      items(revise('T1'), dispatch('test', 'T2'), dispatch('build', 'T3'), handoff('So far so good.')),
      NOTHING_KNOWN,
    );
    expect(diff).toEqual({
      same: [],
      changed: [
        {
          tool: 'task_review',
          subject: 'T1',
          original: { ref: 'T1', verdict: 'accept' },
          shadow: { ref: 'T1', verdict: 'revise', feedback: 'Again.' },
        },
        {
          tool: 'task_dispatch',
          subject: 'T2',
          original: { ref: 'T2', worker: 'build' },
          shadow: { ref: 'T2', worker: 'test' },
        },
        {
          tool: 'handoff',
          subject: 'wave',
          original: { note: 'Done so far.', done: false },
          shadow: { note: 'So far so good.', done: false },
        },
      ],
      only_original: [{ tool: 'note', subject: null, input: { kind: 'fact', text: 'It rains.' } }],
      only_shadow: [{ tool: 'task_dispatch', subject: 'T3', input: { ref: 'T3', worker: 'build' } }],
    });
  });

  it('knows a task that there was by its ref, its key and its id', () => {
    const facts = {
      ...NOTHING_KNOWN,
      refs: new Map([
        ['dig', 'T1'],
        ['tsk_1', 'T1'],
      ]),
    };
    const { same } = diffDecisions(
      decided(dispatch(undefined, 'T1'), ask('Where?', 'T2', 'dig')),
      items(dispatch(undefined, 'tsk_1'), ask('Where?', 'T1', 'T2')),
      facts,
    );
    expect(named(same)).toEqual([
      ['task_dispatch', 'T1'],
      ['ask_human', 'T1, T2'],
    ]);
  });

  it('knows a task to be by its key, or by its title where each conductor chose a key of its own', () => {
    const diff = diffDecisions(
      decided(create('a', 'Write  tests'), create('b', 'Run them', ['a']), dispatch(undefined, 'b')),
      items(create('run', 'run them', ['tests']), create('tests', 'Write tests'), dispatch(undefined, 'run')),
      NOTHING_KNOWN,
    );
    expect(named(diff.same)).toEqual([['task_dispatch', 'b']]);
    expect(diff.changed).toMatchObject([
      { subject: 'a', original: { title: 'Write  tests' }, shadow: { title: 'Write tests' } },
      { subject: 'b', original: { depends_on: ['a'] }, shadow: { depends_on: ['a'], title: 'run them' } },
    ]);
    expect([diff.only_original, diff.only_shadow]).toEqual([[], []]);
  });

  it('does not take a task to be changed for a task to be, even by its title', () => {
    const change: StagedWrite = {
      tool: 'task_upsert',
      input: { items: [{ key: 'T1', expected_version: 2, title: 'Dig' }] },
    };
    const untitled: StagedWrite = { tool: 'task_upsert', input: { items: [{ key: 'sand' }] } };
    const { only_original, only_shadow } = diffDecisions(
      decided(create('dig', 'Dig'), create('T2', 'Sand')),
      items(change, untitled),
      { ...NOTHING_KNOWN, refs: new Map([['T2', 'T2']]) },
    );
    expect([named(only_original), named(only_shadow)]).toEqual([
      [
        ['task_upsert', 'dig'],
        ['task_upsert', 'T2'],
      ],
      [
        ['task_upsert', 'T1'],
        ['task_upsert', 'sand'],
      ],
    ]);
  });

  it('takes a dispatch that leaves the worker open for one to where the task goes anyway', () => {
    const facts = { ...NOTHING_KNOWN, workers: new Map([['T2', 'test']]), defaultWorker: 'build' };
    const { same } = diffDecisions(
      decided(dispatch('build', 'T1', 'T2')),
      items(dispatch(undefined, 'T1', 'T2')),
      facts,
    );
    expect(same.map(({ input }) => input)).toEqual([
      { ref: 'T1', worker: 'build' },
      { ref: 'T2', worker: 'test' },
    ]);
  });

  it('pairs notes and questions that differ only where they replace or concern the same', () => {
    const diff = diffDecisions(
      decided(fact('Dry.', 'N1'), fact('Cold.'), ask('Why?', 'T1'), ask('When?')),
      items(fact('Wet.', 'N1'), fact('Warm.'), ask('How?', 'T1'), ask('Who?')),
      NOTHING_KNOWN,
    );
    expect(named(diff.changed)).toEqual([
      ['note', 'N1'],
      ['ask_human', 'T1'],
    ]);
    expect([diff.only_original.length, diff.only_shadow.length]).toEqual([2, 2]);
  });

  const someWrite = fc.oneof(
    fc
      .tuple(fc.constantFrom('build', undefined), fc.constantFrom('T1', 'T2', 'a'))
      .map((given) => dispatch(...given)),
    fc
      .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('Dig', 'dig', 'Pour'))
      .map((given) => create(...given)),
    fc.constantFrom('T1', 'T2').map(revise),
    fc.constantFrom('T1', 'T2').map(cancel),
    fc.constantFrom('It rains.', 'It snows.').map((text) => fact(text)),
    fc.constantFrom('x', 'y').map(handoff),
  );
  const someWrites = fc.array(someWrite, { maxLength: 12 });

  it('accounts for every decision of both sides once', () => {
    fc.assert(
      fc.property(someWrites, someWrites, (original, shadow) => {
        const { same, changed, only_original, only_shadow } = diffDecisions(
          decided(...original),
          items(...shadow),
          NOTHING_KNOWN,
        );
        const both = same.length + changed.length;
        expect(both + only_original.length).toBe(original.length);
        expect(both + only_shadow.length).toBe(shadow.length);
      }),
    );
  });

  it('finds nothing but the same between a conductor and itself', () => {
    fc.assert(
      fc.property(someWrites, (writes) => {
        const diff = diffDecisions(decided(...writes), items(...writes), NOTHING_KNOWN);
        expect(diff).toMatchObject({ changed: [], only_original: [], only_shadow: [] });
      }),
    );
  });
});

describe('sharedFacts', () => {
  const aTask = (ref: string, key: string | null, worker: string | null) => ({
    ref,
    key,
    worker,
    title: ref,
    version: 1,
    priority: 2,
    openDependencies: [],
    stateReason: null,
    failures: 0,
  });

  it('has the names that the board and the changed rows give, and where tasks go', () => {
    const board = {
      ready: [aTask('T1', 'dig', 'build')],
      readyTotal: 1,
      inFlight: [],
      review: [],
      reviewTotal: 0,
      blocked: [aTask('T2', null, null)],
      blockedTotal: 1,
    };
    const [decision] = decided(accept('tsk_9'));
    const changed = [{ kind: 'task', id: 'tsk_9', ref: 'T9' }];
    const original = decision === undefined ? [] : [{ ...decision, changed }];
    expect(sharedFacts({ board }, [], []).defaultWorker).toBeNull();
    expect(sharedFacts({ board }, ['builtin', 'build'], original)).toEqual({
      refs: new Map([
        ['tsk_9', 'T9'],
        ['dig', 'T1'],
      ]),
      workers: new Map([['T1', 'build']]),
      defaultWorker: 'builtin',
    });
  });
});
