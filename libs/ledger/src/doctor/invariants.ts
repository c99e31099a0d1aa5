import { ATTEMPT_INVARIANTS } from './attempts.store.js';
import { DIGEST_INVARIANTS } from './digests.store.js';
import { INPUT_REQUEST_INVARIANTS } from './input-requests.store.js';
import type { Invariant } from './invariant.js';
import { MISSION_INVARIANTS } from './missions.store.js';
import { MONEY_INVARIANTS } from './money.store.js';
import { REQUEST_INVARIANTS } from './requests.store.js';
import { SCHEDULE_INVARIANTS } from './schedules.store.js';
import { TASK_INVARIANTS } from './tasks.store.js';
import { TENANCY_INVARIANTS } from './tenancy.store.js';
import { WAVE_INVARIANTS } from './waves.store.js';
import { WEBHOOK_INVARIANTS } from './webhooks.store.js';

/** What is true of each tenant's rows. To add a promise, add an entry to the list of its subject, or a list here. */
export const ROW_INVARIANTS: readonly Invariant[] = [
  ...MISSION_INVARIANTS,
  ...TASK_INVARIANTS,
  ...ATTEMPT_INVARIANTS,
  ...WAVE_INVARIANTS,
  ...DIGEST_INVARIANTS,
  ...INPUT_REQUEST_INVARIANTS,
  ...SCHEDULE_INVARIANTS,
  ...MONEY_INVARIANTS,
  ...WEBHOOK_INVARIANTS,
  ...REQUEST_INVARIANTS,
];

/** What is true of the database's structure, whoever's rows it holds. */
export const CATALOG_INVARIANTS: readonly Invariant[] = TENANCY_INVARIANTS;

/**
 * What is true of every ledger at every moment between two transactions. Tests check all of it after themselves, and
 * `wavekeeper doctor` on a live ledger.
 */
export const LEDGER_INVARIANTS: readonly Invariant[] = [...ROW_INVARIANTS, ...CATALOG_INVARIANTS];
