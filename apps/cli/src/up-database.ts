import path from 'node:path';
import type { Config } from '#config';
import { migrate, startEmbeddedPostgres } from '#database';
import { packageRoot } from './package-root.js';

/** A database that is up to date, and how to let go of it. */
export interface OpenDatabase {
  /** The owner's login: a secret. */
  readonly url: string;
  /** Where an embedded server keeps its files; null for a server of somebody else's. */
  readonly dataDir: string | null;
  stop(): Promise<void>;
}

/** Opens the database of DATABASE_URL, or the embedded one of the home, and applies what migrations are missing. */
export async function openDatabase(config: Config): Promise<OpenDatabase> {
  const database =
    config.databaseUrl === null ? await startEmbedded(config.homeDir) : external(config.databaseUrl);
  await migrate(database.url, path.join(packageRoot(), 'prisma', 'migrations'));
  return database;
}

async function startEmbedded(homeDir: string): Promise<OpenDatabase> {
  const { url, dataDir, stop } = await startEmbeddedPostgres({ homeDir });
  return { url, dataDir, stop };
}

function external(url: string): OpenDatabase {
  return { url, dataDir: null, stop: () => Promise.resolve() };
}
