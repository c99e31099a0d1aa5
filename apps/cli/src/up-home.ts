import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Config } from '#config';

const masterKeySchema = z.string().regex(/^[0-9a-f]{64}$/i);
const secretsSchema = z.object({
  admin_key: z.string().min(20),
  master_key: masterKeySchema,
  /** Only while a rotation is under way. */
  previous_master_key: masterKeySchema.nullable().default(null),
});
type KeptSecrets = z.infer<typeof secretsSchema>;

/** What a service keeps to itself: the operator's key, and the keys that seal tenants' secrets. */
export interface ServiceSecrets {
  readonly adminKey: string;
  readonly masterKey: string;
  readonly previousMasterKey: string | null;
  /** The operator's key was made just now: the only time to show it. */
  readonly isNew: boolean;
}

/** The keys of the environment; those it leaves out are made at the first start and kept in the home, for its owner only. */
export async function loadSecrets(config: Config): Promise<ServiceSecrets> {
  const stored = await readKeptSecrets(config.homeDir);
  const kept = stored ?? newSecrets();
  if (stored === null) await keepSecrets(config.homeDir, kept);
  return {
    adminKey: config.adminKey ?? kept.admin_key,
    ...masterKeysOf(config, kept),
    isNew: stored === null && config.adminKey === null,
  };
}

/** The master keys that a service would be started with here; none where it would make a new one. Makes nothing. */
export async function readMasterKeys(config: Config): Promise<string[]> {
  const kept = await readKeptSecrets(config.homeDir);
  const current = config.masterKey ?? kept?.master_key ?? null;
  const previous = config.previousMasterKey ?? (config.masterKey === null ? kept?.previous_master_key : null);
  return [current, previous ?? null].filter((key) => key !== null);
}

/** Makes a new master key in the home. Until `forgetPreviousMasterKey` both are loaded, whatever happens in between. */
export async function renewMasterKey(homeDir: string): Promise<void> {
  const kept = (await readKeptSecrets(homeDir)) ?? newSecrets();
  if (kept.previous_master_key !== null) return; // a rotation that did not come to its end goes on
  const renewed = { ...kept, master_key: newMasterKey(), previous_master_key: kept.master_key };
  await keepSecrets(homeDir, renewed);
}

export async function forgetPreviousMasterKey(homeDir: string): Promise<void> {
  const kept = await readKeptSecrets(homeDir);
  if (kept !== null) await keepSecrets(homeDir, { ...kept, previous_master_key: null });
}

function masterKeysOf(config: Config, kept: KeptSecrets) {
  if (config.masterKey === null)
    return {
      masterKey: kept.master_key,
      previousMasterKey: config.previousMasterKey ?? kept.previous_master_key,
    };
  return { masterKey: config.masterKey, previousMasterKey: config.previousMasterKey };
}

async function readKeptSecrets(homeDir: string): Promise<KeptSecrets | null> {
  const stored = await readJson(secretsFile(homeDir));
  return stored === null ? null : secretsSchema.parse(stored);
}

async function keepSecrets(homeDir: string, kept: KeptSecrets): Promise<void> {
  const { previous_master_key: previous, ...rest } = kept;
  await writePrivateJson(
    secretsFile(homeDir),
    previous === null ? rest : { ...rest, previous_master_key: previous },
  );
}

function newSecrets(): KeptSecrets {
  return {
    admin_key: `wka_${randomBytes(32).toString('base64url')}`,
    master_key: newMasterKey(),
    previous_master_key: null,
  };
}

function newMasterKey(): string {
  return randomBytes(32).toString('hex');
}

function secretsFile(homeDir: string): string {
  return path.join(homeDir, 'secrets.json');
}

export async function makeHome(homeDir: string): Promise<void> {
  await mkdir(path.join(homeDir, 'logs'), { recursive: true, mode: 0o700 });
}

/** Null when there is no such file. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
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
