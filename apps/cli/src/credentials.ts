import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Config } from '#config';
import { CommandFailure } from './failure.js';
import { EXIT } from './exit-codes.js';

const credentialsSchema = z.object({
  url: z.url(),
  api_key: z.string().min(1),
  admin_key: z.string().nullish(),
  tenant_id: z.string().nullish(),
});
type Credentials = z.infer<typeof credentialsSchema>;

/** Where the service is, and the key that names the tenant. */
export interface Connection {
  readonly url: string;
  readonly apiKey: string;
}

export function credentialsPath(homeDir: string): string {
  return path.join(homeDir, 'credentials.json');
}

/** The environment's address and key; what it leaves out comes from the credentials of the local service. */
export async function connectionOf(config: Config): Promise<Connection> {
  const credentials = await readCredentials(config.homeDir);
  const url = config.clientUrl ?? credentials?.url ?? defaultUrl(config);
  const apiKey = config.clientApiKey ?? credentials?.api_key;
  if (apiKey !== undefined) return { url, apiKey };
  throw new CommandFailure(
    `No key for ${url}: WAVEKEEPER_API_KEY is not set and ${credentialsPath(config.homeDir)} does not exist.`,
    EXIT.auth,
    'Start the service here once (npm start), or set WAVEKEEPER_URL and WAVEKEEPER_API_KEY.',
  );
}

export function defaultUrl(config: Pick<Config, 'host' | 'port'>): string {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return `http://${host}:${config.port}`;
}

/** What the first start in local mode wrote, or null when nothing was started from this home yet. */
export async function readCredentials(homeDir: string): Promise<Credentials | null> {
  const file = credentialsPath(homeDir);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new CommandFailure(`Cannot read ${file}: ${message}`, EXIT.auth);
  });
  if (text === null) return null;
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch {
    throw new CommandFailure(
      `${file} is not what the service writes there.`,
      EXIT.auth,
      'Move it away and start the service again, or set WAVEKEEPER_URL and WAVEKEEPER_API_KEY.',
    );
  }
}
