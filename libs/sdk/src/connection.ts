import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const URL_DEFAULT = 'http://127.0.0.1:7070';

/** Where the service is, and the key that names the tenant. */
export interface Connection {
  readonly url: string;
  readonly apiKey: string;
}

/**
 * What is given, else WAVEKEEPER_URL and WAVEKEEPER_API_KEY, else the credentials that a local service has written to its
 * home. Throws when there is no key anywhere.
 */
export function resolveConnection(given: Partial<Connection> = {}): Connection {
  const { WAVEKEEPER_URL: url, WAVEKEEPER_API_KEY: apiKey } = process.env;
  const named = { url: given.url ?? url, apiKey: given.apiKey ?? apiKey };
  const local = named.apiKey === undefined ? readLocalCredentials() : {};
  const key = named.apiKey ?? local.apiKey;
  if (key !== undefined) return { url: named.url ?? local.url ?? URL_DEFAULT, apiKey: key };
  throw new Error(
    `No key: give apiKey, set WAVEKEEPER_API_KEY, or start a local service (${credentialsFile()} is not there).`,
  );
}

/** Where a local service, and the workers of this machine, keep what is theirs. */
export function homeDir(): string {
  return path.resolve(process.env['WAVEKEEPER_HOME'] ?? path.join(os.homedir(), '.wavekeeper'));
}

function credentialsFile(): string {
  return path.join(homeDir(), 'credentials.json');
}

function readLocalCredentials(): Partial<Connection> {
  let text: string;
  try {
    text = readFileSync(credentialsFile(), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  const { url, api_key: apiKey } = JSON.parse(text) as { url?: string; api_key?: string };
  return { ...(url === undefined ? {} : { url }), ...(apiKey === undefined ? {} : { apiKey }) };
}
