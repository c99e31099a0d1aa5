import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '#config';
import { createEndpoint, endpointSecretPlace } from '#ledger';
import { SecretBox, createTenant, SealBrokenError } from '#tenancy';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { rotateKeys } from '../src/keys-rotate.js';
import { loadSecrets, makeHome } from '../src/up-home.js';

const [FIRST, SECOND] = ['11', '22'].map((byte) => byte.repeat(32)) as [string, string];

describe('wavekeeper keys rotate', () => {
  let database: TestDatabase;
  let homeDir: string;
  beforeEach(async () => {
    database = await createTestDatabase();
    homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-rotate-'));
  });
  afterEach(async () => {
    await database.drop();
    await rm(homeDir, { recursive: true, force: true });
  });

  const configWith = (environment: Record<string, string> = {}) =>
    loadConfig({ DATABASE_URL: database.url, WAVEKEEPER_HOME: homeDir, LOG_LEVEL: 'silent', ...environment });

  /** A tenant whose webhook secret `box` has sealed; opens it with another. */
  async function aSealedSecret(box: SecretBox) {
    const { transactions } = database;
    const { row } = await transactions.inSystemTransaction((system) =>
      createTenant(system, { name: 't', limits: {}, environment: 'local' }),
    );
    const input = {
      url: 'https://a.example/',
      eventTypes: ['*'],
      missionId: null,
      includeResult: false,
      description: '',
    };
    const made = await transactions.inTransaction(row.id, (tx) => createEndpoint(tx, box, input));
    const openWith = (other: SecretBox) =>
      transactions.inTransaction(row.id, async (tx) => {
        const endpoint = await tx.db.webhookEndpoint.findFirstOrThrow();
        return other.open(tx, endpoint.secretSealed, endpointSecretPlace(row.id, endpoint.id));
      });
    return { secret: made.secret, openWith };
  }

  it('puts every tenant under the key of the environment, so that the previous one can be dropped', async () => {
    const sealed = [await aSealedSecret(new SecretBox(FIRST)), await aSealedSecret(new SecretBox(FIRST))];
    const keys = { WAVEKEEPER_MASTER_KEY: SECOND, WAVEKEEPER_MASTER_KEY_PREVIOUS: FIRST };
    expect(await rotateKeys(configWith(keys))).toBe(0);
    for (const { secret, openWith } of sealed) {
      expect(await openWith(new SecretBox(SECOND))).toBe(secret);
      await expect(openWith(new SecretBox(FIRST))).rejects.toThrow(SealBrokenError);
    }
  });

  it('makes a new key in the home when the environment gives none, and forgets the old one', async () => {
    await makeHome(homeDir);
    const before = await loadSecrets(configWith());
    const { secret, openWith } = await aSealedSecret(new SecretBox(before.masterKey));
    expect(await rotateKeys(configWith())).toBe(0);
    const after = await loadSecrets(configWith());
    expect(after).toMatchObject({ adminKey: before.adminKey, previousMasterKey: null });
    expect(await openWith(new SecretBox(after.masterKey))).toBe(secret);
    expect(await readFile(path.join(homeDir, 'secrets.json'), 'utf8')).not.toContain(before.masterKey);
  });

  it('refuses while a service runs on the home, and changes nothing', async () => {
    await makeHome(homeDir);
    const before = await loadSecrets(configWith());
    const service = { pid: process.ppid, url: 'http://127.0.0.1:9' }; // any process that lives
    await writeFile(path.join(homeDir, 'service.json'), JSON.stringify(service));
    await expect(rotateKeys(configWith())).rejects.toThrow('keeps the old master key in memory');
    expect(await loadSecrets(configWith())).toEqual({ ...before, isNew: false });
  });
});
