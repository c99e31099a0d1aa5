import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient, Claim } from '../api-client.js';
import { ApiProblemError } from '../transport.js';

const BEATS_PER_LEASE = 3;

export interface KeptLease {
  /** Aborts when the attempt is no longer this worker's; the reason is a string: the API's code, or `lease_lost`. */
  readonly lost: AbortSignal;
  release(): void;
}

/**
 * Beats three times per lease until released. The lease counts as lost when the service says so, and also when it could
 * not be reached for a whole lease: by then the attempt may be somebody else's.
 */
export function keepLease(client: ApiClient, claim: Claim, leaseMs: number): KeptLease {
  const lost = new AbortController();
  const released = new AbortController();
  void beat(client, claim, { leaseMs, lost, released: released.signal });
  return { lost: lost.signal, release: () => released.abort() };
}

interface Beating {
  readonly leaseMs: number;
  readonly lost: AbortController;
  readonly released: AbortSignal;
}

async function beat(client: ApiClient, claim: Claim, { leaseMs, lost, released }: Beating): Promise<void> {
  const intervalMs = leaseMs / BEATS_PER_LEASE;
  let heldUntilMs = performance.now() + leaseMs;
  while (!lost.signal.aborted) {
    await delay(intervalMs, undefined, { signal: released }).catch(() => {});
    if (released.aborted) return;
    const sentAtMs = performance.now();
    try {
      await client.heartbeat(claim, { signal: released, timeoutMs: Math.ceil(intervalMs) });
      heldUntilMs = sentAtMs + leaseMs;
    } catch (error) {
      if (isRefusal(error)) lost.abort(error.code);
      else if (performance.now() >= heldUntilMs) lost.abort('lease_lost');
    }
  }
}

/** An answer that no later heartbeat will change; 429 and what the service itself got wrong may pass. */
function isRefusal(error: unknown): error is ApiProblemError {
  return (
    error instanceof ApiProblemError && error.status >= 400 && error.status < 500 && error.status !== 429
  );
}
