import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '#config';
import type { CrashPoint } from '#telemetry';
import { packageRoot } from './package-root.js';

const PROGRAM = path.join(packageRoot(), 'dist', 'apps', 'cli', 'src', 'main.js');

/** Seals the secrets of these services; tests seal with it too. */
export const MASTER_KEY = '0'.repeat(64);

/** The service as a process of its own, as `npm start` runs it, to be killed. */
export interface ServiceProcess {
  /** Where its API answers; empty when it has none. */
  readonly url: string;
  /** Resolves with the signal that ended it, or null when it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>;
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** How a host's processes are started. */
export interface HostSettings {
  /** Both, when left out. */
  readonly roles?: Config['roles'];
  /** Variables of the environment beside those that every host sets, such as REDIS_URL. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts processes one after the other on one home and one database. */
export class ServiceHost {
  private constructor(
    private readonly database: { readonly url: string },
    readonly homeDir: string,
    private readonly settings: HostSettings,
  ) {}

  /** `database.url` is the owner's login; empty: each process runs the Postgres of its home. */
  static async create(database: { readonly url: string }, settings: HostSettings = {}): Promise<ServiceHost> {
    const homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-host-'));
    await chmod(homeDir, 0o711); // lets the account in that Postgres runs under
    return new ServiceHost(database, homeDir, settings);
  }

  /** Resolves when it is ready, or when it has ended before: a crash point may be passed at once. */
  async start(crashAt?: `${CrashPoint}#${number}`): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [PROGRAM, 'up'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Nothing of the environment of whoever measures or tests.
      env: {
        HOME: this.homeDir,
        WAVEKEEPER_HOME: this.homeDir,
        DATABASE_URL: this.database.url,
        PORT: '0',
        WAVEKEEPER_MASTER_KEY: MASTER_KEY,
        LOG_LEVEL: 'silent',
        WAVEKEEPER_SWEEP_SECONDS: '1',
        WAVEKEEPER_WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
        WAVEKEEPER_ROLES: (this.settings.roles ?? ['api', 'worker']).join(','),
        ...this.settings.environment,
        ...(crashAt === undefined ? {} : { WAVEKEEPER_CRASH_AT: crashAt }),
      },
    });
    const ended = endOf(child);
    const url = await Promise.race([readyLine(child), ended.then(() => '')]);
    return {
      url,
      ended,
      stop: async () => {
        child.kill('SIGTERM');
        await ended;
      },
      kill: async () => {
        child.kill('SIGKILL');
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

function readyLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const ready = /^ready (http\S+|\(.*\))$/m.exec(text)?.[1];
      if (ready !== undefined) resolve(ready.startsWith('http') ? ready : '');
    });
  });
}
