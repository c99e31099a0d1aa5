import { TICKETS, type Ticket } from '#contracts';
import type { Logger } from '#telemetry';
import type { Doorbell, TicketHandlers, TicketSlots } from './doorbell.js';

const POLL_INTERVAL_MS = 250;
/** However many slots a ticket has, while nothing is due they ask no more often than this together. */
const ASK_EVERY_MS = 30;

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
      for (let slot = 0; slot < slots[ticket]; slot += 1)
        this.loops.push(this.loop(ticket, Math.max(POLL_INTERVAL_MS, slots[ticket] * ASK_EVERY_MS)));
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

  private async loop(ticket: Ticket, pauseMs: number): Promise<void> {
    let nextPauseMs = Math.random() * pauseMs; // so that they do not all ask at once
    while (!this.stopped) {
      const found = await this.handlers[ticket]().catch((error: unknown) => {
        this.logger.error({ err: error, ticket }, 'a ticket failed');
        return false;
      });
      if (!found) await this.pause(nextPauseMs);
      nextPauseMs = pauseMs;
    }
  }

  private async pause(pauseMs: number): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, pauseMs);
      this.wakers.add(wake);
    });
  }
}
