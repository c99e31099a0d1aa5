import type { ConductorGauge, Mission } from '../../api/generated/types.gen.js';
import {
  budgetText,
  gaugeText,
  nextWaveText,
  pauseOrResume,
  tasksOf,
  tasksText,
  troubleText,
} from './mission-model.js';

const counts = { blocked: 0, queued: 0, working: 0, input_required: 0, completed: 0, failed: 0, canceled: 0 };
const aMission = (parts: Partial<Mission>): Mission =>
  ({
    state: 'active',
    holds: [],
    counts,
    budget: { limit_usd: null, daily_usd: null, spent_usd: '0', reserved_usd: '0' },
    ...parts,
  }) as unknown as Mission;
const aGauge = (tokens: number, parts: Partial<ConductorGauge> = {}): ConductorGauge => ({
  wave: null,
  context: {
    tokens,
    budget: 24_000,
    ceiling: 195_904,
    level: tokens > 21_600 ? 'hard' : tokens > 16_800 ? 'soft' : 'ok',
  },
  spill: 0,
  next_wave_at: null,
  ...parts,
});

describe('a mission in words', () => {
  it.each([
    ['active', 'pause'],
    ['input_required', 'pause'],
    ['paused', 'resume'],
    ['stalled', 'resume'],
    ['completed', null],
    ['archived', null],
  ] as const)('%s: the button says %s', (state, says) =>
    expect(pauseOrResume(aMission({ state }))).toBe(says),
  );

  it('counts tasks by what became of them', () => {
    const mission = aMission({ counts: { ...counts, completed: 1_408, working: 6, queued: 2 } });
    expect(tasksText(mission)).toBe('1,408 done, 6 at work, 2 queued');
    expect(tasksOf(mission)).toEqual({ all: 1_416, done: 1_408, open: 8, ended: 1_408 });
    expect(tasksText(aMission({}))).toBe('none yet');
  });

  it('says what limits the money', () => {
    expect(budgetText(aMission({}))).toBe('no limit');
    expect(
      budgetText(
        aMission({ budget: { limit_usd: '400', daily_usd: '20', spent_usd: '1', reserved_usd: '0.5' } }),
      ),
    ).toBe('of $400.00, at most $20.00 a day, $0.5 reserved');
  });

  it('says how full the context is, and what that means', () => {
    expect(gaugeText(aGauge(6_000))).toBe('25 % of 24,000');
    expect(gaugeText(aGauge(18_000))).toContain('told so');
    expect(gaugeText(aGauge(22_000))).toContain('only hands over');
  });

  it('says why nothing runs, and nothing when all is well', () => {
    expect(troubleText(aMission({}))).toBeNull();
    expect(troubleText(aMission({ state: 'budget_reached' }))).toContain('Raise it');
  });

  it('says what the next wave waits for', () => {
    expect(nextWaveText(aGauge(0))).toBe('No wave is due; everything has been seen. Idle costs nothing.');
    expect(nextWaveText(aGauge(0, { spill: 3, next_wave_at: '2026-01-01T00:00:00Z' }))).toBe(
      'A wave is due; 3 items in the inbox not yet seen.',
    );
  });
});
