import { jest } from '@jest/globals';
import { startWatchdog as start, WATCHDOG_LIMITS } from './watchdog.js';

const SECOND_MS = 1_000;
const startWatchdog = (signal: AbortSignal) => start(signal, WATCHDOG_LIMITS);

describe('startWatchdog', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives a request a minute until its first event, and no more', () => {
    const watchdog = startWatchdog(new AbortController().signal);
    jest.advanceTimersByTime(60 * SECOND_MS - 1);
    expect(watchdog.signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(watchdog.signal.aborted).toBe(true);
    expect(watchdog.timedOut()).toBe(true);
    expect(watchdog.abortedByCaller()).toBe(false);
  });

  it('gives every event half a minute until the next', () => {
    const watchdog = startWatchdog(new AbortController().signal);
    watchdog.beat();
    jest.advanceTimersByTime(30 * SECOND_MS - 1);
    expect(watchdog.timedOut()).toBe(false);
    watchdog.beat();
    jest.advanceTimersByTime(30 * SECOND_MS - 1);
    expect(watchdog.timedOut()).toBe(false);
    jest.advanceTimersByTime(1);
    expect(watchdog.timedOut()).toBe(true);
  });

  it('ends after ten minutes, however busy the stream is', () => {
    const watchdog = startWatchdog(new AbortController().signal);
    for (let second = 1; second < 600; second += 1) {
      jest.advanceTimersByTime(SECOND_MS);
      watchdog.beat();
    }
    expect(watchdog.timedOut()).toBe(false);
    jest.advanceTimersByTime(SECOND_MS);
    expect(watchdog.timedOut()).toBe(true);
  });

  it('aborts with its caller, and says that it was the caller', () => {
    const caller = new AbortController();
    const watchdog = startWatchdog(caller.signal);
    caller.abort();
    expect(watchdog.signal.aborted).toBe(true);
    expect(watchdog.abortedByCaller()).toBe(true);
    expect(watchdog.timedOut()).toBe(false);
  });

  it('is aborted from the start when its caller is', () => {
    const watchdog = startWatchdog(AbortSignal.abort());
    expect(watchdog.signal.aborted).toBe(true);
  });

  it('leaves nothing running once it is stopped', () => {
    const watchdog = startWatchdog(new AbortController().signal);
    watchdog.beat();
    watchdog.stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(700 * SECOND_MS);
    expect(watchdog.signal.aborted).toBe(false);
  });
});
