/** What a failed request means for who asked. Decided from status and code, never from a message's words. */
export type FailureKind =
  /** Too many requests or tokens for now: later, at no fault of the request. */
  | 'rate_limited'
  /** The provider is overloaded, broken or out of reach: later. */
  | 'outage'
  /** The answer broke off or was none: again, as a new request. */
  | 'bad_response'
  /** No money, no right, or no such model with the provider: a person has to act. */
  | 'account'
  /** The request itself is refused: sending it again would be refused again. */
  | 'invalid_request'
  /** We stopped waiting, or were told to stop. */
  | 'aborted';

export interface FailureFacts {
  readonly status: number | null;
  readonly type: string | null;
  readonly errorCode: string | null;
  readonly retryAfterSeconds: number | null;
  readonly wasAborted: boolean;
  readonly isConnection: boolean;
}

const RETRY_AFTER_SECONDS_MAX = 60;
const ACCOUNT_STATUSES: ReadonlySet<number> = new Set([401, 402, 403, 404]);

/** First match wins. */
export function failureKind(facts: FailureFacts): FailureKind {
  const { status } = facts;
  if (facts.wasAborted) return 'aborted';
  if (status === null)
    return facts.isConnection || facts.type === 'overloaded_error' ? 'outage' : 'bad_response';
  if (ACCOUNT_STATUSES.has(status) || isSpendLimit(facts)) return 'account';
  if (status === 429) return 'rate_limited';
  return status >= 500 || status === 408 ? 'outage' : 'invalid_request';
}

/** A limit of spending answers like a rate limit, but waiting a minute does not help. */
function isSpendLimit(facts: FailureFacts): boolean {
  if (/spend|usage_limit|credit|billing/.test(facts.errorCode ?? '')) return true;
  return facts.status === 429 && (facts.retryAfterSeconds ?? 0) > RETRY_AFTER_SECONDS_MAX;
}
