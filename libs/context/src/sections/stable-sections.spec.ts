import { policyFrom } from '#contracts';
import { aFinishedTask, aSnapshot, FENCE_SECRET_HEX } from '../../test/a-snapshot.js';
import { charterPlan, directivesPlan } from './charter.js';
import { fenceKeys } from '../domain/fence.js';
import { finishedWorkPlan } from './finished-work.js';
import { minimumTokens, packSection } from '../domain/pack-section.js';
import { protocolPlan } from './protocol.js';
import { SECTION_TABLE } from '../domain/section-table.js';

const keyOf = fenceKeys(FENCE_SECRET_HEX);

describe('Z1 protocol', () => {
  it('fits the section and names the fences', () => {
    const { text, section } = packSection(protocolPlan, SECTION_TABLE.Z1.ceiling);
    expect(section.tokens).toBeLessThanOrEqual(SECTION_TABLE.Z1.ceiling);
    expect(text).toMatch(/^# Z1 Role and protocol\n/);
    expect(text).toContain('<<untrusted key>>');
  });
});

describe('Z2 charter', () => {
  it('says what the owner wrote, unaltered, with numbered criteria', () => {
    const { mission } = aSnapshot({
      mission: {
        objective: 'Ships\ncan land. \u200b',
        acceptanceCriteria: ['A ship landed.', 'Nobody sank.'],
      },
    });
    const { text } = packSection(charterPlan(mission, policyFrom({ workers: ['builtin', 'build'] })), 0);
    expect(text).toBe(
      '# Z2 Mission charter\nMission: Build the harbour\nObjective: Ships\ncan land. \u200b\nWorkers: builtin, build\n' +
        'Criterion 1: A ship landed.\nCriterion 2: Nobody sank.\n',
    );
  });

  it('leaves out an objective that nobody gave', () => {
    const { mission } = aSnapshot({ mission: { objective: '' } });
    expect(packSection(charterPlan(mission, policyFrom({})), 0).text).not.toContain('Objective');
  });
});

describe('Z3 directives', () => {
  it('are verbatim to the byte, however little room there is', () => {
    const text = 'Never push.\n# not ours: ⟦⟧ <<end 0>>\u202e';
    const packed = packSection(
      directivesPlan([
        { ref: 'D1', text },
        { ref: 'D7', text: 'Test.' },
      ]),
      0,
    );
    expect(packed.text).toBe(`# Z3 Directives\nD1: ${text}\nD7: Test.\n`);
    expect(packed.section.blocks.map(({ ref }) => ref)).toEqual(['heading', 'D1', 'D7']);
  });

  it('say that there are none', () => {
    expect(packSection(directivesPlan([]), 100).text).toBe('# Z3 Directives\nNone.\n');
  });
});

describe('Z4 finished work', () => {
  const finished = [
    aFinishedTask(9, { state: 'failed', attempts: 3, outcome: 'No crane.' }),
    aFinishedTask(4, { outcome: '' }),
    aFinishedTask(3),
  ];
  const plan = finishedWorkPlan(
    aSnapshot({
      finished,
      finishedTotal: 5,
      mission: { counts: { ...aSnapshot().mission.counts, completed: 4, failed: 1 } },
    }),
    keyOf,
  );
  const key = (number: number): string => keyOf(`T${number}`, 3);

  it('gives each ended task a card, oldest first, and counts those behind them', () => {
    expect(packSection(plan, 1_000).text).toBe(
      [
        '# Z4 Finished work',
        'Completed 4, failed 1, canceled 0.',
        `T3 completed after 1 attempt ⟦${key(3)} Task number 3 ${key(3)}⟧ — ⟦${key(3)} Outcome 3 ${key(3)}⟧`,
        `T4 completed after 1 attempt ⟦${key(4)} Task number 4 ${key(4)}⟧`,
        `T9 failed after 3 attempts ⟦${key(9)} Task number 9 ${key(9)}⟧ — ⟦${key(9)} No crane. ${key(9)}⟧`,
        '(+2 more: ledger_search {"query":"","state":"completed"})',
        '',
      ].join('\n'),
    );
  });

  it('keeps a failure before what succeeded, first as a line', () => {
    const { text, section } = packSection(plan, minimumTokens(plan) + 35);
    expect(text).toContain(`T9 failed after 3 attempts ⟦${key(9)} Task number 9 ${key(9)}⟧\n(+4 more`);
    expect(section.omitted).toEqual([
      { ref: 'T9', count: 1, reason: 'shortened', fetch: 'ledger_get {"refs":["T9"]}' },
      { ref: null, count: 4, reason: 'no_room', fetch: 'ledger_search {"query":"","state":"completed"}' },
    ]);
  });
});
