import type pg from 'pg';
import { LEDGER_INVARIANTS } from '#ledger';

/** Fails with the names of the invariants that are broken and a few of the rows that break them. */
export async function expectInvariants({ owner }: { readonly owner: pg.Pool }): Promise<void> {
  const broken: Record<string, unknown[]> = {};
  for (const { name, sql } of LEDGER_INVARIANTS) {
    const { rows } = await owner.query<Record<string, unknown>>(`SELECT * FROM (${sql}) AS broken LIMIT 3`);
    if (rows.length > 0) broken[name] = rows;
  }
  expect(broken).toEqual({});
}

/** The same after a test of what looks at all tenants, such as a picker; then removes them for the next one. */
export async function expectInvariantsThenClear(database: { readonly owner: pg.Pool }): Promise<void> {
  try {
    await expectInvariants(database);
  } finally {
    await database.owner.query('DELETE FROM tenant');
  }
}
