import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { abortAfter } from './abort-after.js';
import { deliver, deliverLeftovers, holdOf, isSettled, release, type Delivery } from './attempt-client.js';
import { mayPass } from './errors.js';
import { homeDir } from './connection.js';
import * as api from './generated/index.js';
import { HeldLease, LOST_CODES } from './held-lease.js';
import { Outbox, type OutboxEntry, type Report } from './outbox.js';
import { sendOnce } from './send.js';
import { answerOf, Wavekeeper } from './wavekeeper.js';
import { BrokenWorkerError, workOn, type Handler } from './work.js';

const CLAIM_WAIT_SECONDS_MAX = 30;
const CLAIMS_PER_REQUEST_MAX = 20;
/** Between the end of a claim's long poll and giving the connection up. */
const CLAIM_MARGIN_MS = 15_000;
const CLAIM_DELAY_MS = 500;
const CLAIM_DELAY_MAX_MS = 30_000;
const LEASE_SECONDS_DEFAULT = 60;
const STOP_GRACE_MS_DEFAULT = 10_000;

export interface WorkerOptions {
  /** The pool whose tasks it claims. */
  readonly pool: string;
  /** Attempts at once; 1 unless given. */
  readonly concurrency?: number;
  /** How long an attempt waits for a worker that fell silent: 10 to 3,600, 60 unless given. */
  readonly leaseSeconds?: number;
  /** How attempts show this worker; host and process id unless given. */
  readonly name?: string;
  readonly wavekeeper?: Wavekeeper;
  /** Ends the worker: it claims no more, and running attempts get their grace. SIGTERM and SIGINT unless given. */
  readonly stop?: AbortSignal | undefined;
  /** Ends the grace. */
  readonly hurry?: AbortSignal | undefined;
  /** What a running attempt has left after the stop; 10 s unless given. Then it is given back. */
  readonly stopGraceMs?: number;
  /** Ends by itself after so many. */
  readonly tasksMax?: number | null;
  /** Ends by itself after so long without any. */
  readonly idleSecondsMax?: number | null;
  /** Where results are kept until the service has them; WAVEKEEPER_HOME unless given, null for nowhere. */
  readonly homeDir?: string | null;
  readonly onReport?: (report: WorkerReport) => void;
}

export type AttemptEnd =
  | { readonly kind: 'completed' | 'failed'; readonly text: string }
  /** The service had taken it from this worker: `reason` is its code. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** The service did not answer: the report is in the outbox. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'released' };

export type WorkerReport =
  | { readonly kind: 'started'; readonly claim: api.Claim }
  | { readonly kind: 'ended'; readonly claim: api.Claim; readonly end: AttemptEnd }
  /** What became of a report that was in the outbox. */
  | { readonly kind: 'leftover'; readonly entry: OutboxEntry; readonly delivery: Delivery }
  | { readonly kind: 'unreachable'; readonly message: string };

/**
 * Claims attempts of one pool and runs the handler for each, until it is stopped or has had enough. Returns when nothing is
 * running any more. Throws when the handler says that it can do nothing, and when the service refuses the claim; outlives a
 * service that is away, once it has been there.
 */
export async function worker(options: WorkerOptions, handler: Handler): Promise<void> {
  const signals = options.stop === undefined ? takeOverSignals() : null;
  try {
    const wavekeeper = options.wavekeeper ?? new Wavekeeper();
    const home = options.homeDir === undefined ? homeDir() : options.homeDir;
    const outbox = home === null ? null : await Outbox.open(home, wavekeeper.url);
    const { stop, hurry } = signals ?? options;
    await new Worker({ ...options, stop, hurry, wavekeeper, outbox }, handler).run();
  } finally {
    signals?.giveBack();
  }
}

interface WorkerSettings extends WorkerOptions {
  readonly wavekeeper: Wavekeeper;
  readonly outbox: Outbox | null;
}

class Worker {
  readonly #running = new Set<Promise<void>>();
  readonly #giveBack = new AbortController();
  /** Aborts claiming: by the stop, or because an attempt showed that no other could run. */
  readonly #ended = new AbortController();
  #claimed = 0;
  #answered = false;
  #hasLeftovers = true;
  #idleSinceMs = performance.now();
  #failure: Error | null = null;

