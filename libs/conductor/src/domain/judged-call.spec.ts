import type { StagedWrite } from '#contracts';
import { decide, type Decision, type LedgerView } from '#ledger';
import fc from 'fast-check';
import { judgedCall, judgementText } from './judged-call.js';

const WRITES: readonly [item: string, StagedWrite][] = [
  ['tests', { tool: 'task_upsert', input: { items: [{ key: 'tests', title: 'Tests' }] } }],
  ['T1', { tool: 'task_dispatch', input: { refs: ['T1'] } }],
  ['T2', { tool: 'task_review', input: { verdicts: [{ ref: 'T2', verdict: 'accept' }] } }],
  ['note fact', { tool: 'note', input: { entries: [{ kind: 'fact', text: 'It rains.' }] } }],
  ['handoff', { tool: 'handoff', input: { note: 'so far', done: false } }],
];

function applied(write: StagedWrite): Decision {
  const change = { kind: 'hand_off', input: { note: '', done: false } } as const;
  return { tool: write.tool, input: {}, outcome: 'applied', change };
}

function rejected(write: StagedWrite, reason: string): Decision {
  return { tool: write.tool, input: {}, outcome: 'rejected', reason };
}

describe('judgedCall', () => {
  it('keeps what holds and names what does not, in the order of the call', () => {
    const writes = WRITES.map(([, write]) => write);
    const verdicts = writes.map((write, place) =>
      place % 2 === 0 ? applied(write) : rejected(write, `no. ${place}`),
    );
    expect(judgedCall('toolu_1', writes, verdicts)).toEqual({
      id: 'toolu_1',
      accepted: [writes[0], writes[2], writes[4]],
      rejected: [
        { item: 'T1', reason: 'no. 1' },
        { item: 'note fact', reason: 'no. 3' },
      ],
    });
  });

  it.each(WRITES)('calls a refused item %s', (item, write) => {
    expect(judgedCall('toolu_1', [write], [rejected(write, 'no')]).rejected).toEqual([
      { item, reason: 'no' },
    ]);
  });

  it.each<[string, StagedWrite]>([
    ['task_upsert', { tool: 'task_upsert', input: { items: [] } }],
    ['task_dispatch', { tool: 'task_dispatch', input: { refs: [] } }],
    ['task_review', { tool: 'task_review', input: { verdicts: [] } }],
    ['note', { tool: 'note', input: { entries: [] } }],
  ])('calls an item of nothing by its tool, %s', (item, write) => {
    expect(judgedCall('toolu_1', [write], [rejected(write, 'no')]).rejected).toEqual([
      { item, reason: 'no' },
    ]);
  });

  it('accounts for every verdict once', () => {
    const aPair = fc.tuple(fc.constantFrom(...WRITES), fc.boolean());
    fc.assert(
      fc.property(fc.array(aPair, { maxLength: 20 }), (pairs) => {
        const writes = pairs.map(([[, write]]) => write);
        const verdicts = pairs.map(([[, write], holds]) => (holds ? applied(write) : rejected(write, 'no')));
        const call = judgedCall('toolu_1', writes, verdicts);
        expect(call.accepted).toEqual(writes.filter((_, place) => pairs[place]?.[1]));
        expect(call.rejected).toHaveLength(pairs.filter(([, holds]) => !holds).length);
      }),
    );
  });

  it('never stages what has no verdict', () => {
    const writes = WRITES.map(([, write]) => write);
    expect(judgedCall('toolu_1', writes, [])).toEqual({ id: 'toolu_1', accepted: [], rejected: [] });
  });

  it('fits the verdicts of the ledger, one to an item', () => {
    const view: LedgerView = {
      workers: ['builtin'],
      freeSlots: 1,
      roomForTasks: { tasksMax: 1, limit: 'tasks_per_wave_max' },
      tasks: [],
      notesInForce: [],
      criteriaOwed: 0,
      approval: 'none',
      questionsAskable: 1,
      directivesProposable: 1,
    };
    const writes = WRITES.map(([, write]) => write);
    expect(judgedCall('toolu_1', writes, decide(view, writes))).toMatchObject({
      accepted: [writes[0], writes[3], writes[4]],
      rejected: [
        { item: 'T1', reason: 'there is no task T1' },
        { item: 'T2', reason: 'there is no task T2' },
      ],
    });
  });
});

describe('judgementText', () => {
  const [, write] = WRITES[0] ?? [];
  const accepted = write === undefined ? [] : [write];

  it('says how much was staged and when it counts', () => {
    expect(judgementText({ id: 'toolu_1', accepted, rejected: [] })).toBe(
      'Staged 1; they take effect when the wave ends.',
    );
  });

  it('gives a line and a reason for each item that was refused', () => {
    const refused = [
      { item: 'T1', reason: 'no free slot' },
      { item: 'T2', reason: 'there is no task T2' },
    ];
    expect(judgementText({ id: 'toolu_1', accepted, rejected: refused })).toBe(
      [
        'Staged 1; they take effect when the wave ends. Refused 2:',
        '- T1: no free slot',
        '- T2: there is no task T2',
      ].join('\n'),
    );
  });
});
