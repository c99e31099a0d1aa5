/** Dollars per million tokens, by kind. */
export interface TokenPrices {
  readonly input: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
  readonly output: number;
}

/** One dated row of a model's price list. `promptOver` is the dearer tier of long prompts, where there is one. */
export interface CatalogueRow {
  readonly model: string;
  /** YYYY-MM-DD, UTC. */
  readonly effectiveFrom: string;
  readonly prices: TokenPrices;
  readonly promptOver?: { readonly tokens: number; readonly prices: TokenPrices };
}

const perMTok = (
  input: number,
  cacheWrite5m: number,
  cacheWrite1h: number,
  cacheRead: number,
  output: number,
): TokenPrices => ({
  input,
  cacheWrite5m,
  cacheWrite1h,
  cacheRead,
  output,
});

/** The provider's list prices in dollars per million tokens, oldest row of a model first. As published in November 2026. */
const CATALOGUE: readonly CatalogueRow[] = [
  { model: 'claude-fable-5-1', effectiveFrom: '2026-08-01', prices: perMTok(10, 12.5, 20, 1, 50) },
  { model: 'claude-opus-5-5', effectiveFrom: '2026-08-01', prices: perMTok(4, 5, 8, 0.2, 20) },
  { model: 'claude-opus-5', effectiveFrom: '2026-07-24', prices: perMTok(5, 6.25, 10, 0.5, 25) },
  { model: 'claude-sonnet-5-5', effectiveFrom: '2026-09-01', prices: perMTok(2, 2.5, 4, 0.2, 10) },
  { model: 'claude-sonnet-5-5', effectiveFrom: '2026-10-07', prices: perMTok(2, 2.5, 4, 0.1, 10) },
  { model: 'claude-sonnet-5', effectiveFrom: '2026-06-01', prices: perMTok(2, 2.5, 4, 0.2, 10) },
  {
    model: 'claude-haiku-5-5',
    effectiveFrom: '2026-10-07',
    prices: perMTok(0.1, 0.125, 0.2, 0.01, 0.5),
    promptOver: { tokens: 100_000, prices: perMTok(0.5, 0.625, 1, 0.05, 2.5) },
  },
  { model: 'claude-haiku-4-5', effectiveFrom: '2025-10-15', prices: perMTok(1, 1.25, 2, 0.1, 5) },
];

/** A model that is not in the catalogue is charged like the dearest, so that no budget is overshot by not knowing. */
const DEAREST: CatalogueRow = { model: '', effectiveFrom: '', prices: perMTok(10, 12.5, 20, 1, 50) };

/** Whether the provider's list has this name: anything else is some text of a tenant's. */
export function isListed(model: string): boolean {
  return CATALOGUE.some((row) => row.model === model);
}

/** The row in force on a day (YYYY-MM-DD); before the first one, the first one. */
export function catalogueRow(model: string, date: string): CatalogueRow {
  const rows = CATALOGUE.filter((row) => row.model === model);
  return rows.findLast((row) => row.effectiveFrom <= date) ?? rows[0] ?? DEAREST;
}

/** Who is asked once when a model refuses: the nearest one of another training. */
const FALLBACKS: Readonly<Record<string, string>> = {
  'claude-fable-5-1': 'claude-opus-5-5',
  'claude-opus-5-5': 'claude-opus-5',
  'claude-opus-5': 'claude-sonnet-5-5',
  'claude-sonnet-5-5': 'claude-sonnet-5',
  'claude-sonnet-5': 'claude-sonnet-5-5',
  'claude-haiku-5-5': 'claude-haiku-4-5',
  'claude-haiku-4-5': 'claude-sonnet-5-5',
};

/** The model to ask when this one has refused; null when there is none. */
export function fallbackModel(model: string): string | null {
  return Object.hasOwn(FALLBACKS, model) ? (FALLBACKS[model] ?? null) : null;
}
