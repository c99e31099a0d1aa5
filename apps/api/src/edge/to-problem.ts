import { HttpException } from '@nestjs/common';
import { LedgerRefusal, type RefusalKind } from '#ledger';
import { isDatabaseUnavailable } from './database-unavailable.js';
import { ApiProblem, notFoundProblem } from './problem.js';

/** How long a client should wait for a database that is away. */
const UNAVAILABLE_SECONDS = 2;

const STATUS_OF_REFUSAL: Record<RefusalKind, number> = {
  not_found: 404,
  conflict: 409,
  invalid: 422,
  forbidden: 403,
};

/** What the caller is told about an error. Whatever is not meant for a caller becomes a 500 that says nothing. */
export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof LedgerRefusal) return fromRefusal(error);
  if (error instanceof HttpException) return fromHttpException(error);
  if (isDatabaseUnavailable(error))
    return new ApiProblem(503, 'unavailable', 'The database does not answer; try again.', {
      retryAfterSeconds: UNAVAILABLE_SECONDS,
    });
  return new ApiProblem(
    500,
    'internal_error',
    'Something went wrong here; the log has it under this instance.',
  );
}

function fromRefusal(refusal: LedgerRefusal): ApiProblem {
  const { kind, code, message, pointer } = refusal;
  if (kind === 'not_found') return notFoundProblem();
  const errors = pointer === null ? [] : [{ pointer, code, message }];
  return new ApiProblem(STATUS_OF_REFUSAL[kind], code, message, { errors });
}

function fromHttpException(exception: HttpException): ApiProblem {
  const status = exception.getStatus();
  // bodies are parsed here, not by Nest: what it calls a bad request is an address that does not decode
  if (status === 404 || status === 400) return notFoundProblem();
  return new ApiProblem(status, 'http_error', exception.message);
}
