import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { encodeId, ID_PREFIXES, newUuid, SCOPES, type IdKind, type Scope } from '#contracts';
import { createApiKey, formatApiKey, revokeApiKey } from '#tenancy';
import { createTestDatabase } from '../../../../test/support/database.js';
import { aRowInEveryTable, contentOf, FOREIGN_TEXT } from '../../../../test/support/every-table.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi, OPERATOR_KEY } from '../../test-support/api.js';
import { operations, type Operation } from '../../test-support/operations.js';

const { transactions, owner, drop } = await createTestDatabase();
const guarded = operations.filter(({ access }) => access !== 'public');
const ofTenants = operations.filter(({ access }) => access === 'tenant');
const operatorOnly = operations.filter(({ access }) => access === 'operator');
/** A body that does not even parse, one that does, and one with text that cannot be stored. */
const BODIES = ['{', '{}', '{"text": "\\u0000"}'];

let app: INestApplication<Server>;
let theirs: { tenantId: string; rowId: string };
let own: { tenantId: string; apiKey: string };
let notGood: string[];

beforeAll(async () => {
  app = await anApi(transactions);
  await new Promise<void>((resolve) => app.getHttpServer().listen(0, '127.0.0.1', resolve));
  own = await aTenant(transactions);
  notGood = [
    await aRevokedKey(),
    await aKey(SCOPES, { expiresAt: new Date(0) }),
    formatApiKey('local', new Uint8Array(32).fill(3)), // that nobody was given
    'wk_local_nonsense',
  ];
  const { tenantId } = await aTenant(transactions);
  theirs = { tenantId, rowId: await aRowInEveryTable(owner, tenantId) };
});
afterAll(async () => {
  await app.close();
  await drop();
});

async function aKey(scopes: readonly Scope[], more: { expiresAt?: Date } = {}): Promise<string> {
  const { apiKey } = await transactions.inTransaction(own.tenantId, (tx) =>
    createApiKey(tx, { name: 'k', scopes, missionId: null, expiresAt: null, environment: 'local', ...more }),
  );
  return apiKey;
}

async function aRevokedKey(): Promise<string> {
  return transactions.inTransaction(own.tenantId, async (tx) => {
    const { row, apiKey } = await createApiKey(tx, {
      name: 'k',
      scopes: SCOPES,
      missionId: null,
      expiresAt: null,
      environment: 'local',
    });
    await revokeApiKey(tx, row.id);
    return apiKey;
  });
}

function send({ verb, path }: Operation, given: { id?: string; headers?: object; body?: string }) {
  const address = path.replace('{id}', given.id ?? 'anything');
  const sent = request(app.getHttpServer())[verb](address);
  return sent.set({ 'Content-Type': 'application/json', ...given.headers }).send(given.body ?? '{');
}
const bearer = (apiKey: string) => ({ Authorization: `Bearer ${apiKey}` });
const theirId = (kind: IdKind) => encodeId(kind, theirs.rowId);
const NOT_FOUND = {
  type: 'urn:wavekeeper:problem:not_found',
  title: 'Not Found',
  status: 404,
  detail: 'There is nothing at this address.',
  instance: null,
  code: 'not_found',
  retryable: false,
  errors: [],
};
const withoutName = (body: object) => ({ ...body, instance: null });

describe('every route', () => {
  it.each(guarded)('$verb $path refuses whoever has no good key', async (operation) => {
    const said = [
      {},
      { Authorization: 'Basic eA==' },
      { Cookie: 'wavekeeper=wks_nonsense' },
      ...notGood.map(bearer),
    ];
    const answers = await Promise.all(said.map((headers) => send(operation, { headers })));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
      said.map(() => [401, 'unauthenticated']),
    );
  });

  it.each(ofTenants.filter(({ scopes }) => scopes.length < SCOPES.length))(
    '$verb $path refuses a key without its scope, and the operator',
    async (operation) => {
      const others = SCOPES.filter((scope) => !operation.scopes.includes(scope));
      for (const apiKey of [await aKey(others), OPERATOR_KEY]) {
        const { status, body } = await send(operation, { headers: bearer(apiKey) });
        expect([status, body.code]).toEqual([403, 'insufficient_scope']);
      }
    },
  );

  it.each(operatorOnly)('$verb $path refuses a tenant’s key', async (operation) => {
    const { status, body } = await send(operation, { headers: bearer(own.apiKey) });
    expect([status, body.code]).toEqual([403, 'insufficient_scope']);
  });
});

describe('an id in an address', () => {
  const withId = guarded.flatMap((operation) =>
    operation.kind === null ? [] : [{ ...operation, kind: operation.kind }],
  );

  it.each(withId)(
    '$verb $path answers the same for what another tenant owns, for what is not there and for what is no id, whatever the body',
    async (operation) => {
      const { kind, access } = operation;
      const headers = bearer(access === 'operator' ? OPERATOR_KEY : own.apiKey);
      const otherKind = kind === 'event' ? 'mission' : 'event';
      const ids = [
        ...(access === 'operator' ? [] : [theirId(kind), theirId(kind).toUpperCase()]),
        encodeId(kind, newUuid()),
        encodeId(otherKind, theirs.rowId),
        theirs.rowId,
        'nothing',
        '%00',
        '%F0%9F',
        'x'.repeat(2_000),
      ];
      // each body with the first id, which is theirs where there is one; then each id with one of them
      const asked = [
        ...BODIES.map((body) => ({ id: ids[0], body })),
        ...ids.slice(1).map((id, index) => ({ id, body: BODIES[index % BODIES.length] })),
      ];
      const answers = await Promise.all(
        asked.map(async ({ id = '', body = '' }) => {
          const answered = await send(operation, { id, headers, body });
          return { id, status: answered.status, body: withoutName(answered.body) };
        }),
      );
      expect(answers).toEqual(asked.map(({ id }) => ({ id, status: 404, body: NOT_FOUND })));
    },
  );
});

describe('what another tenant owns', () => {
  const lists = ofTenants.filter(
    ({ verb, kind, answers }) => verb === 'get' && kind === null && answers['200'] !== null,
  );

  it.each(lists)('is nowhere in $verb $path', async (operation) => {
    const anyOfTheirs = encodeId('mission', theirs.rowId).split('_')[1] ?? '';
    const filters = operation.query.filter(({ name }) => name.endsWith('_id'));
    const queries = [
      {},
      ...filters.map(({ name }) => ({ [name]: theirId(kindNamed(name)) })),
      { q: FOREIGN_TEXT },
    ];
    for (const query of queries) {
      const answered = await send(operation, { headers: bearer(own.apiKey) }).query(query);
      expect(answered.text).not.toContain(FOREIGN_TEXT);
      expect(answered.text).not.toContain(anyOfTheirs);
    }
  });

  it('is as it was, after all of this', async () => {
    const before = await contentOf(owner, theirs.tenantId);
    expect(Object.values(before).filter((rows) => rows.length === 0)).toEqual([]);
    for (const operation of ofTenants)
      if (operation.kind !== null)
        await send(operation, { id: theirId(operation.kind), headers: bearer(own.apiKey), body: '{}' });
    expect(await contentOf(owner, theirs.tenantId)).toEqual(before);
  });

  /** `mission_id` → mission; a filter by what has no kind of its own is asked with a mission's. */
  function kindNamed(filter: string): IdKind {
    const name = filter.replace(/_id$/, '');
    return name in ID_PREFIXES ? (name as IdKind) : 'mission';
  }
});
