import { runService } from '../../apps/cli/src/up-service.js';
import { startSimulator, type SimulatorScript } from '../../apps/simulator/src/index.js';
import { loadConfig, type QueueBackend } from '#config';
import { encodeId } from '#contracts';
import { findFreePort } from '#database';
import { silentLogger, type AnswerScrape, type Logger } from '#telemetry';
import { createTenant } from '#tenancy';
import type { TestDatabase } from './database.js';

export const OPERATOR_KEY = 'wka_operator_key_of_the_tests';

/** The whole service in this process, on a database of its own, with a tenant and its key. */
export interface TestService {
  readonly url: string;
  readonly apiKey: string;
  readonly tenantId: string;
  /** Another tenant on the same service. */
  anotherKey(): Promise<string>;
  stop(): Promise<void>;
}

export async function startService(
  database: TestDatabase,
  options: {
    readonly queue: QueueBackend;
    readonly redisUrl?: string | undefined;
    readonly script?: SimulatorScript;
    readonly logger?: Logger;
    readonly answerScrape?: AnswerScrape | null;
  },
): Promise<TestService> {
  const simulator = await startSimulator(options.script === undefined ? {} : { script: options.script });
  const port = await findFreePort('127.0.0.1');
  const config = loadConfig({
    PORT: String(port),
    DATABASE_URL: database.url,
    WAVEKEEPER_QUEUE: options.queue,
    REDIS_URL: options.redisUrl,
    WAVEKEEPER_WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
    WAVEKEEPER_SWEEP_SECONDS: '1',
    WAVEKEEPER_WAVE_SLOTS: '2',
    WAVEKEEPER_ATTEMPT_SLOTS: '4',
  });
  const service = await runService({
    config,
    databaseUrl: database.url,
    transactions: database.transactions,
    secrets: { adminKey: OPERATOR_KEY, masterKey: '0'.repeat(64), previousMasterKey: null },
    model: { apiKey: 'test', baseUrl: simulator.url },
    logger: options.logger ?? silentLogger,
    answerScrape: options.answerScrape ?? null,
  });
  const tenant = await newTenant(database);
  return {
    url: `http://127.0.0.1:${port}`,
    ...tenant,
    anotherKey: async () => (await newTenant(database)).apiKey,
    stop: async () => {
      await service.stop();
      await simulator.close();
    },
  };
}

/** A tenant whose requests are not limited, and its key. */
export async function newTenant({
  transactions,
}: TestDatabase): Promise<{ apiKey: string; tenantId: string }> {
  return transactions.inSystemTransaction(async (system) => {
    const { row, apiKey } = await createTenant(system, {
      name: 'a tenant',
      limits: { requests_per_minute: 0 },
      environment: 'local',
    });
    return { apiKey, tenantId: encodeId('tenant', row.id) };
  });
}
