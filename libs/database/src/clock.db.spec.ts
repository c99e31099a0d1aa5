import pg from 'pg';
import { createEmptyDatabase } from '../../../test/support/database.js';
import { silentLogger } from '#telemetry';
import { Transactions } from './transactions.js';

const AN_HOUR_MS = 3_600_000;

describe('a database whose time zone is not UTC', () => {
  it('tells and keeps the same instants as any other', async () => {
    const { url, drop } = await createEmptyDatabase();
    await run(url, `ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET timezone = 'Pacific/Auckland'`);
    const transactions = new Transactions(url, silentLogger);
    const instant = new Date('2026-07-01T12:00:00Z');
    const [read, apartMs] = await transactions.inSystemTransaction(async ({ db }) => {
      const rows = await db.$queryRaw<{ kept: string; now: Date }[]>`
        SELECT extract(epoch FROM ${instant}::timestamptz)::bigint::text AS kept, clock_timestamp() AS now`;
      return [rows[0]?.kept, Math.abs(Date.now() - (rows[0]?.now.getTime() ?? 0))];
    });
    await transactions.close();
    await drop();
    expect(read).toBe(String(instant.getTime() / 1_000));
    expect(apartMs).toBeLessThan(AN_HOUR_MS);
  });
});

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
