import type { Problem, Task } from './generated/index.js';

const EXCERPT_CHARACTERS_MAX = 300;
/** Of what is no problem document, so that the service has not said it. */
const UNKNOWN_CODE = 'unknown';

/** The service answered, and what it answered is no success. `problem` is its answer (RFC 9457). */
export class WavekeeperError extends Error {
  constructor(
    readonly problem: Problem,
    /** Milliseconds after which the service asks to be asked again; null when it does not say. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(`${problem.detail || problem.title} (${problem.status} ${problem.code})`);
    this.name = new.target.name;
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** 401 and 403: no key, or one that may not do this. */
export class AccessError extends WavekeeperError {}
/** 404: it does not exist, or belongs to somebody else. */
export class NotFoundError extends WavekeeperError {}
/** 409 and 412: its state does not allow this (any more). */
export class ConflictError extends WavekeeperError {}
/** 400, 413, 415 and 422: the request itself is wrong; `problem.errors` says where. */
export class InvalidRequestError extends WavekeeperError {}
/** 429: too much at once. */
export class RateLimitError extends WavekeeperError {}
/** 5xx: the service could not do it; the same request may succeed later. */
export class ServiceError extends WavekeeperError {}

/** Nothing answered at the address: not started, gone, or silent for longer than the timeout. */
export class NoServiceError extends Error {
  constructor(
    readonly url: string,
    cause: unknown,
  ) {
    super(`No service answers at ${url}.`, { cause });
    this.name = 'NoServiceError';
  }
}

/** A task ended without a result: it failed, or was canceled. */
export class TaskFailedError extends Error {
  constructor(readonly task: Task) {
    super(`${task.ref} is ${task.state}${task.state_reason === null ? '' : ` (${task.state_reason})`}.`);
    this.name = 'TaskFailedError';
  }
}

/** The time for waiting is over; the task goes on. */
export class WaitTimeoutError extends Error {
  constructor(readonly task: Task) {
    super(`${task.ref} is still ${task.state}.`);
    this.name = 'WaitTimeoutError';
  }
}

const FAMILY: Readonly<Record<number, typeof WavekeeperError>> = {
  400: InvalidRequestError,
  401: AccessError,
  403: AccessError,
  404: NotFoundError,
  409: ConflictError,
  412: ConflictError,
  413: InvalidRequestError,
  415: InvalidRequestError,
  422: InvalidRequestError,
  429: RateLimitError,
};

/** The error of an answer that is no success, by its status. */
export function errorOf(response: Response, body: unknown): WavekeeperError {
  const problem = isProblem(body) ? { ...body, status: response.status } : unknownProblem(response, body);
  const Family = FAMILY[response.status] ?? (response.status >= 500 ? ServiceError : WavekeeperError);
  return new Family(problem, retryAfterMs(response.headers.get('retry-after'), Date.now()));
}

/** `Retry-After` in either of its forms, as milliseconds from `nowMs`. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(atMs - nowMs, 0);
}

/** An answer of the service itself that no repetition will change. */
export function isRefusal(error: unknown): error is WavekeeperError {
  if (!(error instanceof WavekeeperError) || error.code === UNKNOWN_CODE) return false;
  return error.status < 500 && error.status !== 429;
}

/** May be answered otherwise later: nobody answered, not in time, something in the service's place, or it has a bad moment. */
export function mayPass(error: unknown): error is Error {
  if (error instanceof WavekeeperError) return !isRefusal(error);
  return error instanceof NoServiceError || (error instanceof DOMException && error.name === 'TimeoutError');
}

function isProblem(body: unknown): body is Problem {
  if (body === null || typeof body !== 'object') return false;
  return (
    'code' in body && typeof body.code === 'string' && 'detail' in body && typeof body.detail === 'string'
  );
}

/** Something between us and the service has answered in its place. */
function unknownProblem(response: Response, body: unknown): Problem {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: text.slice(0, EXCERPT_CHARACTERS_MAX),
    instance: '',
    code: UNKNOWN_CODE,
    retryable: response.status >= 500,
    errors: [],
  };
}
