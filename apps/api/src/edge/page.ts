import { z } from 'zod';
import { isStorableText, pageQuerySchema } from '#contracts';
import type { PageStart } from '#tenancy';
import { validationProblem } from './problem.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MILLISECONDS_MAX = 8.64e15;
const NUMBER_MAX = 2_147_483_647;

/** Fields of a list's query beside its filters. */
export const pageQuery = pageQuerySchema;
/** `after` of numbered lists: an event's seq. */
export const numberAfter = z.coerce.number().int().min(0).max(NUMBER_MAX);

/** Where a list goes on that is ordered by time, newest first. Opaque to callers. */
export function timeCursor(row: PageStart): string {
  return toCursor(`t.${row.createdAt.getTime()}.${row.id}`);
}

export function readTimeCursor(cursor: string | undefined): PageStart | null {
  if (cursor === undefined) return null;
  const [kind, milliseconds, id, ...rest] = fromCursor(cursor).split('.');
  const isWhole = kind === 't' && id !== undefined && UUID.test(id) && rest.length === 0;
  if (!isWhole || !/^\d{1,16}$/.test(milliseconds ?? '') || Number(milliseconds) > MILLISECONDS_MAX)
    throw invalidCursor();
  return { createdAt: new Date(Number(milliseconds)), id };
}

/** Where a list goes on whose rows are numbered. */
export function numberCursor(number: number): string {
  return toCursor(`n.${number}`);
}

export function readNumberCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  const [, digits] = /^n\.(\d{1,10})$/.exec(fromCursor(cursor)) ?? [];
  if (digits === undefined || Number(digits) > NUMBER_MAX) throw invalidCursor();
  return Number(digits);
}

/** Where a list goes on that is ordered by a text of its rows. */
export function textCursor(text: string): string {
  return toCursor(`k.${encodeURIComponent(text)}`);
}

export function readTextCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const [, encoded] = /^k\.((?:[^%]|%[0-9A-F]{2})+)$/.exec(fromCursor(cursor)) ?? [];
  if (encoded === undefined) throw invalidCursor();
  try {
    const text = decodeURIComponent(encoded);
    if (isStorableText(text)) return text;
  } catch {
    // no text at all
  }
  throw invalidCursor();
}

/** One page out of up to `limit + 1` rows: the row too many says that there is a next page. */
export function toPage<Row, View>(
  rows: readonly Row[],
  limit: number,
  wire: { readonly view: (row: Row) => View; readonly cursor: (row: Row) => string },
): { data: View[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? wire.cursor(last) : null;
  return { data: shown.map(wire.view), next_cursor: nextCursor };
}

function toCursor(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function fromCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString('latin1');
}

function invalidCursor(): Error {
  return validationProblem([
    { pointer: '/cursor', code: 'invalid_cursor', message: 'is not a next_cursor of this list' },
  ]);
}
