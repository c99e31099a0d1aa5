import { setTimeout as delay } from 'node:timers/promises';
import { abortAfter } from './abort-after.js';
import { beat, type Hold } from './attempt-client.js';
import { isRefusal } from './errors.js';
import type { Wavekeeper } from './wavekeeper.js';

const BEATS_PER_LEASE = 3;
/** What is said more often is said by the next beat. */
const SAY_MS = 1_000;

/** What the service says of a lease that is over. Another refusal speaks of the key or of the beat, not of the lease. */
export const LOST_CODES = ['attempt_canceled', 'lease_lost'];

/** The attempt is no longer this worker's: stop, nothing of it will count. */
export class AttemptLostError extends Error {
  /** `code` is the service's: `attempt_canceled`, or `lease_lost`. */
  constructor(readonly code: string) {
    super(code === 'attempt_canceled' ? 'The task was canceled.' : 'The lease has run out.');
    this.name = 'AttemptLostError';
  }
}

/**
 * Beats three times per lease until released. The lease counts as lost when the service says so, and also when it could
 * not be reached for a whole lease: by then the attempt may be somebody else's.
 */
export class HeldLease {
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  #said: { progress?: number; message?: string } = {};
  #heldUntilMs: number;
  #saidAtMs = -Infinity;

  constructor(
    private readonly wavekeeper: Wavekeeper,
    private readonly hold: Hold,
    private readonly leaseMs: number,
  ) {
    this.#heldUntilMs = performance.now() + leaseMs;
    void this.#keep();
  }

  /** Aborts, with an `AttemptLostError`, when the attempt is no longer this worker's. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get lostCode(): string | null {
    const reason: unknown = this.lost.reason;
    return reason instanceof AttemptLostError ? reason.code : null;
  }

  /** Says how far it is, at most once a second; the beats that follow say it again. */
  async say(progress: number, message?: string): Promise<void> {
    this.#said = { progress, ...(message === undefined ? {} : { message }) };
    if (performance.now() - this.#saidAtMs < SAY_MS) return;
    this.#saidAtMs = performance.now();
    await this.#beat();
  }

  release(): void {
    this.#released.abort();
  }

  async #keep(): Promise<void> {
    const over = AbortSignal.any([this.lost, this.#released.signal]);
    const isOver = () => over.aborted;
    while (!isOver()) {
      const pauseMs = this.leaseMs / BEATS_PER_LEASE;
      await delay(pauseMs, undefined, { signal: over }).catch(() => undefined);
      if (!isOver()) await this.#beat();
    }
  }

  async #beat(): Promise<void> {
    const sentAtMs = performance.now();
    const signal = abortAfter(Math.ceil(this.leaseMs / BEATS_PER_LEASE), this.#released.signal);
    try {
      await beat(this.wavekeeper, this.hold, { ...this.#said, signal });
      this.#heldUntilMs = sentAtMs + this.leaseMs;
    } catch (error) {
      if (this.#released.signal.aborted) return;
      if (isRefusal(error) && LOST_CODES.includes(error.code))
        this.#lost.abort(new AttemptLostError(error.code));
      else if (performance.now() >= this.#heldUntilMs) this.#lost.abort(new AttemptLostError('lease_lost'));
    }
  }
}
