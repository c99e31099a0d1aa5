import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { newUuid } from '#contracts';

/** Stands in every text of a row that `aRowInEveryTable` made. */
export const FOREIGN_TEXT = 'belongs-to-somebody-else';

/** Every table with a tenant, as the catalog has them: a table that a migration adds is covered from then on. */
async function tenantTables(owner: pg.Pool): Promise<string[]> {
  const { rows } = await owner.query<{ relname: string }>(`
    SELECT c.relname FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname`);
  return rows.map((row) => row.relname);
}

/** How many rows of the tenant each table has. */
export async function rowsOf(owner: pg.Pool, tenantId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of await tenantTables(owner)) {
    const { rows } = await owner.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM "${table}" WHERE tenant_id = $1`,
      [tenantId],
    );
    counts[table] = rows[0]?.count ?? 0;
  }
  return counts;
}

/** Everything that the tenant has, as text: equal when nothing was touched. */
export async function contentOf(owner: pg.Pool, tenantId: string): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  for (const table of await tenantTables(owner)) {
    const { rows } = await owner.query<{ row: string }>(
      `SELECT t::text AS row FROM "${table}" t WHERE tenant_id = $1 ORDER BY 1`,
      [tenantId],
    );
    content[table] = rows.map(({ row }) => row);
  }
  return content;
}

/**
 * Gives the tenant one row in every table, whatever the table is: each id, and with it each reference, is the same uuid,
 * which is returned. What a row may say is dropped first, so this wants a database of its own.
 */
export async function aRowInEveryTable(owner: pg.Pool, tenantId: string): Promise<string> {
  const id = newUuid();
  const client = await owner.connect();
  try {
    await client.query('SET session_replication_role = replica'); // references hold in the end, not in this order
    await dropChecks(client);
    for (const table of await tenantTables(owner)) await insertRow(client, table, { tenantId, id });
  } finally {
    await client.query('SET session_replication_role = DEFAULT');
    client.release();
  }
  return id;
}

/** What a row may say. */
export async function dropChecks(client: Pick<pg.PoolClient, 'query'>): Promise<void> {
  const { rows } = await client.query<{ relation: string; conname: string }>(`
    SELECT conrelid::regclass::text AS relation, conname FROM pg_constraint
     WHERE contype = 'c' AND connamespace = 'public'::regnamespace`);
  for (const { relation, conname } of rows)
    await client.query(`ALTER TABLE ${relation} DROP CONSTRAINT "${conname}"`);
}

async function insertRow(
  client: pg.PoolClient,
  table: string,
  of: { readonly tenantId: string; readonly id: string },
): Promise<void> {
  const { rows: columns } = await client.query<{ attname: string; type: string }>(
    `SELECT a.attname, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
      WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND (a.attname = 'tenant_id' OR a.attnotnull AND (NOT a.atthasdef OR a.attname = 'id'))`,
    [`"${table}"`],
  );
  const values = columns.map(({ attname, type }) =>
    attname === 'tenant_id' ? of.tenantId : valueOf(type, of.id),
  );
  const names = columns.map(({ attname }) => `"${attname}"`).join(', ');
  const places = columns.map((_, index) => `$${index + 1}`).join(', ');
  await client.query(`INSERT INTO "${table}" (${names}) VALUES (${places})`, values);
}

function valueOf(type: string, id: string): unknown {
  if (type === 'uuid') return id;
  if (type === 'text') return FOREIGN_TEXT;
  if (type === 'bytea') return randomBytes(32);
  if (type.startsWith('json')) return JSON.stringify({ text: FOREIGN_TEXT });
  if (type === 'boolean') return false;
  if (type.endsWith('[]')) return [];
  return /^(timestamp|date)/.test(type) ? new Date() : 1;
}
