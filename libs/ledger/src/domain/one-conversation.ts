import { SUMMARY_TOKENS } from '#contracts';

/** One wave as the provider billed it, in its tokens. */
export interface PlayedWave {
  /** An aborted wave was paid for, and left nothing that a conversation would carry on. */
  readonly isCommitted: boolean;
  /** Requests that were answered, at least one. */
  readonly turns: number;
  readonly firstTokens: number;
  readonly lastTokens: number;
  readonly lastOutputTokens: number;
  /** Input of all its requests. */
  readonly readTokens: number;
  /** Of the first request: what any conductor must be told first (tools, role, charter, directives). */
  readonly prefixTokens: number;
  /** Of the first request: its inbox page, which no wave before it was told. */
  readonly newsTokens: number;
}

export interface Conversation {
  /** What it carries after each wave. */
  readonly carriedTokens: readonly number[];
  /** Input of all its requests. */
  readonly readTokens: number;
  readonly compactions: number;
}

/**
 * What one conversation would have carried through the same waves: it begins with what a first wave is told first, keeps
 * all news, and keeps what was said and read within each wave. It is told nothing twice, so this is the least that it
 * can be. Past `compactAtTokens` it asks for a summary and goes on from that; null never does.
 */
export function converse(waves: readonly PlayedWave[], compactAtTokens: number | null): Conversation {
  const prefixTokens = waves[0]?.prefixTokens ?? 0;
  const carriedTokens: number[] = [];
  let carried = prefixTokens;
  let readTokens = 0;
  let compactions = 0;
  for (const wave of waves) {
    if (wave.isCommitted) {
      const growth = wave.lastTokens - wave.firstTokens;
      if (compactAtTokens !== null && carried + wave.newsTokens + growth > compactAtTokens) {
        readTokens += carried; // the request for the summary
        carried = prefixTokens + SUMMARY_TOKENS;
        compactions += 1;
      }
      const firstTokens = carried + wave.newsTokens;
      // Each of its requests is larger than the wave's own by what the conversation carries beside it.
      readTokens += wave.readTokens + wave.turns * (firstTokens - wave.firstTokens);
      carried = firstTokens + growth + wave.lastOutputTokens;
    }
    carriedTokens.push(carried);
  }
  return { carriedTokens, readTokens, compactions };
}

/** Cuts a list into at most `max` runs of neighbours, all of one length but the last. */
export function inRuns<Item>(items: readonly Item[], max: number): Item[][] {
  const length = Math.ceil(items.length / max);
  if (length <= 1) return items.map((item) => [item]);
  return Array.from({ length: Math.ceil(items.length / length) }, (_, run) =>
    items.slice(run * length, (run + 1) * length),
  );
}
