import { z } from 'zod';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, pageOf, pageQuerySchema } from './http.js';

describe('pageQuerySchema', () => {
  it('asks for a page of the usual size where nothing is said', () => {
    expect(pageQuerySchema.parse({})).toEqual({ limit: PAGE_LIMIT_DEFAULT });
  });

  it('reads the texts of a query', () => {
    expect(pageQuerySchema.parse({ limit: '7', cursor: 'abc' })).toEqual({ limit: 7, cursor: 'abc' });
  });

  it.each(['0', '-1', '1.5', 'all', String(PAGE_LIMIT_MAX + 1)])('refuses a limit of %s', (limit) => {
    expect(pageQuerySchema.safeParse({ limit }).success).toBe(false);
  });

  it('bounds the cursor', () => {
    expect(pageQuerySchema.safeParse({ cursor: 'x'.repeat(501) }).success).toBe(false);
  });
});

describe('pageOf', () => {
  it('is items and where the next page begins, or null', () => {
    const page = pageOf(z.object({ id: z.string() }));
    expect(page.safeParse({ data: [{ id: 'a' }], next_cursor: null }).success).toBe(true);
    expect(page.safeParse({ data: [{ id: 'a' }] }).success).toBe(false);
  });
});
