/** How long a request may take, in milliseconds. */
export interface WatchdogLimits {
  /** Until the first event. */
  readonly headersMs: number;
  /** Between two events. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export const WATCHDOG_LIMITS: WatchdogLimits = { headersMs: 60_000, idleMs: 30_000, totalMs: 600_000 };

/**
 * Aborts a request that has stopped moving: the SDK's own time limit ends when the headers arrive, so a stalled body
 * would hang for ever.
 */
export interface Watchdog {
  /** Aborts when time runs out or when the caller's own signal does. */
  readonly signal: AbortSignal;
  /** Something arrived. */
  beat(): void;
  timedOut(): boolean;
  abortedByCaller(): boolean;
  stop(): void;
}

export function startWatchdog(callerSignal: AbortSignal, limits: WatchdogLimits): Watchdog {
  const timeout = new AbortController();
  const giveUp = (): void => {
    timeout.abort();
  };
  const total = setTimeout(giveUp, limits.totalMs);
  let idle = setTimeout(giveUp, limits.headersMs);
  return {
    signal: AbortSignal.any([callerSignal, timeout.signal]),
    beat: () => {
      clearTimeout(idle);
      idle = setTimeout(giveUp, limits.idleMs);
    },
    timedOut: () => timeout.signal.aborted,
    abortedByCaller: () => callerSignal.aborted,
    stop: () => {
      clearTimeout(total);
      clearTimeout(idle);
    },
  };
}
