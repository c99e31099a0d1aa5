import fc from 'fast-check';
import { findUnfaithful } from './unfaithful.js';

describe('findUnfaithful', () => {
  it.each([
    ['{"a": [1, {"b/c": 9007199254740992}]}', '/a/1/b~1c', 'unsafe_number'],
    ['{"n": 9007199254740993}', '/n', 'unsafe_number'],
    ['[-9007199254740993]', '/0', 'unsafe_number'],
    ['1e400', '', 'unsafe_number'],
    ['{"a": {"__proto__": {"polluted": true}}}', '/a/__proto__', 'unsafe_name'],
  ])('finds what would not be kept as it was sent: %s', (text, pointer, code) => {
    expect(findUnfaithful(JSON.parse(text))).toMatchObject({ pointer, code });
  });

  it('lets through whatever is written again as it was read', () => {
    const safe = fc.oneof(fc.maxSafeInteger(), fc.double({ noInteger: true, noNaN: true }), fc.string());
    const value = fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      fc.array(safe),
    );
    fc.assert(
      fc.property(value, (sent) => {
        fc.pre(!JSON.stringify(sent).includes('null')); // an infinite number has no JSON
        expect(findUnfaithful(JSON.parse(JSON.stringify(sent)))).toBeNull();
      }),
    );
  });
});
