import { contextLevel, type ContextLevel } from '#contracts';

/** How far a wave may still go. Each request is judged before it is made; nothing leads back. */
export const GUARD_STATES = ['open', 'soft', 'hard', 'closed'] as const;
export type GuardState = (typeof GUARD_STATES)[number];

/** What an answer says about the next request: how full it will be at least, or that a cap is reached. */
export type GuardSignal = ContextLevel | 'capped';

/** After `hard` one more request may be made, so whatever comes of it leads to `closed`. */
export const GUARD_TABLE: Readonly<Record<GuardState, Readonly<Record<GuardSignal, GuardState>>>> = {
  open: { ok: 'open', soft: 'soft', hard: 'hard', capped: 'closed' },
  soft: { ok: 'soft', soft: 'soft', hard: 'hard', capped: 'closed' },
  hard: { ok: 'closed', soft: 'closed', hard: 'closed', capped: 'closed' },
  closed: { ok: 'closed', soft: 'closed', hard: 'closed', capped: 'closed' },
};

/** What the conductor is told, once, when the guard comes to a state. */
export const GUARD_NOTES: Readonly<Partial<Record<GuardState, string>>> = {
  soft: 'Context: over 70 % of the budget is used. Decide what you can and hand off; the rest is for the next wave.',
  hard: 'Context: over 90 % of the budget is used. Only handoff is accepted now.',
};

/** A wave's use of what it may use. Tokens and money are those of all its requests, times are milliseconds. */
export interface GuardFacts {
  /** The last request with its answer: the next one has at least so many tokens. */
  readonly filledTokens: number;
  readonly budgetTokens: number;
  readonly requests: number;
  readonly requestsMax: number;
  readonly elapsedMs: number;
  readonly elapsedMsMax: number;
  /** What the wave has cost, and what it and one more request can cost at most. */
  readonly atMostUsd: number;
  /** Null for no limit of its own. */
  readonly usdMax: number | null;
}

/** Why the harness ended a wave. */
export type GuardStop = 'request_limit' | 'time_limit' | 'price_limit' | 'context_full';

export interface GuardVerdict {
  readonly state: GuardState;
  /** Set when the wave is closed. */
  readonly stop: GuardStop | null;
}

/** Judges the next request of a wave. */
export function judgeNext(state: GuardState, facts: GuardFacts): GuardVerdict {
  const cap = capOf(facts);
  const signal = cap === null ? contextLevel(facts.filledTokens, facts.budgetTokens) : 'capped';
  const next = GUARD_TABLE[state][signal];
  return { state: next, stop: next === 'closed' ? (cap ?? 'context_full') : null };
}

function capOf(facts: GuardFacts): GuardStop | null {
  if (facts.requests >= facts.requestsMax) return 'request_limit';
  if (facts.elapsedMs >= facts.elapsedMsMax) return 'time_limit';
  return facts.usdMax !== null && facts.atMostUsd > facts.usdMax ? 'price_limit' : null;
}
