import { policyFrom } from '#contracts';
import type { TaskEnd } from '#ledger';
import { anEnd, aSnapshot, FENCE_SECRET_HEX, finishedWork } from '../../test/a-snapshot.js';
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
  const ends = [
    anEnd(3),
    anEnd(4, { outcome: '' }),
    anEnd(9, { state: 'failed', attempts: 3, outcome: 'No crane.' }),
    anEnd(4, { generation: 2, outcome: '' }),
  ];
  const planOf = (...more: readonly TaskEnd[]) =>
    finishedWorkPlan({ finished: finishedWork(...ends, ...more) }, keyOf);
  const fenced = (card: string, text: string): string => `⟦${keyOf(card)} ${text} ${keyOf(card)}⟧`;
  const AMPLE = 5_000;

  it('gives each end a card, oldest first', () => {
    expect(packSection(planOf(), AMPLE).text.split('\n').slice(2)).toEqual([
      `T3 completed after 1 attempt ${fenced('T3.1', 'Task number 3 — Outcome 3')}`,
      `T4 completed after 1 attempt ${fenced('T4.1', 'Task number 4')}`,
      `T9 failed after 3 attempts ${fenced('T9.1', 'Task number 9 — No crane.')}`,
      `T4 completed after 1 attempt, generation 2 ${fenced('T4.2', 'Task number 4')}`,
      '',
    ]);
  });

  it('tells eight ends as one digest: how they came out, then what failed, then what was shipped', () => {
    const { text, section } = packSection(
      planOf(anEnd(11), anEnd(12), anEnd(13), anEnd(14), anEnd(15)),
      AMPLE,
    );
    const [digest, card, end] = text.split('\n').slice(2);
    expect(digest).toMatch(/^G1: 7 completed T14 T13 T12 T11 T4, 1 failed T9 ⟦/);
    expect(digest).toContain(
      '| Watch: T9 failed: Task number 9 — No crane. | Shipped: T14 Task number 14; T13',
    );
    expect(card).toMatch(/^T15 completed/);
    expect(end).toBe('');
    expect(section.blocks.map(({ ref, source }) => `${ref} ${source}`)).toEqual([
      'heading finished',
      'G1 digest 1 extractive',
      'T15 card',
    ]);
    for (const { tokens } of section.blocks.slice(1)) expect(tokens).toBeLessThanOrEqual(160);
  });

  it('keeps a failure before what succeeded, first as a line, and says how to get at the rest', () => {
    const plan = planOf();
    const { text, section } = packSection(plan, minimumTokens(plan) + 36);
    expect(text).toContain(
      `T9 failed after 3 attempts ${fenced('T9.1', 'Task number 9')}\n(+3 more: digest_expand {"ref":"root"})`,
    );
    expect(section.omitted).toEqual([
      { ref: 'T9', count: 1, reason: 'shortened', fetch: 'ledger_get {"refs":["T9"]}' },
      { ref: null, count: 3, reason: 'no_room', fetch: 'digest_expand {"ref":"root"}' },
    ]);
  });

  it('names the one thing that it leaves out', () => {
    const eight = Array.from({ length: 8 }, (_, index) => anEnd(index + 1));
    const plan = finishedWorkPlan({ finished: finishedWork(...eight) }, keyOf);
    expect(packSection(plan, 0).text).toContain('(+1 more: digest_expand {"ref":"G1"})');
    expect(packSection(finishedWorkPlan({ finished: finishedWork(anEnd(7)) }, keyOf), 0).text).toContain(
      '(+1 more: ledger_get {"refs":["T7"]})',
    );
  });

  it('changes nothing of what it told before when another task ends, until eight make a digest', () => {
    const before = packSection(planOf(), AMPLE).text;
    const after = packSection(planOf(anEnd(20), anEnd(21)), AMPLE).text;
    expect(after.startsWith(before)).toBe(true);
    expect(after.length).toBeGreaterThan(before.length);
  });
});
