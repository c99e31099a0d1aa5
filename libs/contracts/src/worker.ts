import { z } from 'zod';

/** Who has claimed work lately; a worker is a name that a program gives itself, so two may share one. */
export const workerSchema = z
  .object({
    pool: z.string(),
    worker: z.string(),
    working: z.int().describe('attempts that it holds now'),
    succeeded: z.int().describe('of the last 24 hours, like the two that follow'),
    failed: z.int(),
    expired: z.int(),
    last_seen_at: z.iso.datetime().describe('when it last claimed or ended an attempt'),
  })
  .meta({ id: 'Worker' });
export const WORKERS_SHOWN_MAX = 200;
export const workersSchema = z.object({ data: z.array(workerSchema) }).meta({ id: 'Workers' });
