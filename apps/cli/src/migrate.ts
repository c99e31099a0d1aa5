import type { Config } from '#config';
import { EXIT } from './exit-codes.js';
import { openDatabase } from './up-database.js';
import { makeHome } from './up-home.js';

/** Brings the database's schema and roles up to date and ends. */
export async function migrateCommand(config: Config): Promise<number> {
  await makeHome(config.homeDir);
  const database = await openDatabase(config);
  await database.stop();
  process.stdout.write('The database is up to date.\n');
  return EXIT.ok;
}
