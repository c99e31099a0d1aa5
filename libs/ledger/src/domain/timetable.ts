import { Cron } from 'croner';
import type { CatchUp } from '#contracts';

/** What a moment that is taken up later than this was: missed. A restart or a fail-over of the database takes less. */
export const ON_TIME_MS = 5 * 60_000;
const MINUTE_MS = 60_000;
/** A name, or five fields. A single date would be a timetable too, and one without a next moment. */
const CRON = /^(@[a-z]+|\S+(\s+\S+){4})$/i;

/** When something comes again, as the clocks of a time zone show it. */
export interface Timetable {
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
}

/** What is due of a schedule: a moment to make a task for, if any, and the next one to come. */
export interface Firing {
  readonly dueAt: Date | null;
  readonly nextRunAt: Date;
}

/** Why a timetable cannot be kept, and which half of it is to blame. */
export interface TimetableMistake {
  readonly field: 'cron' | 'time_zone';
  readonly message: string;
}

/**
 * The first moment after `after`, always a whole minute. A time of day that is skipped when clocks go forward comes with
 * the first moment after the gap; one that comes twice when they go back counts once. What is not bound to hours, such
 * as every ten minutes, goes on through both. Null when there is none, ever, or no such timetable.
 */
export function nextMoment(timetable: Timetable, after: Date): Date | null {
  return toCron(timetable).nextRun(after);
}

/** Why this is no timetable; null when it is one. */
export function timetableMistake(timetable: Timetable, now: Date): TimetableMistake | null {
  if (!isTimeZone(timetable.timeZone))
    return { field: 'time_zone', message: 'Name a time zone as IANA does, such as Europe/Berlin or UTC.' };
  if (!CRON.test(timetable.cron.trim())) return NO_CRON;
  try {
    if (nextMoment(timetable, now) !== null) return null;
    return { field: 'cron', message: 'This moment never comes: look at its day and its month.' };
  } catch {
    return NO_CRON;
  }
}

const NO_CRON: TimetableMistake = {
  field: 'cron',
  message:
    'Write five fields: minute (0-59), hour (0-23), day (1-31), month (1-12), day of the week (0-7), such as 30 6 * * 1-5.',
};

/**
 * What to do at `now` with a schedule whose next run was to be at `nextRunAt`; null when that has not come. Of all that
 * has passed since, only the latest moment may make a task: when it is on time, or when one is to be caught up. What the
 * zone's rules have since made no moment any more makes none, nor does one that has made its task before the clock was set back.
 */
export function decideFiring(
  schedule: Timetable & {
    readonly nextRunAt: Date;
    readonly lastRunAt: Date | null;
    readonly catchUp: CatchUp;
  },
  now: Date,
): Firing | null {
  if (schedule.nextRunAt > now) return null;
  const nextRunAt = nextMoment(schedule, now);
  if (nextRunAt === null) throw new Error('a timetable that has a next moment has always another one');
  const latest = latestMoment(schedule, now);
  const { lastRunAt } = schedule;
  const isNew = lastRunAt === null || (latest !== null && latest > lastRunAt);
  if (latest === null || latest < schedule.nextRunAt || !isNew) return { dueAt: null, nextRunAt };
  const isOnTime = now.getTime() - latest.getTime() <= ON_TIME_MS;
  return { dueAt: isOnTime || schedule.catchUp === 'one' ? latest : null, nextRunAt };
}

/** The last moment up to and including `until`. */
function latestMoment(timetable: Timetable, until: Date): Date | null {
  const endOfMinute = new Date((Math.floor(until.getTime() / MINUTE_MS) + 1) * MINUTE_MS);
  return toCron(timetable).previousRuns(1, endOfMinute)[0] ?? null;
}

/** A list of hours is as bound to the clock as a single one: each comes once a day. */
function toCron({ cron, timeZone }: Timetable): Cron {
  return new Cron(cron, { timezone: timeZone, mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true });
}

function isTimeZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false; // an offset has no summer
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
