import type { Transactions } from '#database';
import { fullBucket, secondsUntilFull, takeRequests } from './domain/request-bucket.js';
import { lockRequestBucket, saveRequestBucket } from './request-bucket.store.js';

/** Beyond this many tenants what was taken for them is forgotten: never a reason to run out of memory. */
const TENANTS_MAX = 10_000;
/** A process takes a second's worth of a tenant's requests at a time: not every request writes, and little is held back. */
const SLICES_PER_MINUTE = 60;

export interface RequestVerdict {
  readonly allowed: boolean;
  /** Whole requests left after this one, as far as this process knows. */
  readonly remaining: number;
  /** Until one more request is possible when refused, until the bucket is full when allowed; at least 1 unless it is full. */
  readonly resetSeconds: number;
}

/** What this process has taken of a tenant's requests and not spent. */
interface Slice {
  left: number;
  /** What the bucket had when this slice was taken from it. */
  leftInBucket: number;
  /** The bucket is empty until then, by this process' clock. */
  emptyUntilMs: number;
  /** At so many a minute: another limit fills it otherwise. */
  emptyAtLimit: number;
  taking: Promise<void> | null;
}

/** Counts each tenant's requests, whichever process they come to: the bucket is a row, of which each process takes slices. */
export class RequestLimiter {
  private readonly slices = new Map<string, Slice>();

  constructor(
    private readonly transactions: Transactions,
    private readonly nowMs: () => number,
  ) {}

  /** Takes one of the tenant's requests; null when it has no limit (0). */
  async take(tenantId: string, requestsPerMinute: number): Promise<RequestVerdict | null> {
    if (requestsPerMinute === 0) return null;
    const slice = this.sliceOf(tenantId);
    for (;;) {
      if (slice.left > 0) {
        slice.left -= 1;
        const remaining = Math.floor(slice.left + slice.leftInBucket);
        return { allowed: true, remaining, resetSeconds: secondsUntilFull(remaining, requestsPerMinute) };
      }
      const waitMs = slice.emptyUntilMs - this.nowMs();
      if (waitMs > 0 && slice.emptyAtLimit === requestsPerMinute)
        return { allowed: false, remaining: 0, resetSeconds: Math.ceil(waitMs / 1_000) };
      slice.taking ??= this.takeSlice(tenantId, requestsPerMinute, slice).finally(() => {
        slice.taking = null;
      });
      await slice.taking;
    }
  }

  private async takeSlice(tenantId: string, requestsPerMinute: number, slice: Slice): Promise<void> {
    const wanted = Math.ceil(requestsPerMinute / SLICES_PER_MINUTE);
    const taken = await this.transactions.inTransaction(tenantId, async (tx) => {
      const bucket = await lockRequestBucket(tx, fullBucket(requestsPerMinute, tx.now.getTime()));
      const nowMs = (await tx.readClock()).getTime();
      const requests = takeRequests(bucket, requestsPerMinute, { wanted, nowMs });
      await saveRequestBucket(tx, requests.bucket);
      return requests;
    });
    slice.left += taken.granted;
    slice.leftInBucket = taken.bucket.tokens;
    if (taken.granted > 0) return;
    slice.emptyUntilMs = this.nowMs() + taken.waitMs;
    slice.emptyAtLimit = requestsPerMinute;
  }

  private sliceOf(tenantId: string): Slice {
    const known = this.slices.get(tenantId);
    if (known !== undefined) return known;
    if (this.slices.size >= TENANTS_MAX) this.slices.clear();
    const slice: Slice = { left: 0, leftInBucket: 0, emptyUntilMs: 0, emptyAtLimit: 0, taking: null };
    this.slices.set(tenantId, slice);
    return slice;
  }
}
