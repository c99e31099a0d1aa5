import fc from 'fast-check';
import { failureKind, type FailureFacts, type FailureKind } from './failure.js';

const none: FailureFacts = {
  status: null,
  type: null,
  errorCode: null,
  retryAfterSeconds: null,
  wasAborted: false,
  isConnection: false,
};
const someFacts: fc.Arbitrary<FailureFacts> = fc.record({
  status: fc.option(fc.integer({ min: 400, max: 599 })),
  type: fc.constantFrom(null, 'overloaded_error', 'api_error', 'invalid_request_error', 'rate_limit_error'),
  errorCode: fc.constantFrom(null, 'spend_limit_reached', 'usage_limit_reached', 'model_busy'),
  retryAfterSeconds: fc.option(fc.nat(10_000)),
  wasAborted: fc.boolean(),
  isConnection: fc.boolean(),
});

describe('failureKind', () => {
  it.each<[string, Partial<FailureFacts>, FailureKind]>([
    ['429 that asks for a short wait', { status: 429, retryAfterSeconds: 60 }, 'rate_limited'],
    ['429 that names no wait', { status: 429 }, 'rate_limited'],
    [
      '429 that asks for more than a minute: a spending limit',
      { status: 429, retryAfterSeconds: 61 },
      'account',
    ],
    [
      '429 whose code is a spending limit',
      { status: 429, retryAfterSeconds: 5, errorCode: 'spend_limit_reached' },
      'account',
    ],
    ['402', { status: 402 }, 'account'],
    ['400 whose code is a usage limit', { status: 400, errorCode: 'usage_limit_reached' }, 'account'],
    ['401', { status: 401, type: 'authentication_error' }, 'account'],
    ['403', { status: 403, type: 'permission_error' }, 'account'],
    ['529', { status: 529, type: 'overloaded_error' }, 'outage'],
    ['500', { status: 500, type: 'api_error' }, 'outage'],
    ['503', { status: 503 }, 'outage'],
    ['408', { status: 408 }, 'outage'],
    ['a connection that fails or stalls', { isConnection: true }, 'outage'],
    ['overload in the middle of a stream', { type: 'overloaded_error' }, 'outage'],
    ['another error in the middle of a stream', { type: 'api_error' }, 'bad_response'],
    ['a stream that is cut', {}, 'bad_response'],
    ['400', { status: 400, type: 'invalid_request_error' }, 'invalid_request'],
    ['413', { status: 413 }, 'invalid_request'],
    [
      'an abort of ours, whatever came of it',
      { wasAborted: true, isConnection: true, status: 500 },
      'aborted',
    ],
  ])('tells what %s means', (_, facts, kind) => {
    expect(failureKind({ ...none, ...facts })).toBe(kind);
  });

  it('never waits for what waiting cannot mend', () => {
    fc.assert(
      fc.property(someFacts, fc.constantFrom(401, 402, 403), (facts, status) => {
        expect(failureKind({ ...facts, status, wasAborted: false })).toBe('account');
      }),
    );
  });

  it('blames the request only when the provider answered with a refusal', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        if (failureKind(facts) !== 'invalid_request') return;
        expect(facts.status).toBeGreaterThanOrEqual(400);
        expect(facts.status).toBeLessThan(500);
      }),
    );
  });

  it('never blames the provider for an abort of ours', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        expect(failureKind(facts) === 'aborted').toBe(facts.wasAborted);
      }),
    );
  });
});
