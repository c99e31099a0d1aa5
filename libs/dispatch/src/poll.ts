import { TICKETS, type Ticket } from '#contracts';
import type { Logger } from '#telemetry';
import type { Doorbell, TicketHandlers, TicketSlots } from './doorbell.js';

const POLL_INTERVAL_MS = 250;

/**
 * Dispatch without a queue: as many loops per ticket as there are slots, each asking the ledger until nothing is due,
 * then waiting. Slower than a queue and never wrong: the reference that the queues are held against.
 */
export class PollingDoorbell implements Doorbell {
  private stopped = false;
  private readonly loops: Promise<void>[] = [];
  private readonly wakers = new Set<() => void>();

  constructor(
    private readonly handlers: TicketHandlers,
    slots: TicketSlots,
    private readonly logger: Logger,
  ) {
    for (const ticket of TICKETS)
      for (let slot = 0; slot < slots[ticket]; slot += 1) this.loops.push(this.loop(ticket));
  }

  /** Polling needs no bell: its loops ask by themselves. */
  ring(): void {
    return;
  }

  ensure(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.stopped = true;
    for (const wake of this.wakers) wake();
    await Promise.all(this.loops);
  }

  private async loop(ticket: Ticket): Promise<void> {
    while (!this.stopped) {
      const found = await this.handlers[ticket]().catch((error: unknown) => {
        this.logger.error({ err: error, ticket }, 'a ticket failed');
        return false;
      });
      if (!found) await this.pause();
    }
  }

  private async pause(): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, POLL_INTERVAL_MS);
      this.wakers.add(wake);
    });
  }
}
