import { NotFoundException } from '@nestjs/common';
import { LedgerRefusal } from '#ledger';
import { problemBody } from './problem.js';
import { toProblem } from './to-problem.js';

describe('toProblem', () => {
  it.each([
    ['not_found', 404],
    ['conflict', 409],
    ['invalid', 422],
  ] as const)('answers a refusal that is %s with %i', (kind, status) => {
    expect(toProblem(new LedgerRefusal(kind, 'a_code', 'why')).status).toBe(status);
  });

  it('keeps a refusal’s code, and its pointer among the errors', () => {
    const problem = toProblem(new LedgerRefusal('invalid', 'too_large', 'is too large', '/policy'));
    expect(problemBody(problem, 'req_1')).toMatchObject({
      code: 'too_large',
      instance: 'req_1',
      errors: [{ pointer: '/policy', code: 'too_large', message: 'is too large' }],
    });
  });

  it('never tells one missing thing from another', () => {
    const missing = [
      new LedgerRefusal('not_found', 'not_found', 'no task'),
      new NotFoundException('no route'),
    ];
    const bodies = missing.map((error) => problemBody(toProblem(error), 'req_1'));
    expect(bodies[0]).toEqual(bodies[1]);
  });

  it('never says what went wrong inside', () => {
    const body = problemBody(toProblem(new Error('password is hunter2')), 'req_1');
    expect(body).toMatchObject({ status: 500, code: 'internal_error', retryable: false });
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  it.each([
    { code: 'P1001' },
    { code: 'P2028' },
    { code: '57P01' },
    { code: 'ECONNREFUSED' },
    { name: 'DriverAdapterError', cause: { kind: 'ConnectionClosed' } },
    { cause: { cause: { code: '55P03' } } },
    { message: 'Connection terminated unexpectedly' },
  ])('asks to try again when the database is away: %j', (error) => {
    expect(toProblem(error)).toMatchObject({ status: 503, details: { retryAfterSeconds: 2 } });
  });

  it.each([{ code: 'P2002' }, { code: '23505' }, null, 'text', {}])(
    'takes %j for our own mistake',
    (error) => {
      expect(toProblem(error).status).toBe(500);
    },
  );

  it('never follows causes in a circle', () => {
    const error: { cause?: unknown } = {};
    error.cause = error;
    expect(toProblem(error).status).toBe(500);
  });
});
