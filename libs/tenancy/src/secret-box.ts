import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + IV_BYTES + TAG_BYTES;
const MASTER_KEY = /^[0-9a-fA-F]{64}$/;

/** Sealed bytes that do not open: another key, another place, or altered. */
export class SealBrokenError extends Error {
  constructor(cause?: unknown) {
    super('The sealed secret does not open: was the master key changed, or the row moved?', { cause });
    this.name = 'SealBrokenError';
  }
}

/**
 * Seals tenants' secrets for the database with AES-256-GCM under the master key. Sealed: one version byte, 12 bytes
 * of initialisation vector, 16 of tag, the ciphertext. `place` names tenant, table, row and column: sealed bytes
 * that were moved elsewhere do not open.
 */
export class SecretBox {
  private readonly key: Buffer;

  /** @param masterKeyHex 64 hexadecimal digits */
  constructor(masterKeyHex: string) {
    if (!MASTER_KEY.test(masterKeyHex)) throw new Error('The master key is not 64 hexadecimal digits.');
    this.key = Buffer.from(masterKeyHex, 'hex');
  }

  seal(plaintext: string, place: string): Buffer<ArrayBuffer> {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(place));
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), ciphertext]);
  }

  /** Throws SealBrokenError when the bytes were not sealed with this key for this place. */
  open(sealed: Uint8Array, place: string): string {
    if (sealed.length < HEADER_BYTES || sealed[0] !== VERSION) throw new SealBrokenError();
    const iv = sealed.subarray(1, 1 + IV_BYTES);
    const decipher = createDecipheriv(ALGORITHM, this.key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(sealed.subarray(1 + IV_BYTES, HEADER_BYTES));
    try {
      const plaintext = decipher.update(sealed.subarray(HEADER_BYTES));
      return Buffer.concat([plaintext, decipher.final()]).toString('utf8');
    } catch (error) {
      throw new SealBrokenError(error);
    }
  }
}
