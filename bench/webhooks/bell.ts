import type { Transactions } from '#database';

const SWEEP_MS = 1_000;

/** Rings for one kind of work in this process, as the queue does for many: so many slots, and a sweep behind lost rings. */
export class Bell {
  private busy = 0;
  private waiting = 0;
  private stopped = false;
  private readonly inHand = new Set<Promise<void>>();
  private readonly stopHearing: () => void;
  private readonly sweep: NodeJS.Timeout;

  constructor(
    transactions: Transactions,
    private readonly slots: number,
    private readonly handler: () => Promise<boolean>,
  ) {
    this.stopHearing = transactions.onCommit((rings) => {
      for (const { ticket, delayMs } of rings) if (ticket === 'delivery' && delayMs === 0) this.ring();
    });
    this.sweep = setInterval(() => {
      this.ring();
    }, SWEEP_MS);
  }

  /** Takes no more and waits for what is in hand. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.stopHearing();
    clearInterval(this.sweep);
    await Promise.all(this.inHand);
  }

  private ring(): void {
    if (this.stopped) return;
    if (this.busy >= this.slots) {
      this.waiting = Math.min(this.waiting + 1, this.slots);
      return;
    }
    this.busy += 1;
    // what fails is taken up by a later sweep, as in the service
    const asked = this.handler().catch(() => false);
    const handled: Promise<void> = asked.then((found) => {
      this.busy -= 1;
      this.inHand.delete(handled);
      if (this.waiting > 0) this.waiting -= 1;
      else if (!found) return;
      this.ring();
    });
    this.inHand.add(handled);
  }
}
