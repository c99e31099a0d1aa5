import type { ConductorGauge, Mission } from '../../api/generated/types.gen.js';
import { count, percent, usd, wholeNumber, words } from '../../ui/format.js';

/** Missions that are over take no more orders. */
export function canBeSteered({ state }: Mission): boolean {
  return !['canceled', 'archived'].includes(state);
}

/** What the pause button does, null when there is nothing to do: holds are dropped by resuming. */
export function pauseOrResume({ state }: Mission): 'pause' | 'resume' | null {
  if (['canceled', 'archived', 'completed'].includes(state)) return null;
  return state === 'active' || state === 'input_required' ? 'pause' : 'resume';
}

export function tasksOf({ counts }: Mission): {
  readonly all: number;
  readonly done: number;
  readonly open: number;
  readonly ended: number;
} {
  const open = counts.blocked + counts.queued + counts.working + counts.input_required;
  const ended = counts.completed + counts.failed + counts.canceled;
  return { all: open + ended, done: counts.completed, open, ended };
}

export function tasksText(mission: Mission): string {
  const { counts } = mission;
  const parts = [
    [counts.completed, 'done'],
    [counts.working, 'at work'],
    [counts.queued, 'queued'],
    [counts.blocked, 'blocked'],
    [counts.input_required, 'waiting for you'],
    [counts.failed, 'failed'],
    [counts.canceled, 'canceled'],
  ] as const;
  const said = parts
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${wholeNumber(number)} ${what}`);
  return said.length === 0 ? 'none yet' : said.join(', ');
}

export function budgetText({ budget }: Mission): string {
  const limits = [
    ...(budget.limit_usd === null ? [] : [`of ${usd(budget.limit_usd)}`]),
    ...(budget.daily_usd === null ? [] : [`at most ${usd(budget.daily_usd)} a day`]),
  ];
  const reserved = Number(budget.reserved_usd) > 0 ? [`${usd(budget.reserved_usd)} reserved`] : [];
  return [...(limits.length === 0 ? ['no limit'] : limits), ...reserved].join(', ');
}

/** "63 % of 24,000", with what that means when it is much. */
export function gaugeText({ context }: ConductorGauge): string {
  const full = `${percent(context.tokens / context.budget)} of ${wholeNumber(context.budget)}`;
  if (context.level === 'ok') return full;
  return `${full}: ${context.level === 'soft' ? 'past 70 %, it is told so' : 'past 90 %, it only hands over'}`;
}

/** Why nothing runs, and what a person can do about it; null when all is well. */
export function troubleText({ state, holds }: Mission): string | null {
  if (state === 'active' || state === 'completed') return null;
  return TROUBLES[state] ?? (holds.length > 0 ? `Held: ${holds.map(words).join(', ')}.` : null);
}

const TROUBLES: Readonly<Partial<Record<Mission['state'], string>>> = {
  paused: 'Paused: no wave starts and no work is handed out; what is running may finish.',
  budget_reached: 'The budget is used up. Raise it, or answer the question about it, and work goes on.',
  stalled: 'Waves changed nothing, or failed, several times in a row. Look at the last ones, then resume.',
  overcommitted:
    'Directives and work in flight no longer fit into the context. Retire directives, or raise the context budget.',
  provider_blocked: 'The model provider has refused for ten minutes. Resume when it is well again.',
  canceled: 'Canceled: it takes no more work.',
  archived: 'Archived: it takes no more work.',
};

/** Of the wave that runs, or of what the next one waits for. */
export function nextWaveText({ wave, next_wave_at: next, spill }: ConductorGauge): string {
  const unseen =
    spill === 0 ? 'everything has been seen' : `${count(spill, 'item')} in the inbox not yet seen`;
  if (wave !== null) return `Wave ${wave.number} is running; ${unseen}.`;
  return next === null ? `No wave is due; ${unseen}. Idle costs nothing.` : `A wave is due; ${unseen}.`;
}
