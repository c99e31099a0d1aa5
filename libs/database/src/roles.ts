import pg from 'pg';
import { z } from 'zod';
import type { DatabaseRole } from './pools.js';

const ROLES: readonly DatabaseRole[] = ['wavekeeper_app', 'wavekeeper_system', 'wavekeeper_queue'];

/** The login may neither make the roles that the service acts as, nor act as those that are there. */
export class MissingRolesError extends Error {
  override readonly name = 'MissingRolesError';

  constructor(login: string, roles: readonly MissingRole[]) {
    const member = `"${login.replaceAll('"', '""')}"`;
    const statements = roles.flatMap(({ name, exists }) => [
      ...(exists ? [] : [`CREATE ROLE ${name} NOLOGIN NOBYPASSRLS;`]),
      `GRANT ${name} TO ${member};`,
    ]);
    super(
      `The login ${login} may not give itself the roles that the service acts as. Nothing was changed. ` +
        `Let an administrator of the server run this once, then migrate again:\n${statements.join('\n')}`,
    );
  }
}

const MISSING = z.array(z.object({ login: z.string(), name: z.string(), exists: z.boolean() }));
type MissingRole = z.infer<typeof MISSING>[number];

/** The right to become a role. Before Postgres 16 every member had it; since then a role's maker has to take it. */
const TO_BECOME = `CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END`;

/**
 * Asked before the first migration, which would leave a failed try behind. Who may create roles makes those that are not
 * there; a role that somebody else has made is theirs to give since Postgres 16.
 * @throws MissingRolesError
 */
export async function checkRoles(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `SELECT login.rolname AS login, wanted.name, role.oid IS NOT NULL AS exists
       FROM pg_roles login
      CROSS JOIN unnest($1::text[]) AS wanted (name)
       LEFT JOIN pg_roles role ON role.rolname = wanted.name
      WHERE login.rolname = current_user
        AND NOT coalesce(pg_has_role(login.oid, role.oid, ${TO_BECOME})
                         OR pg_has_role(login.oid, role.oid, 'MEMBER WITH ADMIN OPTION'), login.rolsuper)
        AND NOT (login.rolcreaterole
                 AND (role.oid IS NULL OR current_setting('server_version_num')::int < 160000))`,
    [ROLES],
  );
  const missing = MISSING.parse(rows);
  const [first] = missing;
  if (first !== undefined) throw new MissingRolesError(first.login, missing);
}

/** Lets the login become the roles that it has made: no superuser, it is only their administrator at first. */
export async function takeRoles(client: pg.Client): Promise<void> {
  for (const name of await listUntakenRoles(client))
    await client.query(`GRANT ${pg.escapeIdentifier(name)} TO CURRENT_USER`);
}

export async function listUntakenRoles(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT rolname AS name FROM pg_roles
      WHERE rolname = ANY ($1::text[]) AND NOT pg_has_role(current_user, oid, ${TO_BECOME})`,
    [ROLES],
  );
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map(({ name }) => name);
}
