import { ATTEMPT_STATES } from '#contracts';
import { leaseRefusal } from './lease.js';

const now = new Date('2026-01-01T00:00:00Z');
const leased = { state: 'leased', leaseToken: 'mine', leaseUntil: new Date(now.getTime() + 1) } as const;

describe('leaseRefusal', () => {
  it('lets only the holder of a lease that holds go on', () => {
    expect(leaseRefusal(leased, 'mine', now)).toBeNull();
    expect(leaseRefusal(leased, 'guessed', now)).toMatchObject({ code: 'lease_lost' });
    expect(leaseRefusal({ ...leased, leaseUntil: now }, 'mine', now)).toMatchObject({ code: 'lease_lost' });
    expect(leaseRefusal({ ...leased, leaseUntil: null }, 'mine', now)).toMatchObject({ code: 'lease_lost' });
  });

  it.each(ATTEMPT_STATES.filter((state) => state !== 'leased'))('holds for nobody once it is %s', (state) => {
    const code = state === 'canceled' ? 'attempt_canceled' : 'lease_lost';
    expect(leaseRefusal({ ...leased, state }, 'mine', now)).toMatchObject({ code });
  });
});
