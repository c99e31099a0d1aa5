import * as fc from 'fast-check';
import { ANSWER_BYTES_MAX, boundedPage, excerpt, jsonBytes, textPart } from './bounded-answer.js';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.stringMatching(/^[\n"\\\u0001字🙂a]{0,400}$/u),
);

describe('textPart', () => {
  it('gives a text whole, part by part, each within its bytes of JSON', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 12, max: 100 }), (whole, bytesMax) => {
        const parts: string[] = [];
        for (let offset: number | null = 0; offset !== null;) {
          const { part, nextOffset } = textPart(whole, offset, bytesMax);
          expect(jsonBytes(part) - 2).toBeLessThanOrEqual(bytesMax);
          if (nextOffset !== null) expect(nextOffset).toBeGreaterThan(offset);
          parts.push(part);
          offset = nextOffset;
        }
        expect(parts.join('')).toBe(whole);
      }),
    );
  });

  it('is empty beyond the end', () => {
    expect(textPart('abc', 99, 50)).toEqual({ part: '', nextOffset: null });
  });
});

describe('excerpt', () => {
  it('is the text, or its beginning and a mark, within its bytes of JSON', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 12, max: 100 }), (whole, bytesMax) => {
        const cut = excerpt(whole, bytesMax);
        expect(jsonBytes(cut) - 2).toBeLessThanOrEqual(bytesMax);
        if (cut !== whole) expect(whole.startsWith(cut.slice(0, -1)) && cut.endsWith('…')).toBe(true);
      }),
    );
  });
});

describe('boundedPage', () => {
  const wire = { view: (row: string) => row, cursor: (row: string) => `after ${row}` };

  it('stops before the answer is too large, and goes on after the last row that it shows', () => {
    const rows = Array.from({ length: 101 }, (_, place) => `${place}`.padEnd(500, 'x'));
    const { data, next_cursor: nextCursor } = boundedPage(rows, 100, wire);
    expect(jsonBytes({ data, next_cursor: nextCursor })).toBeLessThanOrEqual(ANSWER_BYTES_MAX + 512);
    expect(data).toEqual(rows.slice(0, data.length));
    expect(nextCursor).toBe(`after ${String(data.at(-1))}`);
  });

  it('shows a row at a time rather than none', () => {
    const huge = 'x'.repeat(ANSWER_BYTES_MAX * 2);
    expect(boundedPage([huge, 'b'], 10, wire)).toEqual({ data: [huge], next_cursor: `after ${huge}` });
  });

  it('ends when all was shown', () => {
    expect(boundedPage(['a', 'b'], 2, wire)).toEqual({ data: ['a', 'b'], next_cursor: null });
    expect(boundedPage(['a', 'b', 'c'], 2, wire)).toEqual({ data: ['a', 'b'], next_cursor: 'after b' });
    expect(boundedPage([], 2, wire)).toEqual({ data: [], next_cursor: null });
  });
});
