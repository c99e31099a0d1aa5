/** How a model request comes to nothing; one kind for each way, so that a ledger tells them apart. */
export const FAILURE_KINDS = [
  'rate_limited',
  'spend_limit',
  'overloaded',
  'server_error',
  'unreachable',
  'stalled',
  'stream_error',
  'broken_stream',
  'bad_response',
  'unauthorized',
  'forbidden',
  'model_not_found',
  'account',
  'premium',
  'invalid_request',
  'refused',
  'truncated',
  'window_exceeded',
  'unknown_stop',
  'aborted',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** What is to be done about it. In each case nothing of the response is executed. */
export type FailureAction =
  /** Nobody asks this model with this key before the provider's pause is over; it counts as no attempt. */
  | 'delay'
  /** The tenant's money at the provider is used up: none of its missions asks again before a person has acted. */
  | 'park'
  /** The provider is out: later, further and further apart; then a fresh conductor. */
  | 'back_off'
  /** The answer was none: a fresh conductor, and it counts against the mission if it happens again and again. */
  | 'start_over'
  /** A person has to act. */
  | 'ask'
  /** Once more on the fallback model; after that a person is asked. */
  | 'fall_back'
  /** Our bound was wrong: an alert, and once more with half of the budget. */
  | 'repack'
  /** We were told to stop. */
  | 'stop';

const ACTION_OF: Readonly<Record<FailureKind, FailureAction>> = {
  rate_limited: 'delay',
  spend_limit: 'park',
  overloaded: 'back_off',
  server_error: 'back_off',
  unreachable: 'back_off',
  stalled: 'back_off',
  stream_error: 'back_off',
  broken_stream: 'start_over',
  bad_response: 'start_over',
  unauthorized: 'ask',
  forbidden: 'ask',
  model_not_found: 'ask',
  account: 'ask',
  premium: 'ask',
  invalid_request: 'start_over',
  refused: 'fall_back',
  truncated: 'start_over',
  window_exceeded: 'repack',
  unknown_stop: 'start_over',
  aborted: 'stop',
};

export function failureAction(kind: FailureKind): FailureAction {
  return ACTION_OF[kind];
}

/** A failed request as far as it matters here; texts of messages are not among it, since their wording changes. */
export interface FailureFacts {
  readonly status: number | null;
  readonly type: string | null;
  readonly errorCode: string | null;
  readonly retryAfterSeconds: number | null;
  readonly wasAborted: boolean;
  /** Our watchdog ran out. */
  readonly isStalled: boolean;
  readonly isConnection: boolean;
  /** A message had begun to arrive. */
  readonly hasBegun: boolean;
}

const RETRY_AFTER_SECONDS_MAX = 60;

/** Statuses that say the same whatever else the response says. */
const KIND_OF_STATUS: Readonly<Record<number, FailureKind>> = {
  401: 'unauthorized',
  402: 'spend_limit',
  403: 'forbidden',
  404: 'model_not_found',
  408: 'server_error',
  429: 'rate_limited',
  529: 'overloaded',
};

/** First match wins. */
export function failureKind(facts: FailureFacts): FailureKind {
  const { status } = facts;
  if (facts.wasAborted) return 'aborted';
  if (facts.isStalled) return 'stalled';
  if (status === null) return kindOfBreak(facts);
  if (isSpendLimit(facts)) return 'spend_limit';
  if (/^(cmek|organization)_/.test(facts.errorCode ?? '')) return status >= 500 ? 'server_error' : 'account';
  return KIND_OF_STATUS[status] ?? (status >= 500 ? 'server_error' : 'invalid_request');
}

/** Without a status: the connection failed, the stream carried an error, it ended early, or it was none. */
function kindOfBreak({ type, isConnection, hasBegun }: FailureFacts): FailureKind {
  if (type !== null) return 'stream_error';
  if (hasBegun) return 'broken_stream';
  return isConnection ? 'unreachable' : 'bad_response';
}

/** A limit of spending may answer like a rate limit, but waiting a minute does not help. A ramp limit is none. */
function isSpendLimit({ status, type, errorCode, retryAfterSeconds }: FailureFacts): boolean {
  if (type === 'billing_error' || /spend_limit|usage_limit|credit|billing/.test(errorCode ?? '')) return true;
  const asksForLong = status === 429 && (retryAfterSeconds ?? 0) > RETRY_AFTER_SECONDS_MAX;
  return asksForLong && errorCode !== 'ramp_limit_exceeded';
}

const KIND_OF_STOP: Readonly<Record<string, FailureKind | null>> = {
  end_turn: null,
  tool_use: null,
  pause_turn: null,
  max_tokens: 'truncated',
  refusal: 'refused',
  model_context_window_exceeded: 'window_exceeded',
};

/** Why an answer that arrived whole is none to act on; null when it is. A reason that is not known fails closed. */
export function stopFailure(stopReason: string | null): FailureKind | null {
  const kind = Object.hasOwn(KIND_OF_STOP, stopReason ?? '') ? KIND_OF_STOP[stopReason ?? ''] : undefined;
  return kind === undefined ? 'unknown_stop' : kind;
}
