import type { Usage } from '#contracts';
import { toNanoUsd, toUsd } from '#ledger';
import type { ModelAnswer } from '#model';

/** A whole wave, from its first request to its commit. */
export const WAVE_MS_MAX = 600_000;

/** What a wave has used so far, all its conversations together. */
export class WaveMeter {
  private readonly startedAtMs = performance.now();
  private readonly tokens = {
    input_tokens: 0,
    cache_write_tokens: 0,
    cache_read_tokens: 0,
    output_tokens: 0,
  };
  private spent = 0n;
  /** The most that one more request can cost: all of a wave's are reserved alike. */
  private oneMoreUsd = 0;
  requests = 0;
  /** Input tokens of its largest request, as the provider counted them. */
  peakTokens = 0;

  constructor(private readonly elapsedMsMax: number) {}

  add({ usage, ...request }: Pick<ModelAnswer, 'usage' | 'promptTokens' | 'costUsd' | 'atMostUsd'>): void {
    this.requests += 1;
    this.spent += toNanoUsd(request.costUsd);
    this.oneMoreUsd = Math.max(this.oneMoreUsd, Number(request.atMostUsd));
    this.peakTokens = Math.max(this.peakTokens, request.promptTokens);
    this.tokens.input_tokens += usage.input;
    this.tokens.cache_write_tokens += usage.cacheWrite5m + usage.cacheWrite1h;
    this.tokens.cache_read_tokens += usage.cacheRead;
    this.tokens.output_tokens += usage.output;
  }

  facts() {
    return {
      requests: this.requests,
      elapsedMs: performance.now() - this.startedAtMs,
      elapsedMsMax: this.elapsedMsMax,
      atMostUsd: Number(toUsd(this.spent)) + this.oneMoreUsd,
    };
  }

  usage(): Usage {
    return { ...this.tokens, cost_usd: toUsd(this.spent) };
  }

  get timeLeftMs(): number {
    return Math.max(0, this.elapsedMsMax - (performance.now() - this.startedAtMs));
  }
}
