import { setTimeout as delay } from 'node:timers/promises';
import { abortAfter } from './abort-after.js';
import { NoServiceError, retryAfterMs } from './errors.js';

/** Tries of one request, the first included. */
const TRIES_MAX = 4;
const TRY_MS = 60_000;
/** A body gets longer, at no more than this: 1 Mbit/s. The service itself cuts off any but an artifact after half a minute. */
const SLOWEST_BYTES_PER_MS = 128;
const BACKOFF_MS = 250;
/** A service may ask for more; a program does not wait longer than this without being told. */
const RETRY_AFTER_MAX_MS = 30_000;
/** The request was not carried out, or may be repeated by its key. */
const BUSY_STATUSES: readonly number[] = [429, 503];
const KEY_HEADER = 'Idempotency-Key';

/** `fetch`, for requests that the generated client has put together. */
export type Send = (request: Request | string | URL) => Promise<Response>;

/**
 * Sends a request, and again when that may help and cannot do harm: a lost connection, 429 and 503. A POST carries one
 * Idempotency-Key through its tries, so that a repeated one is answered and not done again; a PATCH is sent once. Throws
 * `NoServiceError` when nothing answered, and what the request's signal was aborted with.
 */
export const sendRepeatedly: Send = async (input) => {
  const request = new Request(input);
  const body = request.body === null ? undefined : await request.arrayBuffer();
  const headers = new Headers(request.headers);
  if (request.method === 'POST' && !headers.has(KEY_HEADER)) headers.set(KEY_HEADER, crypto.randomUUID());
  const triesMax = request.method === 'PATCH' ? 1 : TRIES_MAX;
  for (let tries = 1; ; tries += 1) {
    const outcome = await tryOnce(request, { headers, body }).catch(orNoService);
    const isLost = outcome instanceof NoServiceError;
    if (!isLost && (tries === triesMax || !BUSY_STATUSES.includes(outcome.status))) return outcome;
    if (isLost && tries === triesMax) throw outcome;
    const asked = isLost ? null : await askedToWaitMs(outcome);
    const delayMs = Math.min(asked ?? BACKOFF_MS * 2 ** (tries - 1), RETRY_AFTER_MAX_MS);
    await delay(delayMs, undefined, { signal: request.signal });
  }
};

/** Sends a request once: for whoever decides about another try itself, and for what streams for as long as it likes. */
export const sendOnce: Send = async (input) => {
  // Not wrapped once more: a request that nobody holds any longer does not hand its signal on.
  const request = input instanceof Request ? input : new Request(input);
  try {
    return await fetch(request);
  } catch (cause) {
    throw noAnswer(request, cause);
  }
};

async function tryOnce(
  request: Request,
  { headers, body }: { readonly headers: Headers; readonly body: ArrayBuffer | undefined },
): Promise<Response> {
  const { method, url } = request;
  try {
    const bodyMs = Math.ceil((body?.byteLength ?? 0) / SLOWEST_BYTES_PER_MS);
    const signal = abortAfter(TRY_MS + bodyMs, request.signal);
    return await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
  } catch (cause) {
    throw noAnswer(request, cause);
  }
}

function orNoService(error: unknown): NoServiceError {
  if (error instanceof NoServiceError) return error;
  throw error;
}

async function askedToWaitMs(response: Response): Promise<number | null> {
  await response.body?.cancel();
  return retryAfterMs(response.headers.get('retry-after'), Date.now());
}

/** The caller's own wish to stop is no failure of the service. */
function noAnswer(request: Request, cause: unknown): unknown {
  return request.signal.aborted
    ? request.signal.reason
    : new NoServiceError(new URL(request.url).origin, cause);
}
