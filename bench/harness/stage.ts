import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrate, startEmbeddedPostgres, Transactions } from '#database';
import { silentLogger } from '#telemetry';
import { packageRoot } from './package-root.js';

/** A ledger of its own for one benchmark: a Postgres that is gone with everything in it when it is closed. */
export interface Stage {
  readonly transactions: Transactions;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** Nothing of it outlives the run, so nothing waits for the disk. */
const FAST_NOT_SAFE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

export async function openStage(): Promise<Stage> {
  const homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-bench-'));
  const removeHome = () => rm(homeDir, { recursive: true, force: true });
  try {
    await chmod(homeDir, 0o711); // started as root, the server's account must be able to enter
    const server = await startEmbeddedPostgres({ homeDir, flags: FAST_NOT_SAFE });
    await migrate(server.url, path.join(packageRoot(), 'prisma', 'migrations'));
    const transactions = new Transactions(server.url, silentLogger);
    return {
      transactions,
      databaseUrl: server.url,
      close: async () => {
        await transactions.close();
        await server.stop();
        await removeHome();
      },
    };
  } catch (error) {
    await removeHome();
    throw error;
  }
}
