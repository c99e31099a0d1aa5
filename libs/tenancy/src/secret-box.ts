import { createHash, randomBytes } from 'node:crypto';
import { newUuid } from '#contracts';
import type { Tx } from '#database';
import { findDataKey, insertDataKey, saveWrapping, type DataKeyRow } from './data-key.store.js';
import { open, seal, SealBrokenError, SEALING_KEY_BYTES } from './seal.js';

const MASTER_KEY = /^[0-9a-fA-F]{64}$/;
const MASTER_KEY_ID_CHARACTERS = 16;
/** The first byte says how the rest is to be read. */
const SEALED_WITH_MASTER_KEY = 1;
const SEALED_WITH_DATA_KEY = 2;
const DATA_KEY_ID_BYTES = 16;

interface MasterKey {
  readonly id: string;
  readonly key: Buffer;
}

/**
 * Seals tenants' secrets for the database, as envelopes: each tenant has a data key that seals its secrets, and master
 * keys only wrap data keys. Sealed: one version byte, 16 bytes naming the data key, what `seal` makes. `place` names
 * tenant, table, row and column: sealed bytes that were moved elsewhere do not open.
 *
 * Nothing is kept in memory: a data key that a rolled-back transaction made must never seal anything.
 */
export class SecretBox {
  private readonly current: MasterKey;
  private readonly known: readonly MasterKey[];

  /**
   * @param masterKeyHex 64 hexadecimal digits; wraps new data keys
   * @param previousMasterKeyHex still opens what it has wrapped, until `rewrap` has been everywhere
   */
  constructor(masterKeyHex: string, previousMasterKeyHex: string | null = null) {
    this.current = masterKeyOf(masterKeyHex);
    this.known = [
      this.current,
      ...(previousMasterKeyHex === null ? [] : [masterKeyOf(previousMasterKeyHex)]),
    ];
  }

  async seal(tx: Tx, plaintext: string, place: string): Promise<Buffer<ArrayBuffer>> {
    const row = (await findDataKey(tx)) ?? (await this.makeDataKey(tx));
    const sealed = seal(this.unwrap(tx, row), Buffer.from(plaintext), place);
    return Buffer.concat([Buffer.of(SEALED_WITH_DATA_KEY), idBytes(row.id), sealed]);
  }

  /** Throws SealBrokenError when the bytes were not sealed by this tenant's data key for this place. */
  async open(tx: Tx, sealed: Uint8Array, place: string): Promise<string> {
    if (sealed[0] === SEALED_WITH_MASTER_KEY) return this.openFirstFormat(sealed.subarray(1), place);
    const row = sealed[0] === SEALED_WITH_DATA_KEY ? await findDataKey(tx) : null;
    const dataKeyId = sealed.subarray(1, 1 + DATA_KEY_ID_BYTES);
    if (row === null || !idBytes(row.id).equals(dataKeyId)) throw new SealBrokenError();
    return open(this.unwrap(tx, row), sealed.subarray(1 + DATA_KEY_ID_BYTES), place).toString('utf8');
  }

  /** True for bytes that a master key sealed itself, as the first version did: they outlive no rotation. */
  isOfFirstFormat(sealed: Uint8Array): boolean {
    return sealed[0] === SEALED_WITH_MASTER_KEY;
  }

  /** Wraps the tenant's data key under the current master key; false when it is already, or when there is none. */
  async rewrap(tx: Tx): Promise<boolean> {
    const row = await findDataKey(tx);
    if (row === null || row.masterKeyId === this.current.id) return false;
    await saveWrapping(tx, this.wrap(tx, row.id, this.unwrap(tx, row)));
    return true;
  }

  private async makeDataKey(tx: Tx): Promise<DataKeyRow> {
    await insertDataKey(tx, this.wrap(tx, newUuid(), randomBytes(SEALING_KEY_BYTES)));
    const row = await findDataKey(tx); // another transaction may have been faster
    if (row === null) throw new Error('the data key was not written');
    return row;
  }

  private wrap(tx: Tx, id: string, dataKey: Uint8Array): DataKeyRow {
    const wrapped = seal(this.current.key, dataKey, wrappingPlace(tx, id));
    return { id, wrapped, masterKeyId: this.current.id };
  }

  private unwrap(tx: Tx, row: DataKeyRow): Buffer {
    const masterKey = this.known.find(({ id }) => id === row.masterKeyId);
    if (masterKey === undefined) throw new SealBrokenError();
    return open(masterKey.key, row.wrapped, wrappingPlace(tx, row.id));
  }

  private openFirstFormat(sealed: Uint8Array, place: string): string {
    let failure: unknown = null;
    for (const { key } of this.known)
      try {
        return open(key, sealed, place).toString('utf8');
      } catch (error) {
        failure = error;
      }
    throw new SealBrokenError(failure);
  }
}

function masterKeyOf(hex: string): MasterKey {
  if (!MASTER_KEY.test(hex)) throw new Error('The master key is not 64 hexadecimal digits.');
  const key = Buffer.from(hex, 'hex');
  const id = createHash('sha256').update(key).digest('hex').slice(0, MASTER_KEY_ID_CHARACTERS);
  return { id, key };
}

/** What may be told of a master key: enough to know it again, nothing to find it by. */
export function masterKeyId(masterKeyHex: string): string {
  return masterKeyOf(masterKeyHex).id;
}

function wrappingPlace(tx: Tx, dataKeyId: string): string {
  return `${tx.tenantId}|data_key|${dataKeyId}|wrapped`;
}

function idBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}
