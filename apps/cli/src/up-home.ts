import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Config } from '#config';

const secretsSchema = z.object({
  admin_key: z.string().min(20),
  master_key: z.string().regex(/^[0-9a-f]{64}$/i),
});

/** What a service keeps to itself: the operator's key, and the key that seals tenants' secrets. */
export interface ServiceSecrets {
  readonly adminKey: string;
  readonly masterKey: string;
  /** The operator's key was made just now: the only time to show it. */
  readonly isNew: boolean;
}

/** The keys of the environment; those it leaves out are made at the first start and kept in the home, for its owner only. */
export async function loadSecrets(config: Config): Promise<ServiceSecrets> {
  const file = path.join(config.homeDir, 'secrets.json');
  const stored = await readJson(file);
  const kept = stored === null ? newSecrets() : secretsSchema.parse(stored);
  if (stored === null) await writePrivateJson(file, kept);
  return {
    adminKey: config.adminKey ?? kept.admin_key,
    masterKey: config.masterKey ?? kept.master_key,
    isNew: stored === null && config.adminKey === null,
  };
}

function newSecrets(): z.infer<typeof secretsSchema> {
  return {
    admin_key: `wka_${randomBytes(32).toString('base64url')}`,
    master_key: randomBytes(32).toString('hex'),
  };
}

export async function makeHome(homeDir: string): Promise<void> {
  await mkdir(path.join(homeDir, 'logs'), { recursive: true, mode: 0o700 });
}

/** Null when there is no such file. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : JSON.parse(text);
}

/** Replaces a file in one step, readable by its owner only: a crash leaves the old one or the new one. */
export async function writePrivateJson(file: string, value: unknown): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, file);
}
