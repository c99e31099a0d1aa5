/** So many failures in a row open an endpoint's circuit. */
export const FAILURES_TO_OPEN = 5;
/** While it is open, one delivery is tried every so often. */
const PROBE_INTERVAL_MS_MAX = 60_000;
/** An endpoint that has only failed for so long is given up. */
export const FAILING_MS_MAX = 5 * 24 * 60 * 60 * 1_000;
/** A try that takes longer than this holds up whoever sends it: its endpoint gets one sender at a time. */
const SLOW_TRY_MS = 2_000;

const GONE = 410;

/**
 * How an endpoint has answered lately. The circuit is closed while `probeAt` is null: up to four deliveries at once, one
 * when the last try failed or was slow. It is open otherwise: one delivery at a time, and none before `probeAt`.
 */
export interface EndpointHealth {
  readonly failuresInARow: number;
  /** The first of those failures. */
  readonly failingSince: Date | null;
  readonly probeAt: Date | null;
  readonly slow: boolean;
}

export const HEALTHY: EndpointHealth = {
  failuresInARow: 0,
  failingSince: null,
  probeAt: null,
  slow: false,
};

/** How long a circuit stays open before the next probe: a schedule that is shortened for a test shortens it too. */
export function probeIntervalMs(scheduleSeconds: readonly number[]): number {
  return Math.min(PROBE_INTERVAL_MS_MAX, Math.max(0, ...scheduleSeconds) * 1_000);
}

export function isSlow(durationMs: number): boolean {
  return durationMs >= SLOW_TRY_MS;
}

/** What a failed try makes of an endpoint. One that succeeds makes it `HEALTHY`, but for its slowness. */
export function afterFailure(
  health: EndpointHealth,
  failure: { readonly durationMs: number; readonly now: Date; readonly probeIntervalMs: number },
): EndpointHealth {
  const failuresInARow = health.failuresInARow + 1;
  const isOpen = failuresInARow >= FAILURES_TO_OPEN;
  return {
    failuresInARow,
    failingSince: health.failingSince ?? failure.now,
    probeAt: isOpen ? new Date(failure.now.getTime() + failure.probeIntervalMs) : null,
    slow: isSlow(failure.durationMs),
  };
}

/** Why an endpoint is not to be tried any more after a failure; null while it is. */
export function reasonToDisable(
  health: EndpointHealth,
  failure: { readonly status: number | null; readonly now: Date },
): 'gone' | 'failing' | null {
  if (failure.status === GONE) return 'gone';
  if (health.failingSince === null || health.failuresInARow < FAILURES_TO_OPEN) return null;
  const failingMs = failure.now.getTime() - health.failingSince.getTime();
  return failingMs >= FAILING_MS_MAX ? 'failing' : null;
}
