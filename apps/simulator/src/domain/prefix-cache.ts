import { createHash } from 'node:crypto';
import type { PromptSegment } from './count-tokens.js';
import type { CacheTtl } from './messages-request.js';

/** A prefix that is kept: its key is the hash of all its bytes. */
export interface CachedPrefix {
  readonly ttl: CacheTtl;
  readonly expiresAtMs: number;
}

/** Input tokens by what they cost. The three parts (writes counted as one) sum to the whole prompt. */
export interface InputUsage {
  readonly uncachedTokens: number;
  readonly readTokens: number;
  readonly writtenTokens: Readonly<Record<CacheTtl, number>>;
}

export interface PrefixAccount {
  readonly usage: InputUsage;
  /** Prefixes written or refreshed by this request. */
  readonly kept: readonly (readonly [key: string, prefix: CachedPrefix])[];
}

/** A breakpoint finds what was written up to this many segments back, its own included. */
export const LOOKBACK_SEGMENTS = 20;
const TTL_MS: Record<CacheTtl, number> = { '5m': 300_000, '1h': 3_600_000 };

export interface PrefixRequest {
  readonly segments: readonly PromptSegment[];
  /** What separates caches: entries of another scope (model, key) are never read. */
  readonly scope: string;
  readonly cacheableTokensMin: number;
  readonly cached: ReadonlyMap<string, CachedPrefix>;
  readonly nowMs: number;
}

/**
 * What a request reads from the cache and writes to it: the longest live prefix within the look-back of a breakpoint
 * is read and lives on; what stands between it and each later breakpoint is written with that breakpoint's lifetime.
 */
export function accountPrefix(request: PrefixRequest): PrefixAccount {
  const prefixes = prefixesOf(request.segments, request.scope);
  const breakpoints = prefixes.flatMap((prefix) =>
    prefix.cacheTtl !== null && prefix.tokens >= request.cacheableTokensMin
      ? [{ ...prefix, cacheTtl: prefix.cacheTtl }]
      : [],
  );
  const hit = longestLivePrefix(prefixes, breakpoints, request);
  const writtenTokens: Record<CacheTtl, number> = { '5m': 0, '1h': 0 };
  const kept: [string, CachedPrefix][] = hit === null ? [] : [[hit.key, renewed(hit.ttl, request.nowMs)]];
  let coveredTokens = hit?.tokens ?? 0;
  for (const { key, tokens, cacheTtl } of breakpoints) {
    if (key === hit?.key) continue;
    kept.push([key, renewed(cacheTtl, request.nowMs)]);
    if (tokens <= coveredTokens) continue;
    writtenTokens[cacheTtl] += tokens - coveredTokens;
    coveredTokens = tokens;
  }
  const totalTokens = prefixes.at(-1)?.tokens ?? 0;
  return {
    usage: { uncachedTokens: totalTokens - coveredTokens, readTokens: hit?.tokens ?? 0, writtenTokens },
    kept,
  };
}

interface Prefix {
  readonly key: string;
  /** Tokens from the prompt's beginning up to and including this segment. */
  readonly tokens: number;
  readonly index: number;
  readonly cacheTtl: CacheTtl | null;
}

function prefixesOf(segments: readonly PromptSegment[], scope: string): Prefix[] {
  let key = sha256(scope);
  let tokens = 0;
  return segments.map((segment, index) => {
    key = sha256(`${key}\n${segment.content}`);
    tokens += segment.tokens;
    return { key, tokens, index, cacheTtl: segment.cacheTtl };
  });
}

function longestLivePrefix(
  prefixes: readonly Prefix[],
  breakpoints: readonly Prefix[],
  { cached, nowMs }: PrefixRequest,
): (Prefix & { readonly ttl: CacheTtl }) | null {
  for (const breakpoint of breakpoints.toReversed()) {
    const first = Math.max(0, breakpoint.index + 1 - LOOKBACK_SEGMENTS);
    for (const prefix of prefixes.slice(first, breakpoint.index + 1).reverse()) {
      const entry = cached.get(prefix.key);
      if (entry !== undefined && entry.expiresAtMs > nowMs) return { ...prefix, ttl: entry.ttl };
    }
  }
  return null;
}

function renewed(ttl: CacheTtl, nowMs: number): CachedPrefix {
  return { ttl, expiresAtMs: nowMs + TTL_MS[ttl] };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
