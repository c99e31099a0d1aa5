import { ATTEMPT_STATES } from '#contracts';
import { isInFlight } from './attempt-state.js';

describe('isInFlight', () => {
  it('is true while an attempt holds a slot: offered or leased', () => {
    expect(ATTEMPT_STATES.filter(isInFlight)).toEqual(['offered', 'leased']);
  });
});
