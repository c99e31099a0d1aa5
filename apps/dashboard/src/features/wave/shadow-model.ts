import type {
  DecisionDiff,
  Mission,
  Shadow,
  ShadowInput,
  Usage,
  Wave,
} from '../../api/generated/types.gen.js';
import { count, usd, wholeNumber, words } from '../../ui/format.js';
import { inputTokens } from '../../ui/input-tokens.js';
import { moneyTyped } from '../../ui/money.js';
import type { Tone } from '../../ui/state-tone.js';

/** What was typed; an empty field leaves the wave's own. */
export interface TypedShadow {
  readonly model: string;
  readonly budgetTokens: string;
  readonly usdMax: string;
}

export const BUDGET_TOKENS_MIN = 8_000;

/** Why it is no context budget; null when it is one, or empty. */
export function budgetTokensProblem(typed: string): string | null {
  const text = typed.trim();
  if (text === '') return null;
  return /^\d{1,6}$/.test(text) && Number(text) >= BUDGET_TOKENS_MIN
    ? null
    : `A whole number of at least ${wholeNumber(BUDGET_TOKENS_MIN)}`;
}

export function shadowInputOf({ model, budgetTokens, usdMax }: TypedShadow): ShadowInput {
  const price = moneyTyped(usdMax);
  return {
    ...(model.trim() === '' ? {} : { model: model.trim() }),
    policy: {
      ...(budgetTokens.trim() === '' ? {} : { context_budget_tokens: Number(budgetTokens) }),
      ...(price === null ? {} : { wave_usd_max: price }),
    },
  };
}

/** Models that the mission knows, the wave's first. */
export function suggestedModels(wave: Pick<Wave, 'model'>, policy: Mission['policy'] | undefined): string[] {
  const others = policy === undefined ? [] : [policy.model, policy.worker_model, policy.digest_model];
  return [...new Set([wave.model, ...others])];
}

/** One decision of either, with what each said; null where it said nothing of the kind. */
export interface ComparedRow {
  readonly title: string;
  readonly verdict: string;
  readonly tone: Tone;
  readonly original: unknown;
  readonly shadow: unknown;
}

/** What differs first, what is the same last. */
export function comparedRows({
  same,
  changed,
  only_original: gone,
  only_shadow: added,
}: DecisionDiff): ComparedRow[] {
  return [
    ...changed.map(({ original, shadow, ...decision }) =>
      row(decision, 'otherwise', 'warn', { original, shadow }),
    ),
    ...gone.map((decision) =>
      row(decision, 'only the wave', 'bad', { original: decision.input, shadow: null }),
    ),
    ...added.map((decision) =>
      row(decision, 'only the shadow', 'busy', { original: null, shadow: decision.input }),
    ),
    ...same.map((decision) =>
      row(decision, 'the same', 'good', { original: decision.input, shadow: decision.input }),
    ),
  ];
}

function row(
  { tool, subject }: { readonly tool: string; readonly subject: string | null },
  verdict: string,
  tone: Tone,
  said: Pick<ComparedRow, 'original' | 'shadow'>,
): ComparedRow {
  const title = [words(tool), subject].filter((part) => part !== null).join(' · ');
  return { title, verdict, tone, ...said };
}

/** "2 decisions the same, 1 otherwise, 3 only by the wave." */
export function diffText({ same, changed, only_original: gone, only_shadow: added }: DecisionDiff): string {
  const differing = [
    [changed.length, 'otherwise'],
    [gone.length, 'only by the wave'],
    [added.length, 'only by the shadow'],
  ] as const;
  const parts = differing.flatMap(([number, how]) => (number === 0 ? [] : [`${wholeNumber(number)} ${how}`]));
  if (parts.length === 0) return same.length === 0 ? 'Neither decided anything.' : 'It decided the same.';
  const alike = same.length === 0 ? 'No decision the same' : `${count(same.length, 'decision')} the same`;
  return `${[alike, ...parts].join(', ')}.`;
}

/** What one has to know to read the comparison. */
export function caveats({ reads, context }: Shadow): string[] {
  return [
    ...(context.is_stored_request ? [] : ['It was shown the same state, packed anew for its own budget.']),
    ...(reads === 0
      ? []
      : [`It read the ledger ${count(reads, 'time')}, as that is now and not as it was then.`]),
  ];
}

/** The two runs beside each other. */
export function runRows(
  wave: Wave,
  shadow: Shadow,
): readonly (readonly [name: string, wave: string, shadow: string])[] {
  const both = (name: string, of: (usage: Usage) => string) =>
    [name, of(wave.usage), of(shadow.usage)] as const;
  return [
    ['Model', wave.model, shadow.model],
    ['Ended by', words(wave.stop_reason ?? '–'), words(shadow.stop_reason)],
    ['Requests', wholeNumber(wave.requests), wholeNumber(shadow.requests)],
    ['Largest request', wholeNumber(wave.peak_request_tokens), wholeNumber(shadow.context.tokens)],
    ['Of a budget of', wholeNumber(wave.context.budget), wholeNumber(shadow.context.budget)],
    both('Input tokens', (usage) => wholeNumber(inputTokens(usage))),
    both('Output tokens', (usage) => wholeNumber(usage.output_tokens)),
    both('Cost', (usage) => usd(usage.cost_usd)),
  ];
}
