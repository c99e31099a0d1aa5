export interface ByteRange {
  /** Both included, counted from 0. */
  readonly start: number;
  readonly end: number;
}

/**
 * What a Range header asks for out of `sizeBytes`: one range, `unsatisfiable`, or null for the whole. A header that
 * asks for several ranges, or cannot be read, is ignored, as RFC 9110 allows.
 */
export function requestedBytes(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | null {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return null;
  if (first === '') {
    const suffixBytes = Math.min(Number(last), sizeBytes);
    return suffixBytes === 0 ? 'unsatisfiable' : { start: sizeBytes - suffixBytes, end: sizeBytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== '' && Number(last) < start) return null;
  return start >= sizeBytes ? 'unsatisfiable' : { start, end };
}
