import fc from 'fast-check';
import { requestedBytes } from './byte-range.js';

describe('requestedBytes', () => {
  it('never names a byte outside the artifact', () => {
    const bound = fc.option(fc.nat(2_000), { nil: '' });
    fc.assert(
      fc.property(bound, bound, fc.nat(1_000), (first, last, sizeBytes) => {
        const range = requestedBytes(`bytes=${first}-${last}`, sizeBytes);
        if (range === null || range === 'unsatisfiable') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.start).toBeLessThanOrEqual(range.end);
        expect(range.end).toBeLessThan(sizeBytes);
      }),
    );
  });

  it('reads a range, an open range and a suffix', () => {
    expect(requestedBytes('bytes=2-5', 10)).toEqual({ start: 2, end: 5 });
    expect(requestedBytes('bytes=2-', 10)).toEqual({ start: 2, end: 9 });
    expect(requestedBytes('bytes=-3', 10)).toEqual({ start: 7, end: 9 });
    expect(requestedBytes('bytes=-30', 10)).toEqual({ start: 0, end: 9 });
  });

  it('says so when nothing of the range exists', () => {
    expect(requestedBytes('bytes=10-', 10)).toBe('unsatisfiable');
    expect(requestedBytes('bytes=-0', 10)).toBe('unsatisfiable');
  });

  it.each([undefined, '', 'bytes=-', 'bytes=1-2,4-5', 'lines=1-2', 'bytes=5-2', 'bytes=a-b'])(
    'ignores %s',
    (header) => {
      expect(requestedBytes(header, 10)).toBeNull();
    },
  );
});