  constructor(
    private readonly settings: WorkerSettings,
    private readonly handler: Handler,
  ) {}

  async run(): Promise<void> {
    const { stop } = this.settings;
    const claiming = stop === undefined ? this.#ended.signal : AbortSignal.any([stop, this.#ended.signal]);
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
    await this.#deliverLeftovers();
    for (const claim of await this.#claim(room, claiming)) this.#start(claim);
  }

  /** At the start, and after each report that was not answered. */
  async #deliverLeftovers(): Promise<void> {
    const { outbox, wavekeeper, onReport } = this.settings;
    if (outbox === null || !this.#hasLeftovers) return;
    this.#hasLeftovers = false;
    await deliverLeftovers(wavekeeper, outbox, {
      random: Math.random(),
      tell: (entry, delivery) => {
        if (delivery.kind === 'unanswered') this.#hasLeftovers = true;
        onReport?.({ kind: 'leftover', entry, delivery });
      },
    });
  }

  /** Asks until it is answered. An answer that arrives while it stops is given up to its lease. */
  async #claim(max: number, claiming: AbortSignal): Promise<api.Claim[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        const { data } = await this.#askForClaims(max, claiming);
        this.#answered = true;
        return data;
      } catch (error) {
        if (claiming.aborted) return [];
        if (!this.#answered || !mayPass(error)) throw error;
        this.settings.onReport?.({ kind: 'unreachable', message: error.message });
        const delayMs = Math.min(CLAIM_DELAY_MS * 2 ** (tries - 1), CLAIM_DELAY_MAX_MS);
        await delay(delayMs, undefined, { signal: claiming }).catch(() => undefined);
      }
    }
  }

  /** Sent once and without a key: a lost answer costs a lease that runs out, and most answers are empty. */
  #askForClaims(max: number, claiming: AbortSignal): Promise<{ data: api.Claim[] }> {
    const { wavekeeper, pool, leaseSeconds, name } = this.settings;
    const waitSeconds = this.#waitSeconds();
    return answerOf(
      api.claimAttempts({
        client: wavekeeper.client,
        fetch: sendOnce,
        signal: abortAfter(waitSeconds * 1_000 + CLAIM_MARGIN_MS, claiming),
        body: {
          pool,
          max,
          wait_seconds: waitSeconds,
          lease_seconds: leaseSeconds ?? LEASE_SECONDS_DEFAULT,
          worker: name ?? `${os.hostname()}:${process.pid}`,
        },
      }),
    );
  }

  #start(claim: api.Claim): void {
    this.#claimed += 1;
    this.settings.onReport?.({ kind: 'started', claim });
    const running = this.#runOne(claim).finally(() => {
      this.#running.delete(running);
      this.#idleSinceMs = performance.now();
    });
    this.#running.add(running);
  }

  async #runOne(claim: api.Claim): Promise<void> {
    const { onReport } = this.settings;
    try {
      const end = await this.#work(claim);
      if (end.kind === 'unanswered') this.#hasLeftovers = true;
      onReport?.({ kind: 'ended', claim, end });
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#ended.abort();
      if (error instanceof BrokenWorkerError) onReport?.({ kind: 'ended', claim, end: { kind: 'released' } });
    }
  }

  /** One attempt, from its brief to the acknowledged report; its lease is kept until then. */
  async #work(claim: api.Claim): Promise<AttemptEnd> {
    const { wavekeeper, leaseSeconds } = this.settings;
    const giveBack = this.#giveBack.signal;
    const leaseMs = (leaseSeconds ?? LEASE_SECONDS_DEFAULT) * 1_000;
    const lease = new HeldLease(wavekeeper, holdOf(claim), leaseMs);
    try {
      const report = await workOn(this.handler, claim, { wavekeeper, lease, giveBack });
      // A result that is late is kept by the service, and may still be accepted; of a canceled task nothing is wanted.
      const isWanted =
        lease.lostCode === null || (lease.lostCode === 'lease_lost' && report?.verb === 'complete');
      if (!isWanted) return { kind: 'lost', reason: lease.lostCode };
      return report === null ? await this.#release(claim) : await this.#handIn(claim, report);
    } catch (error) {
      if (error instanceof BrokenWorkerError) await this.#release(claim);
      throw error;
    } finally {
      lease.release();
    }
  }

  async #release(claim: api.Claim): Promise<AttemptEnd> {
    const delivery = await release(this.settings.wavekeeper, holdOf(claim), this.#giveBack.signal);
    return delivery.kind === 'refused' ? { kind: 'lost', reason: delivery.code } : { kind: 'released' };
  }

  async #handIn(claim: api.Claim, report: Report): Promise<AttemptEnd> {
    const { wavekeeper, outbox } = this.settings;
    const entry = { ...holdOf(claim), report };
    const delivery = await deliver(wavekeeper, entry, { outbox, hurry: this.#giveBack.signal });
    if (delivery.kind === 'taken') return endOf(report);
    if (delivery.kind === 'unanswered' || !isSettled(delivery)) return { kind: 'unanswered' };
    if (report.verb === 'fail' || LOST_CODES.includes(delivery.code))
      return { kind: 'lost', reason: delivery.code };
    // The lease is still ours, only this result is not taken: say so, or the attempt would hang until its lease ends.
    const error = { message: `The service refused the result: ${delivery.code}.`, retryable: true };
    return this.#handIn(claim, { verb: 'fail', error });
  }

  /** No longer than it may be idle; beside running attempts at least a second, so as not to ask without pause. */
  #waitSeconds(): number {
    const idleSecondsMax = this.settings.idleSecondsMax ?? CLAIM_WAIT_SECONDS_MAX;
    const seconds = Math.min(idleSecondsMax, CLAIM_WAIT_SECONDS_MAX);
    return this.#running.size === 0 ? seconds : Math.max(seconds, 1);
  }

  #room(): number {
    const free = (this.settings.concurrency ?? 1) - this.#running.size;
    const left = (this.settings.tasksMax ?? Infinity) - this.#claimed;
    return Math.min(free, left, CLAIMS_PER_REQUEST_MAX);
  }

  #hadEnough(): boolean {
    const { tasksMax, idleSecondsMax } = this.settings;
    if (this.#claimed >= (tasksMax ?? Infinity)) return true;
    const idleMs = performance.now() - this.#idleSinceMs;
    const isIdle = this.#answered && this.#running.size === 0;
    return isIdle && idleMs >= (idleSecondsMax ?? Infinity) * 1_000;
  }

  #giveBackAfterStop(): { cancel(): void } {
    const { stop, hurry, stopGraceMs } = this.settings;
    const giveBack = () => this.#giveBack.abort();
    let timer: NodeJS.Timeout | undefined;
    // Either may have come before anything was claimed.
    onceAborted(stop, () => {
      timer = setTimeout(giveBack, stopGraceMs ?? STOP_GRACE_MS_DEFAULT);
    });
    onceAborted(hurry, giveBack);
    return { cancel: () => clearTimeout(timer) };
  }
}

function onceAborted(signal: AbortSignal | undefined, act: () => void): void {
  if (signal?.aborted === true) act();
  else signal?.addEventListener('abort', act, { once: true });
}

function endOf(report: Report): AttemptEnd {
  return report.verb === 'complete'
    ? { kind: 'completed', text: report.result.summary }
    : { kind: 'failed', text: report.error.message };
}

/** The first SIGTERM or SIGINT stops, the second hurries; `giveBack` leaves them to whoever had them before. */
function takeOverSignals(): { stop: AbortSignal; hurry: AbortSignal; giveBack: () => void } {
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const press = () => (stop.signal.aborted ? hurry.abort() : stop.abort());
  process.on('SIGTERM', press).on('SIGINT', press);
  return {
    stop: stop.signal,
    hurry: hurry.signal,
    giveBack: () => void process.off('SIGTERM', press).off('SIGINT', press),
  };
}
