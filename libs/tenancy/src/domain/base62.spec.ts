import fc from 'fast-check';
import { encodeBase62 } from './base62.js';

const secretBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('encodeBase62', () => {
  it('always fits 256 bits into 43 characters of base 62', () => {
    fc.assert(
      fc.property(secretBytes, (bytes) => {
        expect(encodeBase62(bytes, 43)).toMatch(/^[0-9A-Za-z]{43}$/);
      }),
    );
  });

  it('never writes two secrets alike', () => {
    fc.assert(
      fc.property(secretBytes, secretBytes, (one, other) => {
        const alike = encodeBase62(one, 43) === encodeBase62(other, 43);
        expect(alike).toBe(Buffer.from(one).equals(Buffer.from(other)));
      }),
    );
  });

  it('counts as numbers do', () => {
    expect(encodeBase62(Uint8Array.of(61), 3)).toBe('00z');
    expect(encodeBase62(Uint8Array.of(62), 3)).toBe('010');
    expect(encodeBase62(new Uint8Array(32).fill(255), 43)).not.toMatch(/^0/);
  });

  it('refuses a number that is too large for the length', () => {
    expect(() => encodeBase62(Uint8Array.of(62), 1)).toThrow(RangeError);
  });
});
