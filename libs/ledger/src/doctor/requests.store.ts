import type { Invariant } from './invariant.js';

export const REQUEST_INVARIANTS: readonly Invariant[] = [
  {
    name: 'an idempotency key is kept with the whole answer that it was given',
    sql: `SELECT key FROM idempotency_key WHERE status IS NULL OR body IS NULL`,
  },
];
