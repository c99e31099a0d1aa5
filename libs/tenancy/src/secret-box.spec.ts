import fc from 'fast-check';
import { SealBrokenError, SecretBox } from './secret-box.js';

const box = new SecretBox('ab'.repeat(32));

describe('SecretBox', () => {
  it('opens what it sealed, for the same place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (secret, place) => {
        expect(box.open(box.seal(secret, place), place)).toBe(secret);
      }),
    );
  });

  it('never opens for another place', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (secret, place, elsewhere) => {
        fc.pre(Buffer.compare(Buffer.from(place), Buffer.from(elsewhere)) !== 0);
        expect(() => box.open(box.seal(secret, place), elsewhere)).toThrow(SealBrokenError);
      }),
    );
  });

  it('never opens with a single bit altered or bytes cut off', () => {
    const sealed = box.seal('whsec_secret', 'here');
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(() => box.open(altered, 'here')).toThrow(SealBrokenError);
      expect(() => box.open(sealed.subarray(0, at), 'here')).toThrow(SealBrokenError);
    }
  });

  it('never opens with another master key', () => {
    const other = new SecretBox('cd'.repeat(32));
    expect(() => other.open(box.seal('secret', 'here'), 'here')).toThrow(SealBrokenError);
  });

  it('never seals the same text to the same bytes', () => {
    expect(box.seal('secret', 'here').equals(box.seal('secret', 'here'))).toBe(false);
  });

  it('refuses a master key of another form', () => {
    expect(() => new SecretBox('short')).toThrow('64 hexadecimal digits');
  });
});
