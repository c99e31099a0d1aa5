import type { Ticket } from '#contracts';

/** Says that there may be work of a kind, now or in a while. May be lost or doubled: the sweep makes up for it. */
export interface Doorbell {
  ring(ticket: Ticket, delayMs: number): void;
  /** Mends what the bell hangs on, if somebody took it away; each sweep asks for it. */
  ensure(): Promise<void>;
}

/** The table of every ticket's handler: claims the fairest due piece, does it, and says whether there was one. */
export type TicketHandlers = Readonly<Record<Ticket, () => Promise<boolean>>>;

/** How many tickets of a kind this process handles at once. */
export type TicketSlots = Readonly<Record<Ticket, number>>;

/** A delay is this process' clock against the database's: a little later is better than a ring too early, which finds nothing. */
export const RING_LATE_MS = 20;
