import { addFailure, TRIES_WINDOW_MS, waitSeconds, type FailedTries } from './failed-tries.js';

const after = (failures: number, nowMs: number): FailedTries | undefined =>
  Array.from({ length: failures }).reduce<FailedTries | undefined>(
    (tries) => addFailure(tries, nowMs),
    undefined,
  );

describe('failed tries', () => {
  it('keep nobody waiting before there are too many', () => {
    for (const failures of [0, 1, 4]) expect(waitSeconds(after(failures, 0), 5, 0)).toBe(0);
  });

  it('are answered with the time that is left of their quarter of an hour', () => {
    expect(waitSeconds(after(5, 0), 5, 0)).toBe(900);
    expect(waitSeconds(after(9, 0), 5, 600_000)).toBe(300);
    expect(waitSeconds(after(5, 0), 5, TRIES_WINDOW_MS - 1)).toBe(1);
  });

  it('are forgotten when it is over, and the next begins anew', () => {
    expect(waitSeconds(after(5, 0), 5, TRIES_WINDOW_MS)).toBe(0);
    expect(addFailure(after(5, 0), TRIES_WINDOW_MS)).toEqual({ count: 1, sinceMs: TRIES_WINDOW_MS });
    expect(addFailure(after(5, 0), TRIES_WINDOW_MS - 1)).toEqual({ count: 6, sinceMs: 0 });
  });
});
