/** Models that are remembered; beyond that the one that began first is forgotten. */
const PAUSES_MAX = 1_000;

/** Until when each model is not to be asked, in milliseconds of the caller's clock. */
export class Pauses {
  private readonly untilMs = new Map<string, number>();

  begin(model: string, untilMs: number): void {
    const laterMs = Math.max(untilMs, this.untilMs.get(model) ?? 0);
    this.untilMs.delete(model);
    this.untilMs.set(model, laterMs);
    const [oldest] = this.untilMs.keys();
    if (this.untilMs.size > PAUSES_MAX && oldest !== undefined) this.untilMs.delete(oldest);
  }

  leftMs(model: string, nowMs: number): number {
    return Math.max(0, (this.untilMs.get(model) ?? 0) - nowMs);
  }
}
