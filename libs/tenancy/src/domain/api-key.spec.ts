import fc from 'fast-check';
import { describeApiKey, formatApiKey, hashApiKey, isApiKey } from './api-key.js';

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
const environment = fc.constantFrom('live' as const, 'local' as const);
const apiKey = fc.tuple(environment, secret).map(([name, bytes]) => formatApiKey(name, bytes));

describe('an API key', () => {
  it('has its documented form and passes its own check', () => {
    fc.assert(
      fc.property(apiKey, (key) => {
        expect(key).toMatch(/^wk_(live|local)_[0-9A-Za-z]{49}$/);
        expect(isApiKey(key)).toBe(true);
      }),
    );
  });

  it('is refused with any single character typed wrong', () => {
    const digit = fc.string({ minLength: 1, maxLength: 1 });
    fc.assert(
      fc.property(apiKey, fc.nat(), digit, (key, place, character) => {
        const at = place % key.length;
        fc.pre(key.charAt(at) !== character);
        expect(isApiKey(key.slice(0, at) + character + key.slice(at + 1))).toBe(false);
      }),
    );
  });

  it('is refused when it is any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(isApiKey(text)).toBe(false);
      }),
    );
  });

  it('never shows more than its first and last four characters', () => {
    const key = formatApiKey('live', new Uint8Array(32).fill(7));
    const { prefix, last4 } = describeApiKey(key);
    expect(prefix).toMatch(/^wk_live_[0-9A-Za-z]{4}$/);
    expect(key.startsWith(prefix)).toBe(true);
    expect(key.endsWith(last4)).toBe(true);
    expect(last4).toHaveLength(4);
  });

  it('is stored as 32 bytes that differ between keys', () => {
    fc.assert(
      fc.property(apiKey, apiKey, (one, other) => {
        expect(hashApiKey(one)).toHaveLength(32);
        expect(hashApiKey(one).equals(hashApiKey(other))).toBe(one === other);
      }),
    );
  });
});
