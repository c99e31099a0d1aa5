const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(DIGITS.length);

/**
 * Writes bytes, read as one big-endian number, in base 62 with leading zeros up to `length` characters. Throws when
 * the number needs more.
 */
export function encodeBase62(bytes: Uint8Array, length: number): string {
  let rest = bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n);
  const digits: string[] = [];
  for (; rest > 0n; rest /= BASE) digits.unshift(DIGITS.charAt(Number(rest % BASE)));
  if (digits.length > length) throw new RangeError(`${bytes.length} bytes need more than ${length} digits`);
  return digits.join('').padStart(length, '0');
}
