import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import {
  EmbeddedPostgresError,
  OWNER,
  SERVER_ENVIRONMENT,
  USE_ANOTHER_SERVER,
  identityOf,
  loginFileOf,
  moveToAnotherPort,
  prepareCluster,
  readLogin,
  runProgram,
  type Cluster,
  type Login,
} from './postgres-cluster.js';

export interface EmbeddedPostgresOptions {
  /** Keeps the login and, where the server's account can enter it, the data. Made when missing. */
  homeDir: string;
  /** Settings beside ours, like `fsync=off` for tests. An adopted server keeps those it was started with. */
  flags?: readonly string[];
  /** Receives the server's log, line by line, unless it was adopted. */
  log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** The owner's login to the database `wavekeeper`: a secret. */
  url: string;
  dataDir: string;
  pid: number;
  /** The server was running already; whoever started it may still be using it. */
  adopted: boolean;
  /** Ends the server, adopted or not, and resolves when it is gone. */
  stop: () => Promise<void>;
}

const DATABASE = 'wavekeeper';
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'jit=off', // our queries are short: compiling them costs more than it saves
  'log_checkpoints=off',
  'log_min_error_statement=panic', // statements may carry text from outside
];
/** A killed server holds its lock until its last process is gone, which was seen to take up to 1.3 s. */
const LOCK_WAIT_MS = 10_000;
const LOCK_RETRY_MS = 200;
/** Replaying the log after a crash may take long. */
const READY_WAIT_MS = 120_000;
const STOP_WAIT_SECONDS = 15;
const CONNECT_TIMEOUT_MS = 5_000;
const PORT_CHOICES_MAX = 5;
const OUTPUT_LINES_MAX = 20;

/**
 * Starts the Postgres server of a home, or adopts the one that is running there, and makes its database. The
 * server outlives this process unless it is stopped; the next start adopts it.
 * @throws EmbeddedPostgresError
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const flags = options.flags ?? [];
  const log = options.log ?? ((): void => undefined);
  const cluster = await prepareCluster(options.homeDir, { syncToDisk: !flags.includes('fsync=off') });
  const server = await adoptOrLaunch(cluster, flags, log);
  await createDatabase(server.login);
  let stopping: Promise<void> | undefined;
  return {
    url: urlOf(server.login, DATABASE),
    dataDir: cluster.dataDir,
    pid: server.pid,
    adopted: server.adopted,
    stop: () => (stopping ??= stopServer(cluster)),
  };
}

/** True when a server of this home has been made before. Starts and makes nothing. */
export function hasEmbeddedPostgres(homeDir: string): boolean {
  return existsSync(loginFileOf(homeDir));
}

interface Server {
  pid: number;
  login: Login;
  adopted: boolean;
}

async function adoptOrLaunch(cluster: Cluster, flags: readonly string[], log: LogLine): Promise<Server> {
  let login = await readLogin(cluster.loginFile);
  let portChoices = 0;
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const running = await findRunning(cluster, login);
    if (running !== undefined) return running;

    const launched = await launch(cluster, login.port, { flags, log });
    if (launched.outcome === 'ready') return { pid: launched.pid, login, adopted: false };
    if (launched.outcome === 'port_taken' && portChoices < PORT_CHOICES_MAX) {
      portChoices += 1;
      login = await moveToAnotherPort(cluster.loginFile);
    } else if (launched.outcome === 'locked' && performance.now() < deadline) {
      await delay(LOCK_RETRY_MS);
    } else {
      throw startFailure(cluster, launched);
    }
  }
}

function startFailure(cluster: Cluster, { outcome, output }: FailedLaunch): EmbeddedPostgresError {
  const next =
    outcome === 'locked'
      ? `Another server is using ${cluster.dataDir}: stop it, its process is named in postmaster.pid there.`
      : USE_ANOTHER_SERVER;
  return new EmbeddedPostgresError(`Postgres did not start:\n${output}`, next);
}

