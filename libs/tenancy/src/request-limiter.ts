import { fullBucket, takeRequest, type RequestBucket, type RequestVerdict } from './domain/request-bucket.js';

/** Beyond this many tenants the buckets are forgotten, that is, full again: never a reason to run out of memory. */
const TENANTS_MAX = 10_000;

/** Counts each tenant's requests in this process. */
export class RequestLimiter {
  private readonly buckets = new Map<string, RequestBucket>();

  constructor(private readonly nowMs: () => number) {}

  /** Takes one of the tenant's requests; null when it has no limit (0). */
  take(tenantId: string, requestsPerMinute: number): RequestVerdict | null {
    if (requestsPerMinute === 0) return null;
    const nowMs = this.nowMs();
    if (this.buckets.size >= TENANTS_MAX && !this.buckets.has(tenantId)) this.buckets.clear();
    const bucket = this.buckets.get(tenantId) ?? fullBucket(requestsPerMinute, nowMs);
    const verdict = takeRequest(bucket, requestsPerMinute, nowMs);
    this.buckets.set(tenantId, verdict.bucket);
    return verdict;
  }
}
