/**
 * The jobs of the queue. A ticket is not an address: it says only that there may be work of its kind, and its handler
 * asks the ledger for the fairest piece that is due. A lost, doubled or late ticket is harmless.
 */
export const TICKETS = ['wave', 'attempt', 'delivery', 'digest'] as const;
export type Ticket = (typeof TICKETS)[number];
