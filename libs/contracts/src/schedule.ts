import { z } from 'zod';
import { idSchema } from './ids.js';
import { taskInputSchema } from './task.js';
import { storableText } from './text.js';

export const SCHEDULES_PER_MISSION_MAX = 100;
const CRON_CHARACTERS_MAX = 200;
const TIME_ZONE_CHARACTERS_MAX = 100;

/** What becomes of moments that passed while nobody could take them up: nothing, or one task for all of them. */
export const CATCH_UPS = ['none', 'one'] as const;
export type CatchUp = (typeof CATCH_UPS)[number];
export const SCHEDULE_STATES = ['active', 'paused'] as const;
export type ScheduleState = (typeof SCHEDULE_STATES)[number];

/** The task of every run. A key would make all runs the same task, and what it depended on would soon be long done. */
export const scheduledTaskSchema = taskInputSchema
  .omit({ key: true, depends_on: true })
  .meta({ id: 'ScheduledTask' });
export type ScheduledTask = z.infer<typeof scheduledTaskSchema>;

const cronSchema = storableText(CRON_CHARACTERS_MAX, 1).describe(
  'five fields: minute, hour, day of the month, month, day of the week; or @hourly, @daily, @weekly, @monthly, @yearly',
);
const timeZoneSchema = storableText(TIME_ZONE_CHARACTERS_MAX, 1).describe(
  'IANA name, such as Europe/Berlin; a time of day that the clocks skip comes right after the gap, one that they repeat comes once',
);
const catchUpSchema = z
  .enum(CATCH_UPS)
  .describe('after an outage, or a pause of the mission: no task, or one for all that was missed');

export const scheduleInputSchema = z
  .strictObject({
    cron: cronSchema,
    time_zone: timeZoneSchema.default('UTC'),
    task: scheduledTaskSchema,
    catch_up: catchUpSchema.default('none'),
  })
  .meta({ id: 'ScheduleInput' });
export type ScheduleInput = z.infer<typeof scheduleInputSchema>;

export const schedulePatchSchema = z
  .strictObject({
    cron: cronSchema,
    time_zone: timeZoneSchema,
    task: scheduledTaskSchema,
    catch_up: catchUpSchema,
    state: z.enum(SCHEDULE_STATES),
  })
  .partial()
  .meta({ id: 'SchedulePatch' });
export type SchedulePatch = z.infer<typeof schedulePatchSchema>;

export const scheduleSchema = z
  .object({
    id: idSchema('schedule'),
    mission_id: idSchema('mission'),
    cron: z.string(),
    time_zone: z.string(),
    task: scheduledTaskSchema,
    catch_up: z.enum(CATCH_UPS),
    state: z.enum(SCHEDULE_STATES),
    next_run_at: z.iso.datetime().nullable().describe('null while it is paused'),
    last_run_at: z.iso.datetime().nullable().describe('the moment that its last task is for'),
    runs: z.int().describe('tasks that it has made'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.infer<typeof scheduleSchema>;
