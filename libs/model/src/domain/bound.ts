import { upperBoundTokens } from '#contracts';

/** Kept free below the budget for what the provider adds that no count shows. */
export const REQUEST_RESERVE_TOKENS = 1_024;
/** A count may be off by so much from what is charged. */
export const COUNT_MARGIN_TOKENS = 64;
const TOKENS_PER_BLOCK_MAX = 16;
const TOKENS_PER_MESSAGE_MAX = 64;
/** An estimate is believed only with so much on top. */
const ESTIMATE_MARGIN = 1.15;

/**
 * How it is known that a request fits: proved from the last one's exact usage, counted by the provider, or (where it
 * cannot count) only estimated.
 */
export const BOUND_TIERS = ['proved', 'counted', 'estimated'] as const;
export type BoundTier = (typeof BOUND_TIERS)[number];

/** A request has at most so many input tokens; for `estimated` that is likely and not certain. */
export interface Bound {
  readonly tier: BoundTier;
  readonly tokens: number;
}

/** What was appended since the last request: its texts, and how many blocks and messages carry them. */
export interface Appended {
  readonly texts: readonly string[];
  readonly blocks: number;
  readonly messages: number;
}

/**
 * The most tokens that the next request can have, from the last one's exact usage: no text has more tokens than bytes
 * in the form in which it is tokenized.
 */
export function provenTokens(
  last: { readonly promptTokens: number; readonly outputTokens: number },
  appended: Appended,
): number {
  const textTokens = appended.texts.reduce((sum, text) => sum + upperBoundTokens(text), 0);
  return (
    last.promptTokens +
    last.outputTokens +
    textTokens +
    appended.blocks * TOKENS_PER_BLOCK_MAX +
    appended.messages * TOKENS_PER_MESSAGE_MAX
  );
}

/** True when a request with this bound may be sent under the budget. */
export function fits({ tier, tokens }: Bound, budgetTokens: number): boolean {
  const margin = tier === 'proved' ? 0 : COUNT_MARGIN_TOKENS;
  return tokens <= budgetTokens - REQUEST_RESERVE_TOKENS - margin;
}

/** What a body was estimated at, and what the provider then counted. */
export interface RateSample {
  readonly estimatedTokens: number;
  readonly countedTokens: number;
}

/** Below so many samples nothing is concluded from them. */
const RATE_SAMPLES_MIN = 8;
const RATE_MIN = 0.5;
const RATE_MAX = 4;

/**
 * How many real tokens of a model one estimated token has stood for at worst in its latest requests. Never below one
 * half, so that an easy week does not make the next estimate a promise; 1 while too little is known.
 */
export function tokenRate(samples: readonly RateSample[]): number {
  const worst = samples.reduce(
    (most, { estimatedTokens, countedTokens }) =>
      estimatedTokens === 0 ? most : Math.max(most, countedTokens / estimatedTokens),
    0,
  );
  const floor = samples.length < RATE_SAMPLES_MIN ? 1 : RATE_MIN;
  return Math.min(RATE_MAX, Math.max(floor, worst));
}

/** The bound of a body that nobody can count. */
export function estimatedBound(estimatedTokens: number, rate: number): Bound {
  return { tier: 'estimated', tokens: Math.ceil(estimatedTokens * rate * ESTIMATE_MARGIN) };
}
