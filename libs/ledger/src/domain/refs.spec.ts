import { REF_PATTERN } from '#contracts';
import fc from 'fast-check';
import { refNumber, refOf } from './refs.js';

describe('refs', () => {
  const aKind = fc.constantFrom('T', 'A', 'D', 'N', 'I');
  const aNumber = fc.integer({ min: 1, max: 999_999_999 });

  it('come back as the number that they were made of', () => {
    fc.assert(
      fc.property(aKind, aNumber, (kind, number) => {
        expect(refNumber(kind, refOf(kind, number))).toBe(number);
      }),
    );
  });

  it('are those that the conductor’s tools take', () => {
    fc.assert(
      fc.property(fc.constantFrom('T', 'A', 'D', 'N'), aNumber, (kind, number) => {
        expect(refOf(kind, number)).toMatch(REF_PATTERN);
      }),
    );
  });

  it('are never read as another kind', () => {
    fc.assert(
      fc.property(aKind, aKind, aNumber, (kind, other, number) => {
        fc.pre(kind !== other);
        expect(refNumber(other, refOf(kind, number))).toBeNull();
      }),
    );
  });

  it('have one spelling: what is read as a number is written the same again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[ TA][0-9]{0,11}[ \n]?$/)), (text) => {
        const number = refNumber('T', text);
        expect(number === null ? text : refOf('T', number)).toBe(text);
      }),
    );
  });

  it.each(['', 'T', 'T0', 'T01', 't1', 'T-1', 'T1.5', 'T1 ', ' T1', 'T1\n', 'T１', 'TT1', 'T1000000000'])(
    'are not seen in %j',
    (text) => {
      expect(refNumber('T', text)).toBeNull();
    },
  );
});
