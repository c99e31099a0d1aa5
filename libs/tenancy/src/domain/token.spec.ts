import fc from 'fast-check';
import { formatToken, isToken, TOKEN_SECRET_BYTES } from './token.js';

const KINDS = ['session', 'signInLink', 'answerLink'] as const;
const secret = fc.uint8Array({ minLength: TOKEN_SECRET_BYTES, maxLength: TOKEN_SECRET_BYTES });

describe('a token', () => {
  it('is known as what it is for, and as nothing else', () => {
    fc.assert(
      fc.property(secret, (bytes) => {
        for (const kind of KINDS) {
          const token = formatToken(kind, bytes);
          expect(KINDS.filter((other) => isToken(other, token))).toEqual([kind]);
        }
      }),
    );
  });

  it('is not known with a character too few, too many or of another kind', () => {
    const token = formatToken('session', new Uint8Array(TOKEN_SECRET_BYTES).fill(7));
    for (const text of [
      '',
      token.slice(1),
      token.slice(0, -1),
      `${token}a`,
      `${token.slice(0, -1)}-`,
      'wks_',
    ])
      expect(isToken('session', text)).toBe(false);
  });
});