/** The server that holds this data directory and answers to our login, if there is one. */
async function findRunning(cluster: Cluster, login: Login): Promise<Server | undefined> {
  const lines = (await readLockFile(cluster.dataDir)).split('\n');
  const [pid, port, status] = [Number(lines[0]), Number(lines[3]), lines[7]?.trim()];
  if (status !== 'ready' || !(pid > 0) || !(port > 0)) return undefined;
  // A lock file may be a leftover, and its port another server's by now: ask who is there.
  const current = { ...login, port };
  try {
    const [row] = await query(current, `SELECT current_setting('data_directory') AS data_dir`);
    const answersFor = path.normalize(String(row?.['data_dir']));
    return answersFor === cluster.dataDir ? { pid, login: current, adopted: true } : undefined;
  } catch {
    return undefined; // nobody, a stranger, or one that is going down: the launch will find out
  }
}

async function readLockFile(dataDir: string): Promise<string> {
  return readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
}

type LogLine = (line: string) => void;
interface FailedLaunch {
  outcome: 'locked' | 'port_taken' | 'failed';
  output: string;
}
type Launch = { outcome: 'ready'; pid: number } | FailedLaunch;

async function launch(
  cluster: Cluster,
  port: number,
  { flags, log }: { flags: readonly string[]; log: LogLine },
): Promise<Launch> {
  const settings = [...SETTINGS, `port=${port}`, ...flags].flatMap((setting) => ['-c', setting]);
  const child = spawn(path.join(cluster.programsDir, 'postgres'), ['-D', cluster.dataDir, ...settings], {
    ...identityOf(cluster.account),
    cwd: '/',
    env: SERVER_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // a process group of its own: Ctrl-C must not end the database before us
  });
  const output: string[] = [];
  const isReady = await waitUntilReady(child, output, log);
  // Let go of it, or a start that fails elsewhere would hang: this process may end while the server runs on.
  child.unref();
  if (child.stderr instanceof Socket) child.stderr.unref();
  if (isReady && child.pid !== undefined) return { outcome: 'ready', pid: child.pid };
  child.kill('SIGQUIT');
  return { outcome: classify(output), output: output.join('\n') };
}

/** Resolves to true when the server says that it accepts connections, to false when it ends or takes too long. */
async function waitUntilReady(
  child: ChildProcessByStdio<null, null, Readable>,
  output: string[],
  log: LogLine,
): Promise<boolean> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => resolve(false), READY_WAIT_MS);
    const settle = (isReady: boolean): void => {
      clearTimeout(patience);
      resolve(isReady);
    };
    child.once('close', () => settle(false));
    child.once('error', (error) => {
      output.push(error.message);
      settle(false);
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      log(line);
      if (output.push(line) > OUTPUT_LINES_MAX) output.shift();
      if (line.includes('ready to accept connections')) settle(true);
    });
  });
}

function classify(output: readonly string[]): FailedLaunch['outcome'] {
  const text = output.join('\n');
  if (/lock file ".*" already exists|pre-existing shared memory block/.test(text)) return 'locked';
  return text.includes('could not bind') ? 'port_taken' : 'failed';
}

/** Fast shutdown; when even that takes too long an immediate one, after which the next start replays the log. */
async function stopServer(cluster: Cluster): Promise<void> {
  for (const mode of ['fast', 'immediate']) {
    const args = ['stop', '-D', cluster.dataDir, '-m', mode, '-t', String(STOP_WAIT_SECONDS)];
    const { ok } = await runProgram(path.join(cluster.programsDir, 'pg_ctl'), args, cluster.account);
    if (ok || (await readLockFile(cluster.dataDir)) === '') return;
  }
  const next = `End it by hand: its process is named in ${path.join(cluster.dataDir, 'postmaster.pid')}.`;
  throw new EmbeddedPostgresError('Postgres does not stop.', next);
}

async function createDatabase(login: Login): Promise<void> {
  const existing = await query(login, `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`);
  if (existing.length > 0) return;
  try {
    await query(login, `CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    const wasFaster = error instanceof pg.DatabaseError && ['42P04', '23505'].includes(error.code ?? '');
    if (!wasFaster) throw error; // else another process has just made it
  }
}

async function query(login: Login, statement: string): Promise<Record<string, unknown>[]> {
  const connectionString = urlOf(login, 'postgres');
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

function urlOf({ port, password }: Login, database: string): string {
  return `postgresql://${OWNER}:${password}@127.0.0.1:${port}/${database}`;
}
