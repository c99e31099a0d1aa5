import type { FieldError } from './problem.js';

/**
 * The first thing in a parsed body that would be kept as something else than was sent: a whole number beyond 2^53, whose
 * last digits are lost already, a number that is none (1e400), and the name `__proto__`, which copying drops. Null when
 * all of it can be kept. Call it on what is not nested too deep: it recurses.
 */
export function findUnfaithful(value: unknown, pointer = ''): FieldError | null {
  if (typeof value === 'number') return isFaithful(value) ? null : { pointer, ...UNSAFE_NUMBER };
  if (value === null || typeof value !== 'object') return null;
  for (const [name, inner] of Object.entries(value)) {
    const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const found = name === '__proto__' ? { pointer: place, ...UNSAFE_NAME } : findUnfaithful(inner, place);
    if (found !== null) return found;
  }
  return null;
}

const UNSAFE_NUMBER = {
  code: 'unsafe_number',
  message: 'is a number that JSON readers would alter; send it as text',
};
const UNSAFE_NAME = { code: 'unsafe_name', message: 'is no name that a field may have' };

function isFaithful(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}
