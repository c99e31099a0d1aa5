import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, request, type Dispatcher } from 'undici';
import { toStorableText } from '#contracts';
import { isAllowedAddress, judgeTarget, type AllowedNetwork } from './domain/target.js';

/** From the first packet to the last byte of the answer. */
const DEADLINE_MS = 15_000;
/** A receiver may finish an answer of this size; whoever says more is cut off. */
const RESPONSE_BYTES_MAX = 65_536;
/** What is kept of an answer. */
const EXCERPT_BYTES_MAX = 1_024;

export interface SafeFetchOptions {
  readonly allowedNetworks: readonly AllowedNetwork[];
  /** The IP addresses of a host name; the system's resolver when left out. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
  readonly deadlineMs?: number;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of a request. Its text comes from outside and is untrusted. */
export interface PostOutcome {
  /** Null when no answer arrived. It is the receiver's verdict, whatever became of the body behind it. */
  readonly status: number | null;
  readonly retryAfter: string | null;
  /** Why there is no answer, or not the whole of it; null when all went well. */
  readonly error: string | null;
  /** The first 1 KiB of the answer, storable; null when no answer arrived. */
  readonly excerpt: string | null;
  readonly durationMs: number;
}

/** Why a look-up ended without an address to connect to. */
class LookupError extends Error {
  constructor(
    readonly code: 'address_not_allowed' | 'name_not_resolved',
    options?: ErrorOptions,
  ) {
    super(code, options);
  }
}

/**
 * Posts to addresses that tenants chose, and never into the network we stand in. A literal address is judged before the
 * request (a socket does not look it up); a host name when the socket looks it up: all its addresses must be allowed,
 * and the socket connects to one of those, so a name that changes its answer gains nothing. Every request has a
 * connection of its own, hence a fresh look-up. Redirects are not followed.
 */
export class SafeFetch {
  private readonly agent: Agent;
  private readonly deadlineMs: number;

  constructor(private readonly options: SafeFetchOptions) {
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.agent = new Agent({
      connect: {
        lookup: guardedLookup(options.resolve ?? resolveBySystem, options.allowedNetworks),
        timeout: this.deadlineMs,
      },
      headersTimeout: this.deadlineMs,
      bodyTimeout: this.deadlineMs,
    });
  }

  /** Never rejects: whatever the receiver does is an outcome, and arrives within the deadline. */
  async post(post: Post): Promise<PostOutcome> {
    const startedAt = performance.now();
    const outcome = await this.send(post);
    return { ...outcome, durationMs: Math.round(performance.now() - startedAt) };
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send({ url, headers, body }: Post): Promise<Omit<PostOutcome, 'durationMs'>> {
    const target = judgeTarget(url, this.options.allowedNetworks);
    if (!target.allowed) return { ...NO_ANSWER, error: target.reason };
    try {
      const response = await request(target.url, {
        method: 'POST',
        headers,
        body,
        dispatcher: this.agent,
        reset: true, // one connection per request
        signal: AbortSignal.timeout(this.deadlineMs), // the other timeouts start again with every byte
      });
      const retryAfter = response.headers['retry-after'];
      return {
        status: response.statusCode,
        retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
        ...(await readExcerpt(response.body)),
      };
    } catch (error) {
      return { ...NO_ANSWER, error: describeFailure(error) };
    }
  }
}

const NO_ANSWER = { status: null, retryAfter: null, excerpt: null };

async function readExcerpt(
  body: Dispatcher.ResponseData['body'],
): Promise<Pick<PostOutcome, 'error' | 'excerpt'>> {
  const decoder = new TextDecoder();
  let excerpt = '';
  let excerptBytes = 0;
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const kept = chunk.subarray(0, EXCERPT_BYTES_MAX - excerptBytes);
      excerptBytes += kept.length;
      excerpt += decoder.decode(kept, { stream: true });
      bytes += chunk.length;
      if (bytes > RESPONSE_BYTES_MAX)
        return { error: 'response_too_large', excerpt: toStorableText(excerpt) };
    }
    return { error: null, excerpt: toStorableText(excerpt) };
  } catch (error) {
    return { error: describeFailure(error), excerpt: toStorableText(excerpt) };
  }
}

function guardedLookup(
  resolve: (hostname: string) => Promise<readonly string[]>,
  allowedNetworks: readonly AllowedNetwork[],
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined || !addresses.every((address) => isAllowedAddress(address, allowedNetworks)))
          callback(new LookupError('address_not_allowed'), []);
        else if (options.all === true)
          callback(
            null,
            addresses.map((address) => ({ address, family: isIP(address) })),
          );
        else callback(null, first, isIP(first));
      },
      (cause: unknown) => callback(new LookupError('name_not_resolved', { cause }), []),
    );
  };
}

async function resolveBySystem(hostname: string): Promise<readonly string[]> {
  const addresses = await systemLookup(hostname, { all: true });
  return addresses.map(({ address }) => address);
}

/**
 * Words of ours for what went wrong, with the system's code where it helps (`failed: ECONNREFUSED`). Never the error's
 * message: it can name addresses of our network.
 */
function describeFailure(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'failed';
  if (Reflect.get(error, 'name') === 'TimeoutError') return 'timeout';
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code !== 'string') return 'failed';
  return FAILURES[code] ?? `failed: ${code}`;
}

const FAILURES: Readonly<Record<string, string>> = {
  address_not_allowed: 'address_not_allowed',
  name_not_resolved: 'name_not_resolved',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_SOCKET: 'connection_lost',
  ECONNRESET: 'connection_lost',
};
