import { STATUS_CODES } from 'node:http';
import type { Problem } from '#contracts';

export interface FieldError {
  /** JSON Pointer into the body, or `/name` of a query parameter. */
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** An answer that is an error, as the caller will read it. `code` is stable; the message says what to do. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: {
      readonly errors?: readonly FieldError[];
      /** The same request may succeed later. */
      readonly retryAfterSeconds?: number;
    } = {},
  ) {
    super(message);
    this.name = 'ApiProblem';
  }
}

/** What does not exist, what another tenant owns, and what is no id at all: nothing tells them apart. */
export function notFoundProblem(): ApiProblem {
  return new ApiProblem(404, 'not_found', 'There is nothing at this address.');
}

/** No key, or one that is not good (any more). */
export function unauthenticated(): ApiProblem {
  return new ApiProblem(401, 'unauthenticated', 'Send a valid key: Authorization: Bearer wk_…');
}

export function validationProblem(errors: readonly FieldError[]): ApiProblem {
  const code = errors.some((error) => error.code === 'invalid_text') ? 'invalid_text' : 'validation_failed';
  const [first] = errors;
  const detail = first === undefined ? 'The request is not valid.' : `${first.pointer}: ${first.message}`;
  return new ApiProblem(422, code, detail, { errors });
}

/** RFC 9457. `instance` is the request's id, which the log has too. */
export function problemBody(problem: ApiProblem, requestId: string): Problem {
  return {
    type: `urn:wavekeeper:problem:${problem.code}`,
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    instance: requestId,
    code: problem.code,
    retryable: problem.details.retryAfterSeconds !== undefined,
    errors: [...(problem.details.errors ?? [])],
  };
}
