import type { Config } from '#config';
import { findFreePort, Transactions } from '#database';
import { armCrashPoint, createLogger, startTelemetry } from '#telemetry';
import { readSimulatorScript, startSimulator } from '../../simulator/src/index.js';
import { EXIT } from './exit-codes.js';
import { openDatabase } from './up-database.js';
import { loadSecrets, makeHome } from './up-home.js';
import { answers, takeHome } from './up-instance.js';
import { runService } from './up-service.js';
import { ensureLocalTenant } from './up-tenant.js';

const ANTHROPIC_URL = 'https://api.anthropic.com';
const LAST_MOMENT_MS = 2_000;
const STARTING_WAIT_MS = 60_000;
const STARTING_POLL_MS = 500;

/** Runs the service until a signal, then drains. Exit code 0; also when one is running on this home already. */
export async function up(config: Config): Promise<number> {
  armCrashPoint(config.crashAt);
  await makeHome(config.homeDir);
  const instance = await takeHome(config.homeDir);
  if (instance.kind === 'running') return await pointTo(instance);
  const undo: (() => Promise<void>)[] = [() => instance.release()];
  try {
    const stopped = untilStopped();
    const url = await start(config, undo);
    if (url !== null) await instance.announce(url);
    say(url === null ? 'ready (no API in this process)' : `ready ${url}`);
    await stopped;
    say('stopping: finishing what is in hand');
  } finally {
    await undoAll(undo);
    cutOff();
  }
  return EXIT.ok;
}

/** Everything has been told to end; what still holds on to this process after a moment is let go with it. */
function cutOff(): void {
  setTimeout(() => process.exit(), LAST_MOMENT_MS).unref();
}

/** Ends every part, the last started first; one that fails does not keep the others from ending. */
async function undoAll(undo: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.toReversed())
    await step().catch((error: unknown) => {
      failures.push(error);
    });
  if (failures.length > 0) throw failures[0];
}

/** Starts part by part; each adds how to end it. Answers where the API listens, or null when this process has none. */
async function start(asked: Config, undo: (() => Promise<void>)[]): Promise<string | null> {
  const config = { ...asked, port: asked.port === 0 ? await findFreePort(asked.host) : asked.port };
  const url = config.roles.includes('api') ? urlOf(config) : null;
  const logger = createLogger(config.logLevel);
  const telemetry = await startTelemetry({
    metrics: config.metrics,
    collector: config.collector,
    listenAt: url === null ? { host: config.host, port: config.port } : null,
    logger,
  });
  undo.push(() => telemetry.stop());
  const secrets = await loadSecrets(config);
  const database = await openDatabase(config);
  undo.push(() => database.stop());
  if (database.dataDir !== null) say(`database in ${database.dataDir}`);
  const transactions = new Transactions(database.url, logger);
  undo.push(() => transactions.close());
  // Before anything listens: whoever finds the service ready finds the key to it too.
  const signInToken =
    config.databaseUrl === null && url !== null
      ? await ensureLocalTenant(transactions, { homeDir: config.homeDir, url, adminKey: secrets.adminKey })
      : null;
  const model = await openModel(config, undo);
  const service = await runService({
    config,
    databaseUrl: database.url,
    transactions,
    secrets,
    model,
    logger,
    answerScrape: telemetry.answerScrape,
  });
  undo.push(() => service.stop());
  if (secrets.isNew)
    say(`operator key (shown once, kept in ${config.homeDir}/secrets.json): ${secrets.adminKey}`);
  if (signInToken !== null)
    say(`sign in to it in a browser (once, within 15 minutes): ${url}/sign-in#${signInToken}`);
  return url;
}

function urlOf({ host, port }: Config): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The provider when there is a key for it, else the bundled simulator. */
async function openModel(
  config: Config,
  undo: (() => Promise<void>)[],
): Promise<{ apiKey: string; baseUrl: string }> {
  if (config.anthropicApiKey !== null)
    return { apiKey: config.anthropicApiKey, baseUrl: config.anthropicBaseUrl ?? ANTHROPIC_URL };
  const script =
    config.simulatorScript === null ? undefined : await readSimulatorScript(config.simulatorScript);
  const simulator = await startSimulator(script === undefined ? {} : { script });
  undo.push(() => simulator.close());
  say('no ANTHROPIC_API_KEY: the bundled simulator answers for the model');
  return { apiKey: 'simulator', baseUrl: simulator.url };
}

/** A second start finds the first: waits until it answers and says where. */
async function pointTo(running: { readonly pid: number; readonly url: string | null }): Promise<number> {
  const { url, pid } = running;
  for (let waitedMs = 0; url !== null && waitedMs < STARTING_WAIT_MS; waitedMs += STARTING_POLL_MS) {
    if (await answers(url)) {
      say(`already running (process ${pid})\nready ${url}`);
      return EXIT.ok;
    }
    await new Promise((resolve) => setTimeout(resolve, STARTING_POLL_MS));
  }
  process.stderr.write(
    `Process ${pid} holds this home but does not answer. Wait until it is ready, or end it and start again.\n`,
  );
  return EXIT.failure;
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => {
      resolve();
    });
    process.once('SIGTERM', () => {
      resolve();
    });
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
