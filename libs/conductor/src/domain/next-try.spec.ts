import fc from 'fast-check';
import { nextTry, type Try, type TryFailure } from './next-try.js';

const first: Try = {
  model: 'claude-sonnet-5-5',
  targetTokens: 16_000,
  smaller: 0,
  isFallback: false,
  isHalved: false,
};

describe('nextTry', () => {
  it('packs for less when the request would not fit, and for less again, five packs in all', () => {
    let current: Try | null = first;
    const targets: number[] = [];
    while (current !== null) {
      targets.push(current.targetTokens);
      current = nextTry(current, { kind: 'bound', packedTokens: current.targetTokens });
    }
    expect(targets).toEqual([16_000, 12_800, 10_240, 8_192, 6_553]);
  });

  it('packs for half of the budget, once, when the provider says that it did not fit', () => {
    const halved = nextTry(first, { kind: 'window_exceeded', budgetTokens: 24_000 });
    expect(halved).toEqual({ ...first, targetTokens: 12_000, isHalved: true });
    expect(nextTry(halved ?? first, { kind: 'window_exceeded', budgetTokens: 24_000 })).toBeNull();
  });

  it('asks the fallback model, once, when the model refuses', () => {
    const second = nextTry(first, { kind: 'refused', fallback: 'claude-sonnet-5' });
    expect(second).toEqual({ ...first, model: 'claude-sonnet-5', isFallback: true });
    expect(nextTry(second ?? first, { kind: 'refused', fallback: 'claude-opus-5' })).toBeNull();
    expect(nextTry(first, { kind: 'refused', fallback: null })).toBeNull();
  });

  it('comes to an end whatever fails', () => {
    const failure: fc.Arbitrary<TryFailure> = fc.oneof(
      fc.record({ kind: fc.constant('bound' as const), packedTokens: fc.nat(20_000) }),
      fc.record({ kind: fc.constant('window_exceeded' as const), budgetTokens: fc.constant(24_000) }),
      fc.record({ kind: fc.constant('refused' as const), fallback: fc.constantFrom('other', null) }),
    );
    fc.assert(
      fc.property(fc.array(failure, { minLength: 7, maxLength: 7 }), (failures) => {
        const last = failures.reduce<Try | null>(
          (now, what) => (now === null ? null : nextTry(now, what)),
          first,
        );
        expect(last).toBeNull();
      }),
    );
  });
});
