import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { ApiProblem } from './problem.js';

/** The tag of a representation, from its bytes. */
export function entityTag(bytes: string | Buffer): string {
  return `"${digest(bytes)}"`;
}

/**
 * The tag of something that also changes by itself, in two halves: what a PATCH can change, and all that a read shows. A
 * cache compares the whole and never keeps an old counter; If-Match compares the first half, so that a mission can be
 * changed while it works.
 */
export function twoPartTag(changeable: unknown, shown: unknown): string {
  return `"${digest(JSON.stringify(changeable))}.${digest(JSON.stringify(shown))}"`;
}

function digest(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 27);
}

/**
 * 412 when the caller's If-Match names another version than `current`: the body that a read would answer now, or its
 * changeable part when the tag has two.
 */
export function requireMatch(request: Request, current: unknown): void {
  const expected = request.headers['if-match'];
  if (expected === undefined || expected.trim() === '*') return;
  const tag = entityTag(JSON.stringify(current));
  const named = expected.split(',').map((part) =>
    part
      .trim()
      .replace(/^W\//, '')
      .replace(/\.[\w-]+"$/, '"'),
  );
  if (!named.includes(tag))
    throw new ApiProblem(412, 'stale', 'This resource has changed since it was read; read it again.');
}
