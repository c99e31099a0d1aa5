import type { Problem } from './generated/types.gen.js';

/** A refusal of the API; `status` 0 when there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

export function toApiError(body: unknown, status: number): ApiError {
  if (isProblem(body)) return new ApiError(status, body.code, detailOf(body));
  return status === 0
    ? new ApiError(0, 'no_answer', 'The service did not answer. Is it running?')
    : new ApiError(status, 'unknown', `The service answered ${status}.`);
}

function detailOf({ detail, errors }: Problem): string {
  const [first] = errors;
  return first === undefined ? detail : `${first.pointer.slice(1)} ${first.message}`.trim();
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body && 'errors' in body;
}

/** What to say to a person. */
export function problemText(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Something went wrong in this page. Reload it.';
  if (error.status === 403) return `${error.message} Sign in with another key.`;
  if (error.status === 404) return 'There is no such thing for this key. Was it another tenant’s?';
  if (error.status === 429) return 'Too many requests for now. Wait a moment.';
  return error.message;
}
