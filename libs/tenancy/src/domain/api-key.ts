import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { encodeBase62 } from './base62.js';

/** `local` keys belong to a service on somebody's own machine: a leaked one is worth nothing elsewhere. */
export type KeyEnvironment = 'live' | 'local';

export const KEY_SECRET_BYTES = 32;
const SECRET_CHARACTERS = 43;
const CHECKSUM_CHARACTERS = 6;
const PREFIX_CHARACTERS = 4;
const API_KEY = /^(wk_(?:live|local)_[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** `wk_<env>_<43 base62><6 base62 CRC32>` from 32 random bytes: secret scanners know it by prefix and checksum. */
export function formatApiKey(environment: KeyEnvironment, secret: Uint8Array): string {
  const body = `wk_${environment}_${encodeBase62(secret, SECRET_CHARACTERS)}`;
  return body + checksumOf(body);
}

/** True for text that could be a key: a typing error is told without asking the database. */
export function isApiKey(text: string): boolean {
  const [, body, checksum] = API_KEY.exec(text) ?? [];
  return body !== undefined && checksum === checksumOf(body);
}

/** What is stored instead of the key. A fast hash is enough: there are 256 random bits to guess. */
export function hashApiKey(apiKey: string): Buffer {
  return createHash('sha256').update(apiKey).digest();
}

/** The parts of a key that may be shown for ever. */
export function describeApiKey(apiKey: string): { prefix: string; last4: string } {
  const secretStart = apiKey.lastIndexOf('_') + 1;
  return { prefix: apiKey.slice(0, secretStart + PREFIX_CHARACTERS), last4: apiKey.slice(-4) };
}

function checksumOf(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return encodeBase62(bytes, CHECKSUM_CHARACTERS);
}
