import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
/** Given to Node on both sides: without it a tag of four bytes would do. */
const TAG_BYTES = 16;
const HEADER_BYTES = IV_BYTES + TAG_BYTES;
export const SEALING_KEY_BYTES = 32;

/** Sealed bytes that do not open: another key, another place, or altered. */
export class SealBrokenError extends Error {
  constructor(cause?: unknown) {
    super('The sealed secret does not open: was the master key changed, or the row moved?', { cause });
    this.name = 'SealBrokenError';
  }
}

/** AES-256-GCM: 12 bytes of initialisation vector, 16 of tag, the ciphertext. Opens with this key for this place only. */
export function seal(key: Uint8Array, plaintext: Uint8Array, place: string): Buffer<ArrayBuffer> {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(place));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
}

/** Throws SealBrokenError when the bytes were not sealed with this key for this place. */
export function open(key: Uint8Array, sealed: Uint8Array, place: string): Buffer<ArrayBuffer> {
  if (sealed.length < HEADER_BYTES) throw new SealBrokenError();
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(sealed.subarray(IV_BYTES, HEADER_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES)), decipher.final()]);
  } catch (error) {
    throw new SealBrokenError(error);
  }
}
