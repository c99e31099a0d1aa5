import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectionOf, defaultUrl, readCredentials, type Connection } from '../credentials.js';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import { packageRoot } from '../package-root.js';
import type { Session } from '../session.js';
import { NoServiceError } from '../transport.js';

const READY_TIMEOUT_MS = 120_000;
const READY_POLL_MS = 250;
const PROBE_TIMEOUT_MS = 2_000;
/** The service promises to end within 25 s of SIGTERM. */
const STOP_TIMEOUT_MS = 30_000;
const LOG_LINES_SHOWN = 8;
const MODEL_VARIABLES = ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'];

/** A service that answers, found or started. */
export interface LocalService {
  readonly connection: Connection;
  /** The process that was started for it; null when it was running already. */
  readonly pid: number | null;
  /** Ends the service if it was started here; a found one is left alone. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  /** Whether a service that is started here may use the model key of the environment, which costs money. */
  readonly live: boolean;
  readonly stopping: AbortSignal;
}

/** The service that the environment or the credentials name; when there is none, one that is started for it. */
export async function findOrStartService(session: Session, options: ServiceOptions): Promise<LocalService> {
  const { config } = session;
  const named = config.clientUrl ?? (await readCredentials(config.homeDir))?.url;
  const presence = named === undefined ? 'absent' : await probe(named);
  if (named === undefined || (presence === 'absent' && config.clientUrl === null))
    return startService(session, options);
  if (presence === 'absent') throw new NoServiceError(named, null);
  await waitFor(session, async () => ((await probe(named)) === 'ready' ? named : null), options.stopping);
  return { connection: await connectionOf(config), pid: null, stop: () => Promise.resolve() };
}

async function startService(session: Session, options: ServiceOptions): Promise<LocalService> {
  const { config } = session;
  const wanted = defaultUrl(config);
  if (config.port !== 0 && (await probe(wanted)) !== 'absent')
    throw new CommandFailure(
      `Something answers at ${wanted}, but it is not the service of ${config.homeDir}.`,
      EXIT.failure,
      'Choose another port: PORT=7071 npm run demo',
    );
  const logFile = path.join(config.homeDir, 'logs', 'demo.log');
  const child = await spawnService(session, { live: options.live, logFile });
  const failed = new AbortController();
  const giveUp = AbortSignal.any([options.stopping, failed.signal]);
  try {
    const url = await Promise.race([
      waitFor(session, async () => readyUrl(await readFile(logFile, 'utf8')), giveUp),
      failWhenItEnds(child, logFile),
    ]);
    const { apiKey } = await connectionOf(config);
    return { connection: { url, apiKey }, pid: child.pid ?? null, stop: () => stopService(session, child) };
  } catch (error) {
    failed.abort();
    await stopService(session, child);
    throw error;
  }
}

async function spawnService(
  session: Session,
  options: { readonly live: boolean; readonly logFile: string },
): Promise<ChildProcess> {
  await mkdir(path.dirname(options.logFile), { recursive: true, mode: 0o700 });
  // Of the last start only: it is where to look when that one fails.
  const log = await open(options.logFile, 'w', 0o600);
  try {
    const child = spawn(process.execPath, [servicePath(), 'up'], {
      env: serviceEnvironment(session.environment, options),
      stdio: ['ignore', log.fd, log.fd],
      // Ctrl-C is for the demo, which then ends the service in order.
      detached: true,
    });
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

function servicePath(): string {
  return path.join(packageRoot(), 'dist', 'apps', 'cli', 'src', 'main.js');
}

/** The environment of a started service: without `live` it cannot find a model key, and so cannot spend. */
export function serviceEnvironment(
  environment: NodeJS.ProcessEnv,
  options: { readonly live: boolean },
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => options.live || !MODEL_VARIABLES.includes(name),
  );
  return Object.fromEntries(kept);
}

/** The address in the line that the service prints once it is ready and its credentials are written. */
export function readyUrl(log: string): string | null {
  return /^ready (http\S+)$/m.exec(log)?.[1] ?? null;
}

/** Asks for the address of a ready service until there is one. */
async function waitFor(
  session: Session,
  ask: () => Promise<string | null>,
  giveUp: AbortSignal,
): Promise<string> {
  const startedAtMs = performance.now();
  for (;;) {
    giveUp.throwIfAborted();
    const url = await ask();
    const waitedMs = performance.now() - startedAtMs;
    if (url === null && waitedMs > READY_TIMEOUT_MS)
      throw new CommandFailure(`No service was ready after ${READY_TIMEOUT_MS / 1_000} s.`, EXIT.timedOut);
    session.terminal.progress(
      url === null ? `Waiting for the service … ${Math.round(waitedMs / 1_000)} s` : '',
    );
    if (url !== null) return url;
    await delay(READY_POLL_MS);
  }
}

async function probe(url: string): Promise<'ready' | 'starting' | 'absent'> {
  try {
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.ok ? 'ready' : 'starting';
  } catch {
    return 'absent';
  }
}

async function failWhenItEnds(child: ChildProcess, logFile: string): Promise<never> {
  await once(child, 'exit');
  const log = await readFile(logFile, 'utf8').catch(() => '');
  const lines = log.trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
  throw new CommandFailure(
    `The service ended before it was ready:\n${lines}`,
    EXIT.failure,
    `Read ${logFile}`,
  );
}

async function stopService(session: Session, child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  session.terminal.progress('Stopping the service …');
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
  child.ref();
  child.kill('SIGTERM');
  const inTime = await ended.then(
    () => true,
    () => false,
  );
  session.terminal.progress('');
  if (!inTime)
    session.terminal.note(`The service still runs (process ${child.pid}); end it: kill ${child.pid}`);
}
