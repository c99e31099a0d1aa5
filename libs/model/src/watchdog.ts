const HEADERS_MS_MAX = 60_000;
const IDLE_MS_MAX = 30_000;
const TOTAL_MS_MAX = 600_000;

/**
 * Aborts a request that has stopped moving: the SDK's own time limit ends when the headers arrive, so a stalled body
 * would hang for ever. 60 s to the first event, 30 s between events, 10 min in all.
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

export function startWatchdog(callerSignal: AbortSignal): Watchdog {
  const timeout = new AbortController();
  const giveUp = (): void => {
    timeout.abort();
  };
  const total = setTimeout(giveUp, TOTAL_MS_MAX);
  let idle = setTimeout(giveUp, HEADERS_MS_MAX);
  return {
    signal: AbortSignal.any([callerSignal, timeout.signal]),
    beat: () => {
      clearTimeout(idle);
      idle = setTimeout(giveUp, IDLE_MS_MAX);
    },
    timedOut: () => timeout.signal.aborted,
    abortedByCaller: () => callerSignal.aborted,
    stop: () => {
      clearTimeout(total);
      clearTimeout(idle);
    },
  };
}
