import { HOLDS, MISSION_STATES } from '#contracts';
import fc from 'fast-check';
import { abortBackoffMs, isActionable, nextWaveDueAt, type DueFacts } from './due.js';

const now = new Date('2026-01-01T00:00:00Z');
const idle: DueFacts = {
  state: 'active',
  holds: [],
  inboxUnseen: 0,
  tasksReady: 0,
  freeSlots: 4,
  readyDeferred: false,
  verificationOwed: false,
};
const someFacts: fc.Arbitrary<DueFacts> = fc.record({
  state: fc.oneof({ weight: 3, arbitrary: fc.constant('active') }, fc.constantFrom(...MISSION_STATES)),
  holds: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray([...HOLDS])),
  inboxUnseen: fc.nat(2),
  tasksReady: fc.nat(2),
  freeSlots: fc.nat(2),
  readyDeferred: fc.boolean(),
  verificationOwed: fc.boolean(),
});
const aTime = fc.date({
  min: new Date('2025-12-31T23:50:00Z'),
  max: new Date('2026-01-01T00:10:00Z'),
  noInvalidDate: true,
});
const aSchedule = fc.record({
  current: fc.option(aTime),
  now: aTime,
  debounceMs: fc.nat(60_000),
  urgent: fc.boolean(),
});

describe('isActionable', () => {
  it.each<[string, Partial<DueFacts>]>([
    ['an inbox item that no wave has seen', { inboxUnseen: 1 }],
    ['a ready task and a free slot', { tasksReady: 1 }],
    ['a verification that is owed', { verificationOwed: true }],
  ])('is true for %s', (_, facts) => {
    expect(isActionable({ ...idle, ...facts })).toBe(true);
  });

  it.each<[string, Partial<DueFacts>]>([
    ['nothing', {}],
    ['ready tasks without a free slot', { tasksReady: 3, freeSlots: 0 }],
    ['ready tasks that the last hand-off deferred', { tasksReady: 3, readyDeferred: true }],
  ])('is false for %s, so that idling costs no tokens', (_, facts) => {
    expect(isActionable({ ...idle, ...facts })).toBe(false);
  });

  it('is false for whatever waits, while the mission is paused, ended or held', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        fc.pre(facts.state !== 'active' || facts.holds.length > 0);
        expect(isActionable(facts)).toBe(false);
      }),
    );
  });

  it('never lets a deferral hide what has arrived', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        const arrived = { ...facts, inboxUnseen: facts.inboxUnseen + 1 };
        expect(isActionable({ ...arrived, readyDeferred: true })).toBe(isActionable(arrived));
      }),
    );
  });
});

describe('nextWaveDueAt', () => {
  const waiting: DueFacts = { ...idle, inboxUnseen: 1 };

  it('is set if and only if there is something to act on', () => {
    fc.assert(
      fc.property(someFacts, aSchedule, (facts, schedule) => {
        expect(nextWaveDueAt(facts, schedule) !== null).toBe(isActionable(facts));
      }),
    );
  });

  it('waits for what arrives together', () => {
    const schedule = { current: null, now, debounceMs: 250, urgent: false };
    expect(nextWaveDueAt(waiting, schedule)).toEqual(new Date('2026-01-01T00:00:00.250Z'));
  });

  it('is never postponed by a later arrival', () => {
    fc.assert(
      fc.property(aSchedule, aTime, (schedule, current) => {
        const due = nextWaveDueAt(waiting, { ...schedule, current });
        expect(due?.getTime()).toBeLessThanOrEqual(current.getTime());
      }),
    );
  });

  it('is not moved at all by an arrival that can wait', () => {
    fc.assert(
      fc.property(aSchedule, aTime, (schedule, current) => {
        expect(nextWaveDueAt(waiting, { ...schedule, current, urgent: false })).toEqual(current);
      }),
    );
  });

  it('is now at the latest when a person spoke', () => {
    fc.assert(
      fc.property(aSchedule, (schedule) => {
        const due = nextWaveDueAt(waiting, { ...schedule, urgent: true });
        expect(due?.getTime()).toBe(
          Math.min(schedule.now.getTime(), schedule.current?.getTime() ?? Number.POSITIVE_INFINITY),
        );
      }),
    );
  });

  it('is never further away than the debounce when nothing was set', () => {
    fc.assert(
      fc.property(aSchedule, (schedule) => {
        const due = nextWaveDueAt(waiting, { ...schedule, current: null });
        expect(due?.getTime()).toBeGreaterThanOrEqual(schedule.now.getTime());
        expect(due?.getTime()).toBeLessThanOrEqual(schedule.now.getTime() + schedule.debounceMs);
      }),
    );
  });
});

describe('abortBackoffMs', () => {
  it('doubles from one second to a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(abortBackoffMs)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
    ]);
  });

  it('stays within a second and a minute and never shrinks, however many there were', () => {
    fc.assert(
      fc.property(fc.nat(10_000), (aborts) => {
        expect(abortBackoffMs(aborts)).toBeGreaterThanOrEqual(1_000);
        expect(abortBackoffMs(aborts)).toBeLessThanOrEqual(60_000);
        expect(abortBackoffMs(aborts + 1)).toBeGreaterThanOrEqual(abortBackoffMs(aborts));
      }),
    );
  });
});
