import type { Config } from '#config';
import { hasEmbeddedPostgres, startEmbeddedPostgres } from '#database';
import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';
import { takeHome } from './up-instance.js';

/** A database to look at, and how to let go of it. */
export interface OpenLedger {
  /** The owner's login: a secret. */
  readonly url: string;
  close(): Promise<void>;
}

/** A database as it is: nothing is migrated. A server that had to be started for this is stopped again. */
export async function openLedger(config: Config): Promise<OpenLedger> {
  if (config.databaseUrl !== null) return external(config.databaseUrl);
  const { homeDir } = config;
  if (!hasEmbeddedPostgres(homeDir))
    throw new CommandFailure(
      `There is no ledger in ${homeDir}.`,
      EXIT.notFound,
      'Set WAVEKEEPER_HOME to the home of the service, or DATABASE_URL to its database.',
    );
  const instance = await takeHome(homeDir); // a service that starts meanwhile must not adopt what is stopped here
  const server = await startEmbeddedPostgres({ homeDir });
  return {
    url: server.url,
    close: async () => {
      if (instance.kind === 'running') return;
      if (!server.adopted) await server.stop();
      await instance.release();
    },
  };
}

/** A database for this process alone, made when it is not there. */
export async function openUnusedLedger(config: Config): Promise<OpenLedger> {
  if (config.databaseUrl !== null) return external(config.databaseUrl);
  const { homeDir } = config;
  const instance = await takeHome(homeDir);
  if (instance.kind === 'running')
    throw new CommandFailure(
      `Process ${instance.pid} runs the service of ${homeDir}.`,
      EXIT.conflict,
      'Stop it, or name another WAVEKEEPER_HOME.',
    );
  const server = await startEmbeddedPostgres({ homeDir });
  return {
    url: server.url,
    close: async () => {
      await server.stop();
      await instance.release();
    },
  };
}

function external(url: string): OpenLedger {
  return { url, close: () => Promise.resolve() };
}
