import { promptSegments, type PromptSegment } from './domain/count-tokens.js';
import { messagesRequestSchema, type MessagesRequest } from './domain/messages-request.js';
import { findModel } from './domain/models.js';
import {
  accountPrefix,
  type CachedPrefix,
  type InputUsage,
  type PrefixAccount,
} from './domain/prefix-cache.js';

const CACHED_PREFIXES_MAX = 20_000;

/** The prefix cache of a provider, and what it makes of the prompts that pass through it. */
export class PromptMeter {
  private readonly cached = new Map<string, CachedPrefix>();

  constructor(private readonly clock: () => number) {}

  /** Input tokens of a request's body by kind; what it may cache is cached from now on. Throws what the schema throws. */
  measure(body: unknown, apiKey: string): InputUsage {
    const request = messagesRequestSchema.parse(body);
    const { usage, kept } = this.account(request, promptSegments(request), apiKey);
    this.keep(kept);
    return usage;
  }

  /** Tokens of a body's pieces in prompt order: each tool, each block of the system prompt and of the messages. */
  static pieces(body: unknown): number[] {
    return promptSegments(messagesRequestSchema.parse(body)).map(({ tokens }) => tokens);
  }

  /** As `measure`, of a request that is parsed; nothing is cached yet. */
  account(
    { model }: Pick<MessagesRequest, 'model'>,
    segments: readonly PromptSegment[],
    apiKey: string,
  ): PrefixAccount {
    return accountPrefix({
      segments,
      scope: `${apiKey}\n${model}`,
      cacheableTokensMin: findModel(model)?.cacheableTokensMin ?? Infinity,
      cached: this.cached,
      nowMs: this.clock(),
    });
  }

  /** Least recently used first, so that the oldest go when there are too many. */
  keep(prefixes: PrefixAccount['kept']): void {
    for (const [key, prefix] of prefixes) {
      this.cached.delete(key);
      this.cached.set(key, prefix);
    }
    for (const key of this.cached.keys()) {
      if (this.cached.size <= CACHED_PREFIXES_MAX) return;
      this.cached.delete(key);
    }
  }
}
