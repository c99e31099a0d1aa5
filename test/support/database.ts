import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Transactions } from '#database';
import { silentLogger } from '#telemetry';

/** A database of its own for one spec file, from the template that has all migrations. */
export interface TestDatabase {
  /** The owner's login. */
  readonly url: string;
  readonly transactions: Transactions;
  /** The owner's connection, which row-level security does not bind: to prepare rows and to look at them. */
  readonly owner: pg.Pool;
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const { TEST_DATABASE_ADMIN_URL: adminUrl, TEST_TEMPLATE_DATABASE: template } = process.env;
  if (adminUrl === undefined || template === undefined) throw new Error('the test server is not running');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await runAsAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  // Rights on a database as a whole are not copied from its template.
  await runAsAdmin(adminUrl, `GRANT CREATE ON DATABASE ${name} TO wavekeeper_queue`);
  const url = new URL(adminUrl);
  url.pathname = name;
  const owner = new pg.Pool({ connectionString: url.href, max: 4 });
  const transactions = new Transactions(url.href, silentLogger);
  // The client loads its engine with its first query; a loop that asks it between two tests could not.
  await transactions.inSystemTransaction(() => Promise.resolve());
  return {
    url: url.href,
    transactions,
    owner,
    drop: async () => {
      await Promise.all([transactions.close(), owner.end()]);
      await runAsAdmin(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** A database without anything in it, not even tables. */
export async function createEmptyDatabase(): Promise<Pick<TestDatabase, 'url' | 'drop'>> {
  const { TEST_DATABASE_ADMIN_URL: adminUrl } = process.env;
  if (adminUrl === undefined) throw new Error('the test server is not running');
  const name = `empty_${randomBytes(6).toString('hex')}`;
  await runAsAdmin(adminUrl, `CREATE DATABASE ${name}`);
  const url = new URL(adminUrl);
  url.pathname = name;
  return { url: url.href, drop: () => runAsAdmin(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function runAsAdmin(adminUrl: string, statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}
