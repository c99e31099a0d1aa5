import { ServiceHost } from '../../bench/harness/service-process.js';
import type { QueueBackend } from '#config';
import type { TestDatabase } from './database.js';
import { newTenant, type TestService } from './service.js';

const API_PROCESSES = 2;
const WORKER_PROCESSES = 2;

/** The service as several processes on one database: each request goes to the next of its API processes. */
export interface Fleet extends TestService {
  /** The addresses of the API processes. */
  readonly urls: readonly string[];
}

/** Two API and two worker processes, each with a home of its own, as on four machines. */
export async function startFleet(
  database: TestDatabase,
  options: { readonly queue: QueueBackend; readonly redisUrl?: string | undefined },
): Promise<Fleet> {
  const environment = {
    WAVEKEEPER_QUEUE: options.queue,
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
  };
  const roles = [
    ...Array.from({ length: API_PROCESSES }, () => ['api'] as const),
    ...Array.from({ length: WORKER_PROCESSES }, () => ['worker'] as const),
  ];
  const hosts = await Promise.all(
    roles.map((of) => ServiceHost.create(database, { roles: [...of], environment })),
  );
  const processes = await Promise.all(hosts.map((host) => host.start()));
  const urls = processes.map(({ url }) => url).filter((url) => url !== '');
  const tenant = await newTenant(database);
  let requests = 0;
  return {
    ...tenant,
    urls,
    get url() {
      requests += 1;
      return urls[requests % urls.length] ?? '';
    },
    anotherKey: async () => (await newTenant(database)).apiKey,
    stop: async () => {
      await Promise.all(processes.map((process) => process.stop()));
      await Promise.all(hosts.map((host) => host.remove()));
    },
  };
}
