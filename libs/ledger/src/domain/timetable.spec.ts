import * as fc from 'fast-check';
import { decideFiring, nextMoment, ON_TIME_MS, timetableMistake, type Timetable } from './timetable.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function moments(timetable: Timetable, after: string, count: number): string[] {
  const found: string[] = [];
  let last: Date | null = new Date(after);
  while (found.length < count && last !== null) {
    last = nextMoment(timetable, last);
    if (last !== null) found.push(last.toISOString().slice(0, 16));
  }
  return found;
}

describe('nextMoment', () => {
  it('keeps the time of day of the zone through summer and winter', () => {
    expect(moments({ cron: '30 6 * * *', timeZone: 'Europe/Berlin' }, '2026-10-23T12:00:00Z', 3)).toEqual([
      '2026-10-24T04:30',
      '2026-10-25T05:30',
      '2026-10-26T05:30',
    ]);
  });

  it('comes right after the gap when the clocks skip its time, and not twice that day', () => {
    const timetable = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    expect(moments(timetable, '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30']);
    // half an hour is skipped here
    expect(
      moments({ cron: '15 2 * * *', timeZone: 'Australia/Lord_Howe' }, '2026-10-03T00:00:00Z', 2),
    ).toEqual(['2026-10-03T15:30', '2026-10-04T15:15']);
  });

  it('comes once when the clocks show its time twice, alone or in a list of hours', () => {
    expect(moments({ cron: '30 2 * * *', timeZone: 'Europe/Berlin' }, '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(moments({ cron: '30 2,14 * * *', timeZone: 'Europe/Berlin' }, '2026-10-24T13:00:00Z', 3)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T13:30',
      '2026-10-26T01:30',
    ]);
  });

  it('goes on through gap and repetition when it is bound to no hour', () => {
    const timetable = { cron: '*/30 * * * *', timeZone: 'Europe/Berlin' };
    expect(moments(timetable, '2026-03-29T00:10:00Z', 4)).toEqual([
      '2026-03-29T00:30',
      '2026-03-29T01:00',
      '2026-03-29T01:30',
      '2026-03-29T02:00',
    ]);
    expect(moments(timetable, '2026-10-24T23:40:00Z', 4)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
    ]);
  });

  it('finds the last day of a month, and the next 29th of February', () => {
    expect(moments({ cron: '0 0 L * *', timeZone: 'UTC' }, '2027-02-01T00:00:00Z', 1)).toEqual([
      '2027-02-28T00:00',
    ]);
    expect(moments({ cron: '0 0 29 2 *', timeZone: 'UTC' }, '2026-11-25T00:00:00Z', 1)).toEqual([
      '2028-02-29T00:00',
    ]);
  });
});

describe('timetableMistake', () => {
  const now = new Date('2026-11-25T12:00:00Z');

  it.each(['* * * * *', '30 6 * * 1-5', '@daily', '0 9 * * MON#1', '0 0 ? JAN sun', ' 5  4 1,15 * 5 '])(
    'finds none in %s',
    (cron) => {
      expect(timetableMistake({ cron, timeZone: 'America/New_York' }, now)).toBeNull();
    },
  );

  it.each([
    '',
    'daily',
    '* * * *',
    '* * * * * *',
    '0 0 1 1 * 2030',
    '60 * * * *',
    '*/0 * * * *',
    '@reboot',
    '@every',
    '0 0 5-3 * *',
    '2030-01-01T00:00:00Z',
    '0 0 + * *',
    '\u0001 * * * *',
  ])('says how to write what is none: %j', (cron) => {
    expect(timetableMistake({ cron, timeZone: 'UTC' }, now)).toMatchObject({
      field: 'cron',
      message: expect.stringContaining('five fields'),
    });
  });

  it('refuses a day that no year has', () => {
    expect(timetableMistake({ cron: '0 0 30 2 *', timeZone: 'UTC' }, now)).toMatchObject({
      field: 'cron',
      message: expect.stringContaining('never comes'),
    });
  });

  it.each(['', 'Nowhere/Land', '+02:00', '../etc', 'Europe'])('knows no zone %j', (timeZone) => {
    expect(timetableMistake({ cron: '* * * * *', timeZone }, now)).toMatchObject({ field: 'time_zone' });
  });
});

