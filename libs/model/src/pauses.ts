/** Pauses that are remembered; beyond that the one that began first is forgotten. */
const PAUSES_MAX = 1_000;

/** Until when each model, with the key that it is asked with, is not to be asked; in milliseconds of the caller's clock. */
export class Pauses {
  private readonly untilMs = new Map<string, number>();

  begin(key: string, untilMs: number): void {
    const laterMs = Math.max(untilMs, this.untilMs.get(key) ?? 0);
    this.untilMs.delete(key);
    this.untilMs.set(key, laterMs);
    const [oldest] = this.untilMs.keys();
    if (this.untilMs.size > PAUSES_MAX && oldest !== undefined) this.untilMs.delete(oldest);
  }

  leftMs(key: string, nowMs: number): number {
    return Math.max(0, (this.untilMs.get(key) ?? 0) - nowMs);
  }
}
