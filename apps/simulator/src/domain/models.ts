/** A model as far as its behaviour differs in what the simulator checks. */
export interface ModelTraits {
  readonly id: string;
  readonly displayName: string;
  readonly createdAt: string;
  /** A prefix shorter than this is never cached. */
  readonly cacheableTokensMin: number;
  /** Whether `tool_choice` may be `any` or `tool`. */
  readonly forcesTools: boolean;
  readonly prices: Prices;
  /** Above so many prompt tokens everything costs five times as much. */
  readonly premiumOverTokens: number;
}

/** Dollars per million tokens. */
export interface Prices {
  readonly input: number;
  readonly write5m: number;
  readonly write1h: number;
  readonly read: number;
  readonly output: number;
}

/** The standard window, in input tokens plus `max_tokens`. */
export const WINDOW_TOKENS = 200_000;
export const OUTPUT_TOKENS_MAX = 64_000;

type Row = readonly [
  id: string,
  displayName: string,
  createdOn: string,
  Pick<ModelTraits, 'cacheableTokensMin' | 'forcesTools'>,
  prices: readonly [input: number, read: number, output: number],
];

/** Newest first, as the API lists them. What is written to the cache costs 1.25 (5 min) or 2 times (1 h) the input. */
const ROWS: readonly Row[] = [
  [
    'claude-fable-5-2',
    'Claude Fable 5.2',
    '2026-10-21',
    { cacheableTokensMin: 512, forcesTools: false },
    [10, 1, 50],
  ],
  [
    'claude-haiku-5-5',
    'Claude Haiku 5.5',
    '2026-10-01',
    { cacheableTokensMin: 512, forcesTools: true },
    [0.1, 0.01, 0.5],
  ],
  [
    'claude-sonnet-5-5',
    'Claude Sonnet 5.5',
    '2026-09-15',
    { cacheableTokensMin: 512, forcesTools: false },
    [2, 0.1, 10],
  ],
  [
    'claude-opus-5-5',
    'Claude Opus 5.5',
    '2026-09-01',
    { cacheableTokensMin: 512, forcesTools: false },
    [4, 0.2, 20],
  ],
  [
    'claude-fable-5-1',
    'Claude Fable 5.1',
    '2026-08-15',
    { cacheableTokensMin: 512, forcesTools: false },
    [10, 1, 50],
  ],
  [
    'claude-fable-5',
    'Claude Fable 5',
    '2026-07-01',
    { cacheableTokensMin: 512, forcesTools: true },
    [10, 1, 50],
  ],
  [
    'claude-opus-5',
    'Claude Opus 5',
    '2026-06-15',
    { cacheableTokensMin: 512, forcesTools: true },
    [5, 0.5, 25],
  ],
  [
    'claude-sonnet-5',
    'Claude Sonnet 5',
    '2026-06-01',
    { cacheableTokensMin: 1_024, forcesTools: true },
    [2, 0.2, 10],
  ],
  [
    'claude-opus-4-8',
    'Claude Opus 4.8',
    '2026-04-15',
    { cacheableTokensMin: 1_024, forcesTools: true },
    [5, 0.5, 25],
  ],
  [
    'claude-sonnet-4-6',
    'Claude Sonnet 4.6',
    '2026-02-15',
    { cacheableTokensMin: 1_024, forcesTools: true },
    [3, 0.3, 15],
  ],
  [
    'claude-haiku-4-5',
    'Claude Haiku 4.5',
    '2025-10-15',
    { cacheableTokensMin: 4_096, forcesTools: true },
    [1, 0.1, 5],
  ],
];

const PREMIUM_OVER_TOKENS: Readonly<Record<string, number>> = { 'claude-haiku-5-5': 100_000 };

export const MODELS: readonly ModelTraits[] = ROWS.map(([id, displayName, createdOn, traits, prices]) => ({
  id,
  displayName,
  createdAt: `${createdOn}T00:00:00Z`,
  ...traits,
  prices: pricesOf(...prices),
  premiumOverTokens: PREMIUM_OVER_TOKENS[id] ?? Infinity,
}));

function pricesOf(input: number, read: number, output: number): Prices {
  return { input, write5m: input * 1.25, write1h: input * 2, read, output };
}

export function findModel(id: string): ModelTraits | undefined {
  return MODELS.find((known) => known.id === id);
}
