import { HOLDS, MISSION_STATES, MISSION_STATUSES, type Hold } from '#contracts';
import fc from 'fast-check';
import { missionStatus } from './mission-state.js';

const asked = { forInput: true };
const notAsked = { forInput: false };

describe('missionStatus', () => {
  const someHolds = fc.subarray([...HOLDS]);

  it('shows pause and end before any hold or question', () => {
    const inactive = fc.constantFrom(...MISSION_STATES.filter((state) => state !== 'active'));
    fc.assert(
      fc.property(inactive, someHolds, fc.boolean(), (state, holds, forInput) => {
        expect(missionStatus(state, holds, { forInput })).toBe(state);
      }),
    );
  });

  it.each<[Hold, string]>([
    ['budget', 'budget_reached'],
    ['stalled', 'stalled'],
    ['overcommitted', 'overcommitted'],
    ['provider', 'provider_blocked'],
  ])('shows the hold %s as %s', (hold, status) => {
    expect(missionStatus('active', [hold], asked)).toBe(status);
  });

  it('shows the first of several holds, in whatever order they were set', () => {
    expect(missionStatus('active', ['provider', 'overcommitted', 'stalled', 'budget'], notAsked)).toBe(
      'budget_reached',
    );
    expect(missionStatus('active', ['provider', 'stalled'], notAsked)).toBe('stalled');
  });

  it('asks for input only when nothing else holds it', () => {
    expect(missionStatus('active', [], asked)).toBe('input_required');
    expect(missionStatus('active', [], notAsked)).toBe('active');
  });

  it('follows the precedence that the API documents', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MISSION_STATES),
        someHolds,
        someHolds,
        fc.boolean(),
        (state, holds, more, forInput) => {
          const rank = (held: readonly Hold[]): number =>
            MISSION_STATUSES.indexOf(missionStatus(state, held, { forInput }));
          expect(rank([...holds, ...more])).toBe(Math.min(rank(holds), rank(more)));
        },
      ),
    );
  });
});
