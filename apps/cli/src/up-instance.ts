import { link, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writePrivateJson } from './up-home.js';

const instanceSchema = z.object({ pid: z.int().positive(), url: z.string().nullable() });

const PROBE_TIMEOUT_MS = 2_000;
const ATTEMPTS_MAX = 5;

/** The right to be the service of a home, or who has it already. */
export type Instance =
  | { readonly kind: 'ours'; announce(url: string): Promise<void>; release(): Promise<void> }
  | { readonly kind: 'running'; readonly pid: number; readonly url: string | null };

/** Takes a home for this process: two services on one home would fight over its database. A dead holder's claim is void. */
export async function takeHome(homeDir: string): Promise<Instance> {
  const file = path.join(homeDir, 'service.json');
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const taken = await create(file);
    if (taken) return ours(file);
    const holder = await readInstance(file);
    if (holder !== null && isAlive(holder.pid)) return { kind: 'running', ...holder };
    await rm(file, { force: true });
  }
  throw new Error(`${file} cannot be taken; remove it if no service runs on this home`);
}

function ours(file: string): Instance {
  return {
    kind: 'ours',
    announce: (url) => writePrivateJson(file, { pid: process.pid, url }),
    release: () => rm(file, { force: true }),
  };
}

/** A link appears whole or not at all: nobody ever reads a claim that is half written. */
async function create(file: string): Promise<boolean> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify({ pid: process.pid, url: null }), { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readInstance(file: string): Promise<z.infer<typeof instanceSchema> | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const parsed = instanceSchema.safeParse(text === '' ? null : JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True when a service answers there. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).catch(
    () => null,
  );
  return response?.ok ?? false;
}
