import { TICKETS } from '#contracts';
import type { Ring, Transactions } from '#database';
import { crashPoint, type Logger } from '#telemetry';
import type { Doorbell, TicketSlots } from './doorbell.js';
import { sweep, type CountDueDeliveries } from './sweep.js';

export interface DispatcherOptions {
  readonly transactions: Transactions;
  readonly doorbell: Doorbell;
  readonly slots: TicketSlots;
  readonly countDueDeliveries: CountDueDeliveries;
  readonly contextDays: number;
  readonly sweepIntervalMs: number;
  readonly logger: Logger;
}

/**
 * Connects the ledger to the doorbell: rings for what commits ask for, and sweeps. Whatever the queue loses, a sweep
 * finds; whatever it doubles, the ledger refuses.
 */
export class Dispatcher {
  private readonly stopListening: () => void;
  private timer: NodeJS.Timeout | null = null;
  private sweeping: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: DispatcherOptions) {
    this.stopListening = options.transactions.onCommit((rings) => {
      this.ringAll(rings);
    });
  }

  /** Sweeps now, and then at every interval until `stop`. */
  start(): void {
    const again = (): void => {
      this.sweeping = this.tick()
        .catch((error: unknown) => {
          this.options.logger.warn({ err: error }, 'a sweep failed; the next one tries again');
        })
        .finally(() => {
          if (!this.stopped) this.timer = setTimeout(again, this.options.sweepIntervalMs);
        });
    };
    again();
  }

  /** One sweep: takes up what was abandoned and rings for what is due, up to the slots that could start it. */
  async tick(): Promise<void> {
    const due = await sweep(this.options.transactions, this.options);
    await this.options.doorbell.ensure();
    crashPoint('sweep.before_ring');
    for (const ticket of TICKETS)
      for (let count = 0; count < Math.min(due[ticket], this.options.slots[ticket]); count += 1)
        this.options.doorbell.ring(ticket, 0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopListening();
    if (this.timer !== null) clearTimeout(this.timer);
    await this.sweeping;
  }

  private ringAll(rings: readonly Ring[]): void {
    for (const { ticket, delayMs } of rings) this.options.doorbell.ring(ticket, delayMs);
  }
}
