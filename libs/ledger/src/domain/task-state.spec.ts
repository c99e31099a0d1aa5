import { TASK_STATES, type TaskState } from '#contracts';
import fc from 'fast-check';
import { openTaskCount } from './task-state.js';

const NONE: Record<TaskState, number> = {
  blocked: 0,
  queued: 0,
  working: 0,
  input_required: 0,
  completed: 0,
  failed: 0,
  canceled: 0,
};

describe('openTaskCount', () => {
  it('counts what has not ended, and nothing else', () => {
    const open = TASK_STATES.filter((state) => openTaskCount({ ...NONE, [state]: 1 }) === 1);
    expect(open).toEqual(['blocked', 'queued', 'working', 'input_required']);
  });

  it('is the sum over open states', () => {
    const counts = fc.record({
      blocked: fc.nat(),
      queued: fc.nat(),
      working: fc.nat(),
      input_required: fc.nat(),
      completed: fc.nat(),
      failed: fc.nat(),
      canceled: fc.nat(),
    });
    fc.assert(
      fc.property(counts, (some) => {
        expect(openTaskCount(some)).toBe(some.blocked + some.queued + some.working + some.input_required);
      }),
    );
  });
});
