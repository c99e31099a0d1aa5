const MINUTE_MS = 60_000;

/** What a tenant has left of its requests: a bucket that holds a minute's worth and refills evenly. */
export interface RequestBucket {
  readonly tokens: number;
  readonly filledAtMs: number;
}

/** Requests that were taken out of a bucket, to be spent one by one. */
export interface TakenRequests {
  readonly bucket: RequestBucket;
  /** At most as many as were wanted; 0 when the bucket has none left. */
  readonly granted: number;
  /** Until there is one more; 0 when there is. */
  readonly waitMs: number;
}

export function fullBucket(requestsPerMinute: number, nowMs: number): RequestBucket {
  return { tokens: requestsPerMinute, filledAtMs: nowMs };
}

/**
 * Takes requests out of the bucket, after refilling it for the time that has passed. A clock that was set back refills
 * nothing and counts from there: else nothing would be granted until it is where it was.
 */
export function takeRequests(
  bucket: RequestBucket,
  requestsPerMinute: number,
  { wanted, nowMs }: { readonly wanted: number; readonly nowMs: number },
): TakenRequests {
  const elapsedMs = Math.max(0, nowMs - bucket.filledAtMs);
  const tokens = Math.min(requestsPerMinute, bucket.tokens + (elapsedMs * requestsPerMinute) / MINUTE_MS);
  const granted = Math.min(wanted, Math.floor(tokens));
  const left = tokens - granted;
  return {
    bucket: { tokens: left, filledAtMs: nowMs },
    granted,
    waitMs: Math.max(0, Math.ceil(((1 - left) * MINUTE_MS) / requestsPerMinute)),
  };
}

/** Until a bucket with so many left is full again. */
export function secondsUntilFull(left: number, requestsPerMinute: number): number {
  return Math.max(0, Math.ceil(((requestsPerMinute - left) * 60) / requestsPerMinute));
}
