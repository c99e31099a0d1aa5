import fc from 'fast-check';
import {
  FAILURE_KINDS,
  failureAction,
  failureKind,
  stopFailure,
  type FailureAction,
  type FailureFacts,
  type FailureKind,
} from './failure.js';

const none: FailureFacts = {
  status: null,
  type: null,
  errorCode: null,
  retryAfterSeconds: null,
  wasAborted: false,
  isStalled: false,
  isConnection: false,
  hasBegun: false,
};
const someFacts: fc.Arbitrary<FailureFacts> = fc.record({
  status: fc.option(fc.integer({ min: 400, max: 599 })),
  type: fc.constantFrom(null, 'overloaded_error', 'api_error', 'invalid_request_error', 'rate_limit_error'),
  errorCode: fc.constantFrom(
    null,
    'enforced_spend_limit_reached',
    'ramp_limit_exceeded',
    'cmek_key_disabled',
  ),
  retryAfterSeconds: fc.option(fc.nat(10_000)),
  wasAborted: fc.boolean(),
  isStalled: fc.boolean(),
  isConnection: fc.boolean(),
  hasBegun: fc.boolean(),
});

type Row = [what: string, Partial<FailureFacts>, FailureKind, FailureAction];

/** The table of the design, a row for each way to fail before an answer is whole. */
const ROWS: Row[] = [
  ['429 that asks for a short wait', { status: 429, retryAfterSeconds: 60 }, 'rate_limited', 'delay'],
  ['429 that names no wait', { status: 429 }, 'rate_limited', 'delay'],
  [
    '429 for growing too fast, however long the wait',
    { status: 429, retryAfterSeconds: 900, errorCode: 'ramp_limit_exceeded' },
    'rate_limited',
    'delay',
  ],
  ['429 that asks for more than a minute', { status: 429, retryAfterSeconds: 61 }, 'spend_limit', 'park'],
  [
    '429 whose code is a limit of spending',
    { status: 429, retryAfterSeconds: 5, errorCode: 'enforced_spend_limit_reached' },
    'spend_limit',
    'park',
  ],
  ['402', { status: 402, type: 'billing_error' }, 'spend_limit', 'park'],
  ['400 for a usage limit, by type', { status: 400, type: 'billing_error' }, 'spend_limit', 'park'],
  [
    '400 for a usage limit, by code',
    { status: 400, type: 'invalid_request_error', errorCode: 'usage_limit_reached' },
    'spend_limit',
    'park',
  ],
  ['529', { status: 529, type: 'overloaded_error' }, 'overloaded', 'back_off'],
  ['500', { status: 500, type: 'api_error' }, 'server_error', 'back_off'],
  ['503', { status: 503 }, 'server_error', 'back_off'],
  [
    '503 for a key that is not reached',
    { status: 503, errorCode: 'cmek_key_unreachable' },
    'server_error',
    'back_off',
  ],
  ['408', { status: 408 }, 'server_error', 'back_off'],
  ['a connection that fails', { isConnection: true }, 'unreachable', 'back_off'],
  ['a stall', { isStalled: true, isConnection: true, hasBegun: true }, 'stalled', 'back_off'],
  [
    'an error in the middle of a stream',
    { type: 'overloaded_error', hasBegun: true },
    'stream_error',
    'back_off',
  ],
  ['a stream that breaks off', { hasBegun: true, isConnection: true }, 'broken_stream', 'start_over'],
  ['a page where an answer should be', {}, 'bad_response', 'start_over'],
  ['401', { status: 401, type: 'authentication_error' }, 'unauthorized', 'ask'],
  ['403', { status: 403, type: 'permission_error' }, 'forbidden', 'ask'],
  ['404', { status: 404, type: 'not_found_error' }, 'model_not_found', 'ask'],
  ['400 for an account on hold', { status: 400, errorCode: 'organization_on_hold' }, 'account', 'ask'],
  ['400', { status: 400, type: 'invalid_request_error' }, 'invalid_request', 'start_over'],
  ['413', { status: 413 }, 'invalid_request', 'start_over'],
  [
    'an abort of ours, whatever came of it',
    { wasAborted: true, isStalled: true, status: 500 },
    'aborted',
    'stop',
  ],
];

describe('failureKind and failureAction', () => {
  it.each(ROWS)('tell what %s is and what to do about it', (_, facts, kind, action) => {
    expect(failureKind({ ...none, ...facts })).toBe(kind);
    expect(failureAction(kind)).toBe(action);
  });

  it('ask a person when a longer prompt than is allowed would cost a premium', () => {
    expect(failureAction('premium')).toBe('ask');
  });

  it('leave no kind without an action', () => {
    for (const kind of FAILURE_KINDS) expect(failureAction(kind)).toEqual(expect.any(String));
  });

  it('never wait for what waiting cannot mend', () => {
    fc.assert(
      fc.property(someFacts, fc.constantFrom(401, 402, 403, 404), (facts, status) => {
        const kind = failureKind({ ...facts, status, wasAborted: false, isStalled: false });
        expect(['ask', 'park']).toContain(failureAction(kind));
      }),
    );
  });

  it('blame the request only when the provider answered with a refusal', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        if (failureKind(facts) !== 'invalid_request') return;
        expect(facts.status).toBeGreaterThanOrEqual(400);
        expect(facts.status).toBeLessThan(500);
      }),
    );
  });

  it('never blame the provider for an abort of ours', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        expect(failureKind(facts) === 'aborted').toBe(facts.wasAborted);
      }),
    );
  });
});

describe('stopFailure', () => {
  it.each(['end_turn', 'tool_use', 'pause_turn'])('takes an answer that ended with %s', (reason) => {
    expect(stopFailure(reason)).toBeNull();
  });

  it.each<[string, FailureKind, FailureAction]>([
    ['refusal', 'refused', 'fall_back'],
    ['max_tokens', 'truncated', 'start_over'],
    ['model_context_window_exceeded', 'window_exceeded', 'repack'],
  ])('says that an answer which ended with %s is none', (reason, kind, action) => {
    expect(stopFailure(reason)).toBe(kind);
    expect(failureAction(kind)).toBe(action);
  });

  it.each(['stop_sequence', 'tomorrow', '', 'constructor', null])('fails closed at %s', (reason) => {
    expect(stopFailure(reason)).toBe('unknown_stop');
    expect(failureAction('unknown_stop')).toBe('start_over');
  });
});
