import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import { isDeeperThan } from './json-depth.js';

const nested = (levels: number): unknown =>
  Array.from({ length: levels }).reduce<unknown>((inner) => [inner], null);

describe('isDeeperThan', () => {
  it('counts levels of arrays and objects', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), (levels, levelsMax) => {
        expect(isDeeperThan(nested(levels), levelsMax)).toBe(levels > levelsMax);
      }),
    );
  });

  it('never overflows, however deep the value', () => {
    expect(isDeeperThan(nested(200_000), 32)).toBe(true);
  });
});

describe('canonicalJson', () => {
  it('means what it was made of', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
      }),
    );
  });

  it('is the same text for the same fields in another order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });
});
