/** Where a page goes on: after the row with these two, which order every list, newest first. */
export interface PageStart {
  readonly createdAt: Date;
  readonly id: string;
}

/** The rows of a list after its last page, as a condition; everything for the first page. */
export function olderThan(start: PageStart | null): {
  OR?: ({ createdAt: { lt: Date } } | { createdAt: Date; id: { lt: string } })[];
} {
  if (start === null) return {};
  return {
    OR: [{ createdAt: { lt: start.createdAt } }, { createdAt: start.createdAt, id: { lt: start.id } }],
  };
}
