import fc from 'fast-check';
import { depthAfterArrival, depthAfterWave, roomForTasks, type Origin } from './lineage.js';

const LIMITS = { tasks_max: 100, depth_max: 3, tasks_per_wave_max: 20 };

describe('roomForTasks', () => {
  it.each([
    [
      { tasksEver: 0, plannedDepth: 0 },
      { tasksMax: 20, limit: 'tasks_per_wave_max' },
    ],
    [
      { tasksEver: 95, plannedDepth: 0 },
      { tasksMax: 5, limit: 'tasks_max' },
    ],
    [
      { tasksEver: 101, plannedDepth: 0 },
      { tasksMax: 0, limit: 'tasks_max' },
    ],
    [
      { tasksEver: 0, plannedDepth: 2 },
      { tasksMax: 20, limit: 'tasks_per_wave_max' },
    ],
    [
      { tasksEver: 0, plannedDepth: 3 },
      { tasksMax: 0, limit: 'depth_max' },
    ],
    [
      { tasksEver: 100, plannedDepth: 9 },
      { tasksMax: 0, limit: 'depth_max' },
    ],
  ] as const)('of %j is %j', (lineage, room) => {
    expect(roomForTasks(LIMITS, lineage)).toEqual(room);
  });
});

describe('a conductor that makes as much as it may, whatever happens meanwhile', () => {
  const aLife = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ makes: fc.nat(30) }) },
      { weight: 2, arbitrary: fc.record({ arrives: fc.constant<Origin>('inside') }) },
      { weight: 1, arbitrary: fc.record({ arrives: fc.constant<Origin>('outside') }) },
    ),
    { maxLength: 60 },
  );
  const someLimits = fc.record({
    tasks_max: fc.integer({ min: 1, max: 500 }),
    depth_max: fc.integer({ min: 1, max: 6 }),
    tasks_per_wave_max: fc.integer({ min: 1, max: 25 }),
  });

  it('never makes more between two pieces of news than depth times what a wave may, nor ever more than the mission may', () => {
    fc.assert(
      fc.property(someLimits, aLife, (limits, life) => {
        let lineage = { tasksEver: 0, plannedDepth: 0 };
        let sinceNews = 0;
        for (const step of life) {
          if ('arrives' in step) {
            const plannedDepth = depthAfterArrival(lineage.plannedDepth, step.arrives);
            if (step.arrives === 'outside') sinceNews = 0;
            lineage = { ...lineage, plannedDepth };
            continue;
          }
          const made = Math.min(step.makes, roomForTasks(limits, lineage).tasksMax);
          sinceNews += made;
          lineage = {
            tasksEver: lineage.tasksEver + made,
            plannedDepth: depthAfterWave(lineage.plannedDepth, made),
          };
          expect(sinceNews).toBeLessThanOrEqual(limits.depth_max * limits.tasks_per_wave_max);
          expect(lineage.tasksEver).toBeLessThanOrEqual(limits.tasks_max);
        }
      }),
    );
  });

  it('is never stopped when it makes one step after another, each from the result of the last', () => {
    let lineage = { tasksEver: 0, plannedDepth: 0 };
    for (let step = 0; step < 50; step += 1) {
      expect(roomForTasks(LIMITS, lineage).tasksMax).toBeGreaterThan(0);
      const plannedDepth = depthAfterArrival(depthAfterWave(lineage.plannedDepth, 1), 'outside');
      lineage = { tasksEver: lineage.tasksEver + 1, plannedDepth };
    }
  });
});
