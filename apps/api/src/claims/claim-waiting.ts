import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Transactions } from '#database';
import { ApiProblem } from '../edge/problem.js';

/** Each waiting request asks the database at least this often: rings of other processes are not heard here. */
const POLL_MS = 1_000;
const WAITING_MAX = 200;

/** Where long polls wait for work: woken by the commits of this process, by the clock, and by its end. */
@Injectable()
export class ClaimWaiting implements OnModuleDestroy {
  private readonly wakers = new Set<() => void>();
  private readonly stopListening: () => void;
  private waiting = 0;
  private readonly ended = new AbortController();

  constructor(@Inject(Transactions) transactions: Pick<Transactions, 'onCommit'>) {
    this.stopListening = transactions.onCommit((rings) => {
      if (rings.some((ring) => ring.ticket === 'attempt')) this.wakeAll();
    });
  }

  /**
   * Asks until there is something, until `waitMs` have passed, or until the caller has gone. 429 when too many wait
   * already.
   */
  async poll<Item>(
    ask: () => Promise<Item[]>,
    wait: { readonly waitMs: number; readonly gone: AbortSignal },
  ): Promise<Item[]> {
    const found = await ask();
    if (found.length > 0 || wait.waitMs === 0) return found;
    if (this.waiting >= WAITING_MAX)
      throw new ApiProblem(429, 'too_many_waiting', `${WAITING_MAX} claims are waiting here already.`, {
        retryAfterSeconds: 1,
      });
    this.waiting += 1;
    try {
      const stop = AbortSignal.any([wait.gone, this.ended.signal]);
      return await this.askAgain(ask, performance.now() + wait.waitMs, stop);
    } finally {
      this.waiting -= 1;
    }
  }

  onModuleDestroy(): void {
    this.ended.abort();
    this.stopListening();
  }

  private async askAgain<Item>(
    ask: () => Promise<Item[]>,
    endsAtMs: number,
    stop: AbortSignal,
  ): Promise<Item[]> {
    for (;;) {
      const leftMs = endsAtMs - performance.now();
      if (leftMs <= 0) return [];
      await this.pause(Math.min(leftMs, POLL_MS), stop);
      if (stop.aborted) return [];
      const found = await ask();
      if (found.length > 0) return found;
    }
  }

  private pause(pauseMs: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.wakers.delete(wake);
        stop.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, pauseMs);
      this.wakers.add(wake);
      stop.addEventListener('abort', wake);
      if (stop.aborted) wake();
    });
  }

  private wakeAll(): void {
    for (const wake of [...this.wakers]) wake();
  }
}
