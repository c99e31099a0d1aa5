/** A whole wave, from its first request to its commit. */
const WAVE_MS_MAX = 600_000;

/** What a wave has used so far, all its conversations together. */
export class WaveMeter {
  private readonly startedAtMs = performance.now();
  requests = 0;
  private spentUsd = 0;
  /** The most that one more request can cost: all of a wave's are reserved alike. */
  private oneMoreUsd = 0;
  /** Input tokens of its largest request, as the provider counted them. */
  peakTokens = 0;

  add(request: {
    readonly promptTokens: number;
    readonly costUsd: string;
    readonly atMostUsd: string;
  }): void {
    this.requests += 1;
    this.spentUsd += Number(request.costUsd);
    this.oneMoreUsd = Math.max(this.oneMoreUsd, Number(request.atMostUsd));
    this.peakTokens = Math.max(this.peakTokens, request.promptTokens);
  }

  facts() {
    return {
      requests: this.requests,
      elapsedMs: performance.now() - this.startedAtMs,
      elapsedMsMax: WAVE_MS_MAX,
      atMostUsd: this.spentUsd + this.oneMoreUsd,
    };
  }

  get timeLeftMs(): number {
    return Math.max(0, WAVE_MS_MAX - (performance.now() - this.startedAtMs));
  }
}
