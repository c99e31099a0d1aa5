import { silentLogger } from '#telemetry';
import { createTestDatabase } from '../../../test/support/database.js';
import { createPool } from './index.js';

describe('a pool', () => {
  it('acts as its role and by its settings, whatever options the URL has of its own', async () => {
    const database = await createTestDatabase();
    const url = new URL(database.url);
    url.searchParams.set('options', '-c role=none -c timezone=Asia/Tokyo -c work_mem=5MB');
    const pool = createPool({
      databaseUrl: url.href,
      role: 'wavekeeper_app',
      connectionsMax: 1,
      logger: silentLogger,
    });
    const { rows } = await pool.query(
      `SELECT current_user AS role, current_setting('timezone') AS zone, current_setting('work_mem') AS memory`,
    );
    await pool.end();
    await database.drop();
    expect(rows).toEqual([{ role: 'wavekeeper_app', zone: 'UTC', memory: '5MB' }]);
  });
});
