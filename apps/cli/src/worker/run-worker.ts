import { setTimeout as delay } from 'node:timers/promises';
import { CLAIM_WAIT_SECONDS_MAX, CLAIMS_PER_REQUEST_MAX } from '#contracts';
import type { ApiClient, Claim } from '../api-client.js';
import type { StopSwitch } from '../stop-switch.js';
import { ApiProblemError, NoServiceError } from '../transport.js';
import { runAttempt, type AttemptEnd } from './run-attempt.js';
import { CommandNotStartedError } from './run-command.js';

const CLAIM_DELAY_MS = 500;
const CLAIM_DELAY_MAX_MS = 30_000;

export interface WorkerSettings {
  readonly client: ApiClient;
  readonly pool: string;
  /** This worker's name, as attempts show it. */
  readonly worker: string;
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Attempts that run at once. */
  readonly concurrency: number;
  readonly leaseSeconds: number;
  /** What a running command has left once the worker was asked to stop. */
  readonly stopGraceMs: number;
  /** Null: no end by itself. */
  readonly tasksMax: number | null;
  readonly idleSecondsMax: number | null;
}

export type WorkerReport =
  | { readonly kind: 'started'; readonly claim: Claim }
  | { readonly kind: 'ended'; readonly claim: Claim; readonly end: AttemptEnd }
  | { readonly kind: 'unreachable'; readonly message: string };

/**
 * Claims attempts of one pool and runs the command for each, until it is stopped, has had `tasksMax`, or found nothing
 * for `idleSecondsMax`. Returns when nothing is running any more. Throws when the command cannot be started or the
 * service refuses the claim; outlives a service that is away, once it has been there.
 */
export async function runWorker(
  settings: WorkerSettings,
  stop: StopSwitch,
  tell: (report: WorkerReport) => void,
): Promise<void> {
  const worker = new Worker(settings, stop, tell);
  await worker.run();
}

class Worker {
  readonly #running = new Set<Promise<void>>();
  readonly #giveBack = new AbortController();
  /** Aborts claiming: by the stop, or because an attempt showed that no other could run. */
  readonly #ended = new AbortController();
  #claimed = 0;
  #answered = false;
  #idleSinceMs = performance.now();
  #failure: Error | null = null;

  constructor(
    private readonly settings: WorkerSettings,
    private readonly stop: StopSwitch,
    private readonly tell: (report: WorkerReport) => void,
  ) {}

  async run(): Promise<void> {
    const claiming = AbortSignal.any([this.stop.stopping, this.#ended.signal]);
    const giveBackTimer = this.#giveBackAfterStop();
    try {
      while (!claiming.aborted && !this.#hadEnough()) await this.#claimAndStart(claiming);
    } finally {
      await Promise.all(this.#running);
      giveBackTimer.cancel();
    }
    if (this.#failure !== null) throw this.#failure;
  }

  async #claimAndStart(claiming: AbortSignal): Promise<void> {
    const room = this.#room();
    if (room === 0) {
      await Promise.race(this.#running);
      return;
    }
    const claims = await this.#claim(room, claiming);
    for (const claim of claims) this.#start(claim);
  }

  /** Asks until it is answered. An answer that arrives while it stops is given up to its lease. */
  async #claim(max: number, claiming: AbortSignal): Promise<Claim[]> {
    const { client, pool, worker, leaseSeconds } = this.settings;
    const input = { pool, worker, max, lease_seconds: leaseSeconds, wait_seconds: this.#waitSeconds() };
    for (let tries = 1; ; tries += 1) {
      try {
        const claims = await client.claim(input, claiming);
        this.#answered = true;
        return claims;
      } catch (error) {
        if (claiming.aborted) return [];
        if (!this.#answered || !mayPass(error)) throw error;
        this.tell({ kind: 'unreachable', message: error.message });
        const delayMs = Math.min(CLAIM_DELAY_MS * 2 ** (tries - 1), CLAIM_DELAY_MAX_MS);
        await delay(delayMs, undefined, { signal: claiming }).catch(() => {});
      }
    }
  }

  #start(claim: Claim): void {
    this.#claimed += 1;
    this.tell({ kind: 'started', claim });
    const running = this.#runOne(claim).finally(() => {
      this.#running.delete(running);
      this.#idleSinceMs = performance.now();
    });
    this.#running.add(running);
  }

  async #runOne(claim: Claim): Promise<void> {
    const { client, command, environment, leaseSeconds } = this.settings;
    try {
      const end = await runAttempt(claim, {
        client,
        command,
        environment,
        leaseMs: leaseSeconds * 1_000,
        giveBack: this.#giveBack.signal,
      });
      this.tell({ kind: 'ended', claim, end });
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#ended.abort();
      if (error instanceof CommandNotStartedError)
        this.tell({ kind: 'ended', claim, end: { kind: 'released' } });
    }
  }

  /** No longer than it may be idle; beside running commands at least a second, so as not to ask without pause. */
  #waitSeconds(): number {
    const seconds = Math.min(this.settings.idleSecondsMax ?? CLAIM_WAIT_SECONDS_MAX, CLAIM_WAIT_SECONDS_MAX);
    return this.#running.size === 0 ? seconds : Math.max(seconds, 1);
  }

  #room(): number {
    const free = this.settings.concurrency - this.#running.size;
    const left = (this.settings.tasksMax ?? Infinity) - this.#claimed;
    return Math.min(free, left, CLAIMS_PER_REQUEST_MAX);
  }

  #hadEnough(): boolean {
    const { tasksMax, idleSecondsMax } = this.settings;
    if (tasksMax !== null && this.#claimed >= tasksMax) return true;
    const idleMs = performance.now() - this.#idleSinceMs;
    return (
      idleSecondsMax !== null &&
      this.#answered &&
      this.#running.size === 0 &&
      idleMs >= idleSecondsMax * 1_000
    );
  }

  #giveBackAfterStop(): { cancel(): void } {
    const giveBack = () => this.#giveBack.abort();
    let timer: NodeJS.Timeout | undefined;
    this.stop.stopping.addEventListener('abort', () => {
      timer = setTimeout(giveBack, this.settings.stopGraceMs);
    });
    this.stop.hurrying.addEventListener('abort', giveBack);
    return { cancel: () => clearTimeout(timer) };
  }
}

function mayPass(error: unknown): error is Error {
  if (error instanceof NoServiceError) return true;
  return error instanceof ApiProblemError && (error.status >= 500 || error.status === 429);
}
