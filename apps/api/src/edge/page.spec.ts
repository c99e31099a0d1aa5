import fc from 'fast-check';
import { numberCursor, readNumberCursor, readTimeCursor, timeCursor, toPage } from './page.js';

const row = fc.record({ createdAt: fc.date({ min: new Date(0), noInvalidDate: true }), id: fc.uuid() });

describe('cursors', () => {
  it('read back what they were made of', () => {
    fc.assert(
      fc.property(row, (start) => {
        expect(readTimeCursor(timeCursor(start))).toEqual(start);
      }),
    );
    fc.assert(
      fc.property(fc.nat(), (number) => {
        expect(readNumberCursor(numberCursor(number))).toBe(number);
      }),
    );
  });

  it('refuse every other text with 422, and never fail otherwise', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const read of [readTimeCursor, readNumberCursor])
          expect(() => read(text)).toThrow(expect.objectContaining({ status: 422 }));
      }),
    );
  });

  it('of one kind of list are refused by the other', () => {
    expect(() => readNumberCursor(timeCursor({ createdAt: new Date(), id: 'x' }))).toThrow();
    expect(() => readTimeCursor(numberCursor(3))).toThrow();
  });

  it('are absent on the first page', () => {
    expect(readTimeCursor(undefined)).toBeNull();
    expect(readNumberCursor(undefined)).toBeNull();
  });
});

describe('toPage', () => {
  it('shows at most the limit, and a cursor only when there is more', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 10 }), (rows, limit) => {
        const page = toPage(rows.slice(0, limit + 1), limit, { view: (one) => one, cursor: numberCursor });
        expect(page.data).toEqual(rows.slice(0, limit));
        expect(page.next_cursor !== null).toBe(rows.length > limit);
      }),
    );
  });
});