describe('decideFiring', () => {
  const daily = {
    cron: '0 10 * * *',
    timeZone: 'UTC',
    nextRunAt: new Date('2026-11-20T10:00:00Z'),
    lastRunAt: null,
  };

  it('leaves alone what is not due', () => {
    expect(decideFiring({ ...daily, catchUp: 'one' }, new Date('2026-11-20T09:59:59.999Z'))).toBeNull();
  });

  it.each(['none', 'one'] as const)(
    'makes the task of a moment that is on time, with catch_up %s',
    (catchUp) => {
      const now = new Date(daily.nextRunAt.getTime() + ON_TIME_MS);
      expect(decideFiring({ ...daily, catchUp }, now)).toEqual({
        dueAt: daily.nextRunAt,
        nextRunAt: new Date('2026-11-21T10:00:00Z'),
      });
    },
  );

  it('skips what was missed, or makes one task for the latest of it', () => {
    const now = new Date('2026-11-23T12:00:00Z');
    const nextRunAt = new Date('2026-11-24T10:00:00Z');
    expect(decideFiring({ ...daily, catchUp: 'none' }, now)).toEqual({ dueAt: null, nextRunAt });
    expect(decideFiring({ ...daily, catchUp: 'one' }, now)).toEqual({
      dueAt: new Date('2026-11-23T10:00:00Z'),
      nextRunAt,
    });
  });

  it('makes nothing of a moment that has made its task already', () => {
    const done = { ...daily, lastRunAt: daily.nextRunAt, catchUp: 'one' as const };
    expect(decideFiring(done, new Date('2026-11-20T10:00:01Z'))).toMatchObject({ dueAt: null });
    expect(decideFiring(done, new Date('2026-11-21T10:00:01Z'))).toMatchObject({
      dueAt: new Date('2026-11-21T10:00:00Z'),
    });
  });

  it('makes nothing of a moment that new rules of its zone have moved', () => {
    const moved = { ...daily, nextRunAt: new Date('2026-11-20T09:00:00Z'), catchUp: 'one' as const };
    expect(decideFiring(moved, new Date('2026-11-20T09:00:01Z'))).toEqual({
      dueAt: null,
      nextRunAt: new Date('2026-11-20T10:00:00Z'),
    });
  });
});

describe('any timetable', () => {
  const cron = fc.oneof(
    fc.constantFrom(
      '* * * * *',
      '*/7 * * * *',
      '30 2 * * *',
      '15 1-3 * * *',
      '0 0 L * *',
      '0 9 * * 1#1',
      '45 23 31 12 *',
    ),
    fc
      .tuple(
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 1, max: 28 }),
      )
      .map(([minute, hour, day]) => `${minute} ${hour} ${day},15 * *`),
  );
  const timeZone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Cairo',
    'America/St_Johns',
    'Antarctica/Troll',
    'Pacific/Apia',
  );
  const timetable = fc.record({ cron, timeZone });
  const time = fc.date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true });

  it('comes next later than asked, at a whole minute', () => {
    fc.assert(
      fc.property(timetable, time, (kept, now) => {
        const next = nextMoment(kept, now);
        expect(next?.getTime()).toBeGreaterThan(now.getTime());
        expect((next?.getTime() ?? 1) % MINUTE_MS).toBe(0);
      }),
    );
  });

  it('makes a task for each moment, once and in order, when it is looked at every minute', () => {
    const steps = fc.array(fc.integer({ min: 1, max: MINUTE_MS }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(timetable, time, steps, (kept, start, pauses) => {
        const everyMoment: number[] = [];
        const made: number[] = [];
        let now = start;
        let nextRunAt = nextMoment(kept, start) ?? start;
        for (const pause of pauses) {
          const before = now;
          now = new Date(now.getTime() + pause);
          everyMoment.push(...momentsBetween(kept, before, now));
          const firing = decideFiring({ ...kept, nextRunAt, lastRunAt: null, catchUp: 'none' }, now);
          if (firing?.dueAt) made.push(firing.dueAt.getTime());
          nextRunAt = firing?.nextRunAt ?? nextRunAt;
        }
        expect(made).toEqual(everyMoment);
      }),
      { numRuns: 60 },
    );
  });

  it('makes at most one task after any absence, for a moment that has passed, and goes on in the future', () => {
    fc.assert(
      fc.property(timetable, time, fc.integer({ min: 0, max: 400 * DAY_MS }), (kept, start, absence) => {
        const nextRunAt = nextMoment(kept, start) ?? start;
        const now = new Date(nextRunAt.getTime() + absence);
        const firing = decideFiring({ ...kept, nextRunAt, lastRunAt: null, catchUp: 'one' }, now);
        expect(firing?.nextRunAt.getTime()).toBeGreaterThan(now.getTime());
        const dueAt = firing?.dueAt?.getTime() ?? Number.NaN;
        expect(dueAt).toBeGreaterThanOrEqual(nextRunAt.getTime());
        expect(dueAt).toBeLessThanOrEqual(now.getTime());
      }),
    );
  });
});

function momentsBetween(timetable: Timetable, after: Date, until: Date): number[] {
  const found: number[] = [];
  let next = nextMoment(timetable, after);
  while (next !== null && next <= until) {
    found.push(next.getTime());
    next = nextMoment(timetable, next);
  }
  return found;
}
