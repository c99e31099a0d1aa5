import { randomBytes } from 'node:crypto';
import { createTestDatabase } from '../../../test/support/database.js';
import { createTenant, SealBrokenError, SecretBox } from './index.js';
import { seal } from './seal.js';

const [FIRST, SECOND, THIRD] = ['ab', 'cd', 'ef'].map((byte) => byte.repeat(32)) as [string, string, string];
const { transactions, owner, drop } = await createTestDatabase();
afterAll(() => drop());

const aTenant = () =>
  transactions.inSystemTransaction(async (system) => {
    const { row } = await createTenant(system, { name: 'a tenant', limits: {}, environment: 'local' });
    return row.id;
  });
const sealing = (tenantId: string, box: SecretBox, secret = 'a secret') =>
  transactions.inTransaction(tenantId, (tx) => box.seal(tx, secret, 'here'));
const opening = (tenantId: string, box: SecretBox, sealed: Uint8Array, place = 'here') =>
  transactions.inTransaction(tenantId, (tx) => box.open(tx, sealed, place));
const rewrapping = (tenantId: string, box: SecretBox) =>
  transactions.inTransaction(tenantId, (tx) => box.rewrap(tx));

describe('SecretBox', () => {
  const box = new SecretBox(FIRST);

  it('opens what it sealed, for the same tenant and place, and for no other', async () => {
    const [tenantId, other] = [await aTenant(), await aTenant()];
    const sealed = await sealing(tenantId, box);
    await sealing(other, box);
    expect(await opening(tenantId, box, sealed)).toBe('a secret');
    await expect(opening(tenantId, box, sealed, 'elsewhere')).rejects.toThrow(SealBrokenError);
    await expect(opening(other, box, sealed)).rejects.toThrow(SealBrokenError);
    await expect(opening(await aTenant(), box, sealed)).rejects.toThrow(SealBrokenError);
  });

  it('never opens what it did not make: cut off, altered, or of another format', async () => {
    const tenantId = await aTenant();
    const sealed = await sealing(tenantId, box);
    for (const bytes of [new Uint8Array(), sealed.subarray(0, 20), Buffer.from([3, ...sealed.subarray(1)])])
      await expect(opening(tenantId, box, bytes)).rejects.toThrow(SealBrokenError);
  });

  it('gives a tenant one data key, however many seal at once', async () => {
    const tenantId = await aTenant();
    const sealed = await Promise.all(
      Array.from({ length: 8 }, (_, number) => sealing(tenantId, box, `${number}`)),
    );
    expect(await Promise.all(sealed.map((bytes) => opening(tenantId, box, bytes)))).toEqual(
      sealed.map((_, number) => `${number}`),
    );
  });

  it('never seals with a data key that was rolled back', async () => {
    const tenantId = await aTenant();
    const failing = transactions.inTransaction(tenantId, async (tx) => {
      await box.seal(tx, 'lost', 'here');
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await opening(tenantId, box, await sealing(tenantId, box))).toBe('a secret');
  });

  it('opens what the previous master key wrapped, and after a rewrapping without that key', async () => {
    const tenantId = await aTenant();
    const sealed = await sealing(tenantId, box);
    const rotating = new SecretBox(SECOND, FIRST);
    expect(await opening(tenantId, rotating, sealed)).toBe('a secret');
    await expect(opening(tenantId, new SecretBox(SECOND), sealed)).rejects.toThrow(SealBrokenError);
    expect([await rewrapping(tenantId, rotating), await rewrapping(tenantId, rotating)]).toEqual([
      true,
      false,
    ]);
    expect(await opening(tenantId, new SecretBox(SECOND), sealed)).toBe('a secret');
    await expect(opening(tenantId, box, sealed)).rejects.toThrow(SealBrokenError);
  });

  it('opens what a master key sealed itself, as the first version did, with either of two', async () => {
    const tenantId = await aTenant();
    const old = Buffer.concat([
      Buffer.of(1),
      seal(Buffer.from(FIRST, 'hex'), Buffer.from('an old secret'), 'here'),
    ]);
    for (const known of [box, new SecretBox(SECOND, FIRST)])
      expect(await opening(tenantId, known, old)).toBe('an old secret');
    await expect(opening(tenantId, new SecretBox(THIRD, SECOND), old)).rejects.toThrow(SealBrokenError);
  });

  it('keeps no data key that the database could show, nor one wrapping for two tenants', async () => {
    const [one, other] = [await aTenant(), await aTenant()];
    const sealed = await sealing(one, box);
    await sealing(other, box);
    await owner.query(
      `UPDATE data_key SET id = theirs.id, wrapped = theirs.wrapped FROM data_key theirs
        WHERE data_key.tenant_id = $1 AND theirs.tenant_id = $2`,
      [other, one],
    );
    await expect(opening(other, box, sealed)).rejects.toThrow(SealBrokenError);
  });

  it('refuses a master key of another form', () => {
    expect(() => new SecretBox('short')).toThrow('64 hexadecimal digits');
    expect(() => new SecretBox(FIRST, randomBytes(16).toString('hex'))).toThrow('64 hexadecimal digits');
  });
});
