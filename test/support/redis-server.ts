import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { QueueBackend } from '#config';
import { findFreePort } from '#database';
import { eventually } from './eventually.js';

/** The queues that this machine can run; jest.config.mjs says when Redis is not among them. */
export const QUEUES_HERE: readonly QueueBackend[] =
  process.env.TEST_REDIS === undefined ? ['postgres', 'none'] : ['postgres', 'redis', 'none'];
export const BULL_QUEUES_HERE = QUEUES_HERE.filter((queue) => queue !== 'none');

/** A Redis that keeps nothing on disk, at one address for as long as a spec lasts. */
export interface TestRedis {
  readonly url: string;
  /** Sends one command without arguments, such as FLUSHALL. */
  command(name: string): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Comes back at the same address, with nothing in it. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startRedis(): Promise<TestRedis> {
  const program = process.env.TEST_REDIS;
  if (program === undefined) throw new Error('there is no Redis; see jest.config.mjs');
  const port = await findFreePort('127.0.0.1');
  const dir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-redis-'));
  let server: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir];
    server = spawn(program, [...settings, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
    await eventually('Redis answers', () => command(port, 'PING').catch(() => false));
  };
  const kill = async (): Promise<void> => {
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    command: async (name) => {
      await command(port, name);
    },
    kill,
    start,
    close: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function command(port: number, name: string): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(`${name}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString().startsWith('+');
  } finally {
    socket.destroy();
  }
}
