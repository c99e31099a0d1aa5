import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CrashPoint } from '#telemetry';
import type { TestDatabase } from './database.js';
import { freePort } from './free-port.js';

const PROGRAM = fileURLToPath(new URL('../../dist/apps/cli/src/main.js', import.meta.url));

/** Seals the secrets of these services; tests seal with it too. */
export const MASTER_KEY = '0'.repeat(64);

/** The service as a process of its own, as `npm start` runs it, to be killed. */
export interface ServiceProcess {
  readonly url: string;
  /** Resolves with the signal that ended it, or null when it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>;
  stop(): Promise<void>;
}

/** Starts processes one after the other on one home and one database. */
export class ServiceHost {
  private constructor(
    private readonly database: TestDatabase,
    private readonly homeDir: string,
  ) {}

  static async create(database: TestDatabase): Promise<ServiceHost> {
    return new ServiceHost(database, await mkdtemp(path.join(tmpdir(), 'wavekeeper-chaos-')));
  }

  /** Resolves when it is ready, or when it has ended before: a crash point may be passed at once. */
  async start(crashAt?: `${CrashPoint}#${number}`): Promise<ServiceProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, [PROGRAM, 'up'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env.PATH,
        HOME: this.homeDir,
        WAVEKEEPER_HOME: this.homeDir,
        DATABASE_URL: this.database.url,
        PORT: String(port),
        WAVEKEEPER_MASTER_KEY: MASTER_KEY,
        LOG_LEVEL: 'silent',
        WAVEKEEPER_SWEEP_SECONDS: '1',
        WAVEKEEPER_WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
        ...(crashAt === undefined ? {} : { WAVEKEEPER_CRASH_AT: crashAt }),
      },
    });
    const ended = endOf(child);
    await Promise.race([readyLine(child), ended]);
    return {
      url: `http://127.0.0.1:${port}`,
      ended,
      stop: async () => {
        child.kill('SIGTERM');
        await ended;
      },
    };
  }

  async remove(): Promise<void> {
    await rm(this.homeDir, { recursive: true, force: true });
  }
}

async function endOf(child: ChildProcess): Promise<NodeJS.Signals | null> {
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal;
}

function readyLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/^ready /m.test(text)) resolve();
    });
  });
}
