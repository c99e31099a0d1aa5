import { setTimeout as delay } from 'node:timers/promises';
import { problemSchema, type Problem } from '#contracts';
import { abortAfter } from '#sdk';
import { z } from 'zod';

const REQUEST_TIMEOUT_MS = 30_000;
const TRIES_MAX = 4;
const FIRST_DELAY_MS = 250;
/** A server may ask for more; a command line does not wait longer than this without saying so. */
const RETRY_AFTER_MAX_MS = 30_000;
const ERROR_EXCERPT_CHARACTERS_MAX = 300;
const REPEATABLE_STATUSES: readonly number[] = [429, 503];

/** The service answered with a problem (RFC 9457), or with something else that is no success. */
export class ApiProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryable: boolean;
  readonly fields: Problem['errors'];
  readonly retryAfterMs: number | null;

  constructor(
    problem: Omit<Problem, 'type' | 'title' | 'instance'> & { readonly retryAfterMs: number | null },
  ) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.retryable = problem.retryable;
    this.fields = problem.errors;
    this.retryAfterMs = problem.retryAfterMs;
  }
}

/** Nothing answered at the address: not started, gone, or silent for longer than the timeout. */
export class NoServiceError extends Error {
  constructor(
    readonly url: string,
    cause: unknown,
  ) {
    super(`No service at ${url}.`, { cause });
  }
}

/** The service answered with a body that does not fit this version of the contract. */
class UnexpectedAnswerError extends Error {}

export interface ApiRequest<Answer> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly answer: z.ZodType<Answer>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

/**
 * Sends JSON with the key and parses the answer. Lost connections, 429 and 503 are tried up to four times in all;
 * a POST carries one Idempotency-Key through its tries, so that a repeated one is answered and not done again.
 */
export class Transport {
  constructor(private readonly connection: { readonly url: string; readonly apiKey: string }) {}

  get url(): string {
    return this.connection.url;
  }

  async send<Answer>(request: ApiRequest<Answer>): Promise<Answer> {
    const idempotencyKey = crypto.randomUUID();
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#sendOnce(request, idempotencyKey);
      } catch (error) {
        const delayMs = tries < TRIES_MAX ? repeatDelayMs(error, tries) : null;
        if (delayMs === null) throw error;
        await delay(delayMs, undefined, { signal: request.signal });
      }
    }
  }

  /** Opens a stream of server-sent events, once: whoever follows knows where to go on. */
  async open(
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<string>> {
    const response = await fetch(new URL(path, this.connection.url), {
      headers: {
        authorization: `Bearer ${this.connection.apiKey}`,
        accept: 'text/event-stream',
        ...headers,
      },
      signal,
    }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new NoServiceError(this.connection.url, cause);
    });
    if (!response.ok) throw problemFrom(response.status, response.headers, await response.text());
    if (response.body === null) throw new NoServiceError(this.connection.url, 'an answer without a body');
    return response.body.pipeThrough(new TextDecoderStream());
  }

  async #sendOnce<Answer>(request: ApiRequest<Answer>, idempotencyKey: string): Promise<Answer> {
    const { status, headers, text } = await this.#exchange(request, idempotencyKey);
    if (status < 200 || status > 299) throw problemFrom(status, headers, text);
    const parsed = request.answer.safeParse(text === '' ? null : parseJson(text));
    if (parsed.success) return parsed.data;
    throw new UnexpectedAnswerError(
      `${request.method} ${request.path} answered in a shape this version does not know:\n${z.prettifyError(parsed.error)}`,
    );
  }

  async #exchange<Answer>(request: ApiRequest<Answer>, idempotencyKey: string) {
    const others = request.signal === undefined ? [] : [request.signal];
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    try {
      const response = await fetch(new URL(request.path, this.connection.url), {
        method: request.method,
        headers: this.#headers(request, idempotencyKey),
        signal: abortAfter(request.timeoutMs ?? REQUEST_TIMEOUT_MS, ...others),
        ...body,
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (cause) {
      request.signal?.throwIfAborted();
      throw new NoServiceError(this.connection.url, cause);
    }
  }

  #headers<Answer>(request: ApiRequest<Answer>, idempotencyKey: string): Record<string, string> {
    return {
      authorization: `Bearer ${this.connection.apiKey}`,
      accept: 'application/json',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(request.method === 'POST' ? { 'idempotency-key': idempotencyKey } : {}),
    };
  }
}

/** Milliseconds until another try may help after `tries` of them, or null when it cannot. */
export function repeatDelayMs(error: unknown, tries: number): number | null {
  const backoffMs = FIRST_DELAY_MS * 2 ** (tries - 1);
  if (error instanceof NoServiceError) return backoffMs;
  if (error instanceof ApiProblemError && REPEATABLE_STATUSES.includes(error.status))
    return Math.min(error.retryAfterMs ?? backoffMs, RETRY_AFTER_MAX_MS);
  return null;
}

function problemFrom(status: number, headers: Headers, text: string): ApiProblemError {
  const retryAfterMs = retryAfter(headers.get('retry-after'), Date.now());
  const problem = problemSchema.safeParse(parseJson(text));
  if (problem.success)
    return new ApiProblemError({
      ...problem.data,
      status,
      detail: problem.data.detail || problem.data.title,
      retryAfterMs,
    });
  return new ApiProblemError({
    status,
    code: 'unknown',
    detail: text.slice(0, ERROR_EXCERPT_CHARACTERS_MAX) || 'The answer was empty.',
    retryable: status >= 500,
    errors: [],
    retryAfterMs,
  });
}

/** `Retry-After` in either of its forms, as milliseconds from `nowMs`. */
export function retryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(atMs - nowMs, 0);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
