/** The error types of the API, with the status that each is sent with. */
const STATUSES = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  overloaded_error: 529,
} as const;

export type ApiErrorType = keyof typeof STATUSES;

/** An answer that is an error of the API. */
export class ApiError extends Error {
  constructor(
    readonly type: ApiErrorType,
    message: string,
    /** Whole seconds, for the `retry-after` header. */
    readonly retryAfterSeconds: number | null = null,
    /** Where the cause has a name of its own, and where the status is not the type's usual one. */
    readonly particulars: { readonly errorCode?: string; readonly status?: number } = {},
  ) {
    super(message);
  }

  get status(): number {
    return this.particulars.status ?? STATUSES[this.type];
  }
}

/** The body of an error, as an answer of its own and as the data of a stream's `error` event. */
export function errorBody(error: ApiError, requestId: string): object {
  const { errorCode } = error.particulars;
  const details = errorCode === undefined ? {} : { details: { error_code: errorCode } };
  return {
    type: 'error',
    error: { type: error.type, message: error.message, ...details },
    request_id: requestId,
  };
}
