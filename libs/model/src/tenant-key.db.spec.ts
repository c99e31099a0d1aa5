import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { aMission, type TestMission } from '../../../test/support/mission.js';
import { ModelFailure, ModelGateway } from './index.js';

const REFUSAL = JSON.stringify({ type: 'error', error: { type: 'authentication_error', message: 'no' } });

describe('the key of a model request', () => {
  let database: TestDatabase;
  let provider: Server;
  let gateway: ModelGateway;
  const asked: IncomingHttpHeaders[] = [];
  const keys = new Map<string, string>();

  beforeAll(async () => {
    database = await createTestDatabase();
    provider = createServer((request, response) => {
      asked.push(request.headers);
      response.writeHead(401, { 'content-type': 'application/json' }).end(REFUSAL);
    }).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    gateway = new ModelGateway({
      transactions: database.transactions,
      apiKey: 'the-service-s-own',
      baseUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
      apiKeyOf: (tenantId) => Promise.resolve(keys.get(tenantId) ?? null),
    });
  });
  beforeEach(() => {
    asked.length = 0;
  });
  afterAll(async () => {
    provider.close();
    await database.drop();
  });

  const ask = ({ tenantId, id }: TestMission, provenTokens: number | null) =>
    gateway.ask({
      tenantId,
      missionId: id,
      waveId: null,
      attemptId: null,
      role: 'worker',
      body: { model: 'claude-sonnet-5-5', max_tokens: 10, messages: [{ role: 'user', content: 'x' }] },
      contextBudgetTokens: 8_000,
      provenTokens,
      allowPremium: false,
      signal: new AbortController().signal,
    });
  const presented = () => asked.map(({ authorization, ...rest }) => authorization ?? rest['x-api-key']);

  it('is the tenant’s own where it has one, also to count, and nobody else’s', async () => {
    const [theirs, other] = [await aMission(database), await aMission(database)];
    keys.set(theirs.tenantId, 'the-tenant-s-own');
    for (const provenTokens of [null, 100]) {
      await expect(ask(theirs, provenTokens)).rejects.toBeInstanceOf(ModelFailure);
      await expect(ask(other, provenTokens)).rejects.toBeInstanceOf(ModelFailure);
    }
    const [own, service] = [/the-tenant-s-own$/, /the-service-s-own$/].map((key) =>
      expect.stringMatching(key),
    );
    expect(presented()).toEqual([own, service, own, service]);
  });

  it('is the service’s again from the request after the tenant’s was taken back', async () => {
    const mission = await aMission(database);
    keys.set(mission.tenantId, 'the-tenant-s-own');
    await expect(ask(mission, 100)).rejects.toBeInstanceOf(ModelFailure);
    keys.delete(mission.tenantId);
    await expect(ask(mission, 100)).rejects.toBeInstanceOf(ModelFailure);
    expect(presented().map((key) => String(key).includes('service'))).toEqual([false, true]);
  });
});
