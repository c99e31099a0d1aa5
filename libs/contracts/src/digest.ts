import { z } from 'zod';

/** What a digest tree that was made again comes to: the ends of tasks that it covers, and the digests above them. */
export const rebuiltDigestsSchema = z
  .object({ task_ends: z.int(), digests: z.int() })
  .meta({ id: 'RebuiltDigests' });
