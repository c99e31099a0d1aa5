/** A model as far as its behaviour differs in what the simulator checks. */
export interface ModelTraits {
  readonly id: string;
  readonly displayName: string;
  readonly createdAt: string;
  /** A prefix shorter than this is never cached. */
  readonly cacheableTokensMin: number;
  /** Whether `tool_choice` may be `any` or `tool`. */
  readonly forcesTools: boolean;
}

/** The standard window, in input tokens plus `max_tokens`. */
export const WINDOW_TOKENS = 200_000;
export const OUTPUT_TOKENS_MAX = 64_000;

type Row = readonly [
  id: string,
  displayName: string,
  createdOn: string,
  Pick<ModelTraits, 'cacheableTokensMin' | 'forcesTools'>,
];

/** Newest first, as the API lists them. */
const ROWS: readonly Row[] = [
  ['claude-fable-5-2', 'Claude Fable 5.2', '2026-10-21', { cacheableTokensMin: 512, forcesTools: false }],
  ['claude-haiku-5-5', 'Claude Haiku 5.5', '2026-10-01', { cacheableTokensMin: 512, forcesTools: true }],
  ['claude-sonnet-5-5', 'Claude Sonnet 5.5', '2026-09-15', { cacheableTokensMin: 512, forcesTools: false }],
  ['claude-opus-5-5', 'Claude Opus 5.5', '2026-09-01', { cacheableTokensMin: 512, forcesTools: false }],
  ['claude-fable-5-1', 'Claude Fable 5.1', '2026-08-15', { cacheableTokensMin: 512, forcesTools: false }],
  ['claude-fable-5', 'Claude Fable 5', '2026-07-01', { cacheableTokensMin: 512, forcesTools: true }],
  ['claude-opus-5', 'Claude Opus 5', '2026-06-15', { cacheableTokensMin: 512, forcesTools: true }],
  ['claude-sonnet-5', 'Claude Sonnet 5', '2026-06-01', { cacheableTokensMin: 1_024, forcesTools: true }],
  ['claude-opus-4-8', 'Claude Opus 4.8', '2026-04-15', { cacheableTokensMin: 1_024, forcesTools: true }],
  ['claude-sonnet-4-6', 'Claude Sonnet 4.6', '2026-02-15', { cacheableTokensMin: 1_024, forcesTools: true }],
  ['claude-haiku-4-5', 'Claude Haiku 4.5', '2025-10-15', { cacheableTokensMin: 4_096, forcesTools: true }],
];

export const MODELS: readonly ModelTraits[] = ROWS.map(([id, displayName, createdOn, traits]) => ({
  id,
  displayName,
  createdAt: `${createdOn}T00:00:00Z`,
  ...traits,
}));

export function findModel(id: string): ModelTraits | undefined {
  return MODELS.find((known) => known.id === id);
}
