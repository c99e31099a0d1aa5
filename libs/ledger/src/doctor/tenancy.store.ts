import type { Invariant } from './invariant.js';

/** Tables of the ledger's own schema: the queue's schema holds nothing worth keeping, and no tenant's rows. */
const TENANT_TABLES = `SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, a.attnotnull
            FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
           WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`;

export const TENANCY_INVARIANTS: readonly Invariant[] = [
  {
    name: 'every table with a tenant has forced row-level security for reading and writing',
    sql: `WITH tenant_table AS (${TENANT_TABLES})
          SELECT t.relname FROM tenant_table t
           WHERE NOT (t.relrowsecurity AND t.relforcerowsecurity AND t.attnotnull)
              OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polcmd = '*'
                                AND pg_get_expr(p.polqual, t.oid) ~ 'current_tenant'
                                AND pg_get_expr(p.polwithcheck, t.oid) ~ 'current_tenant'
                                AND p.polroles = ARRAY['wavekeeper_app'::regrole::oid])`,
  },
  {
    name: 'foreign keys between tables with a tenant carry the tenant',
    sql: `WITH tenant_table AS (${TENANT_TABLES})
          SELECT k.conname
            FROM pg_constraint k
            JOIN tenant_table t ON t.oid = k.conrelid
            JOIN tenant_table r ON r.oid = k.confrelid
           WHERE k.contype = 'f'
             AND NOT EXISTS (SELECT
                               FROM unnest(k.conkey, k.confkey) AS pair (own, other)
                               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = pair.own
                               JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = pair.other
                              WHERE a.attname = 'tenant_id' AND b.attname = 'tenant_id')`,
  },
  {
    name: 'the roles of the service are bound by row-level security and own nothing of the ledger',
    sql: `SELECT r.rolname
            FROM pg_roles r
           WHERE r.rolname IN ('wavekeeper_app', 'wavekeeper_system', 'wavekeeper_queue')
             AND (r.rolsuper OR r.rolbypassrls OR r.rolcanlogin
                  OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                                AND (c.relowner = r.oid OR has_table_privilege(r.oid, c.oid, 'TRUNCATE'))))`,
  },
  {
    name: 'nobody but the owner can change or remove an event',
    sql: `SELECT r.rolname FROM pg_roles r
           WHERE r.rolname IN ('wavekeeper_app', 'wavekeeper_system', 'wavekeeper_queue')
             AND (has_table_privilege(r.oid, 'event', 'UPDATE') OR has_table_privilege(r.oid, 'event', 'DELETE'))`,
  },
  {
    name: 'nobody but the owner can change or remove what the audit says',
    sql: `SELECT r.rolname FROM pg_roles r
           WHERE r.rolname IN ('wavekeeper_app', 'wavekeeper_system', 'wavekeeper_queue')
             AND (has_table_privilege(r.oid, 'audit_entry', 'DELETE') OR has_table_privilege(r.oid, 'audit_entry', 'TRUNCATE')
                  OR has_any_column_privilege(r.oid, 'audit_entry', 'UPDATE'))`,
  },
];
