const MINUTE_MS = 60_000;

/** What a tenant has left of its requests: a bucket that holds a minute's worth and refills evenly. */
export interface RequestBucket {
  readonly tokens: number;
  readonly filledAtMs: number;
}

export interface RequestVerdict {
  readonly bucket: RequestBucket;
  readonly allowed: boolean;
  /** Whole requests left after this one. */
  readonly remaining: number;
  /** Until one more request is possible when refused, until the bucket is full when allowed; at least 1 unless it is full. */
  readonly resetSeconds: number;
}

export function fullBucket(requestsPerMinute: number, nowMs: number): RequestBucket {
  return { tokens: requestsPerMinute, filledAtMs: nowMs };
}

/** Takes one request out of the bucket, after refilling it for the time that has passed. */
export function takeRequest(bucket: RequestBucket, requestsPerMinute: number, nowMs: number): RequestVerdict {
  const elapsedMs = Math.max(0, nowMs - bucket.filledAtMs);
  const tokens = Math.min(requestsPerMinute, bucket.tokens + (elapsedMs * requestsPerMinute) / MINUTE_MS);
  const allowed = tokens >= 1;
  const left = allowed ? tokens - 1 : tokens;
  const missing = allowed ? requestsPerMinute - left : 1 - left;
  return {
    bucket: { tokens: left, filledAtMs: Math.max(nowMs, bucket.filledAtMs) },
    allowed,
    remaining: Math.floor(left),
    resetSeconds: Math.ceil((missing * 60) / requestsPerMinute),
  };
}
