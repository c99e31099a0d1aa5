import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { open, seal, SEALING_KEY_BYTES, SealBrokenError } from './seal.js';

const KEY = randomBytes(SEALING_KEY_BYTES);
const someBytes = fc.uint8Array({ maxLength: 200 });

describe('a seal', () => {
  it('opens to what was sealed, for the same place', () => {
    fc.assert(
      fc.property(someBytes, fc.string(), (secret, place) => {
        expect(open(KEY, seal(KEY, secret, place), place)).toEqual(Buffer.from(secret));
      }),
    );
  });

  it('never opens for another place', () => {
    fc.assert(
      fc.property(someBytes, fc.string(), fc.string(), (secret, place, elsewhere) => {
        fc.pre(Buffer.compare(Buffer.from(place), Buffer.from(elsewhere)) !== 0);
        expect(() => open(KEY, seal(KEY, secret, place), elsewhere)).toThrow(SealBrokenError);
      }),
    );
  });

  it('never opens with a single bit altered or bytes cut off', () => {
    const sealed = seal(KEY, Buffer.from('whsec_secret'), 'here');
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(() => open(KEY, altered, 'here')).toThrow(SealBrokenError);
      expect(() => open(KEY, sealed.subarray(0, at), 'here')).toThrow(SealBrokenError);
    }
  });

  it('never opens with another key', () => {
    const other = randomBytes(SEALING_KEY_BYTES);
    expect(() => open(other, seal(KEY, Buffer.from('secret'), 'here'), 'here')).toThrow(SealBrokenError);
  });

  it('is never the same bytes for the same secret', () => {
    const secret = Buffer.from('secret');
    expect(seal(KEY, secret, 'here').equals(seal(KEY, secret, 'here'))).toBe(false);
  });
});
