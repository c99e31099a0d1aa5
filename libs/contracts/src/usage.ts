import { z } from 'zod';
import { usageSchema } from './wave.js';

/** What usage is summed up by. */
export const USAGE_GROUPS = ['mission', 'model', 'day', 'role'] as const;
export const usageGroupSchema = z.enum(USAGE_GROUPS);
export type UsageGroup = (typeof USAGE_GROUPS)[number];

const usageTotalsSchema = usageSchema.extend({
  requests: z.int().describe('all that were sent, those that failed included'),
  failed_requests: z.int(),
});

export const usageReportSchema = z
  .object({
    data: z.array(usageTotalsSchema.extend({ key: z.string() })),
    totals: usageTotalsSchema,
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'UsageReport' });
export type UsageReport = z.infer<typeof usageReportSchema>;
