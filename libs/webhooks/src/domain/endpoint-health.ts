/** So many failures in a row open an endpoint's circuit. */
export const FAILURES_TO_OPEN = 5;
/** While it is open, one delivery is tried every so often. */
const PROBE_INTERVAL_MS_MAX = 60_000;
/** An endpoint that has only failed for so long is given up. */
export const FAILING_MS_MAX = 5 * 24 * 60 * 60 * 1_000;
/** A try that takes this long holds up whoever sends it. */
const SLOW_TRY_MS = 2_000;

const GONE = 410;

/**
 * How an endpoint has answered lately. The circuit is closed while `probeAt` is null: several deliveries at once when it is
 * proven, else one. It is open otherwise: one delivery at a time, and none before `probeAt`.
 */
export interface EndpointHealth {
  readonly failuresInARow: number;
  /** The first of those failures. */
  readonly failingSince: Date | null;
  readonly probeAt: Date | null;
  /** Its last try succeeded, and quickly. */
  readonly proven: boolean;
}

/** How long a circuit stays open before the next probe: a schedule that is shortened for a test shortens it too. */
export function probeIntervalMs(scheduleSeconds: readonly number[]): number {
  return Math.min(PROBE_INTERVAL_MS_MAX, Math.max(0, ...scheduleSeconds) * 1_000);
}

/** What a try that succeeded makes of an endpoint, whatever was before. */
export function afterSuccess(durationMs: number): EndpointHealth {
  return { failuresInARow: 0, failingSince: null, probeAt: null, proven: durationMs < SLOW_TRY_MS };
}

/** What a failed try makes of it. */
export function afterFailure(
  health: EndpointHealth,
  failure: { readonly now: Date; readonly probeIntervalMs: number },
): EndpointHealth {
  const failuresInARow = health.failuresInARow + 1;
  const isOpen = failuresInARow >= FAILURES_TO_OPEN;
  return {
    failuresInARow,
    failingSince: health.failingSince ?? failure.now,
    probeAt: isOpen ? new Date(failure.now.getTime() + failure.probeIntervalMs) : null,
    proven: false,
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
