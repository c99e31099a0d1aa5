import { createApiKey, revokeApiKey } from '#tenancy';
import { decodeId, type LedgerEvent } from '#contracts';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { expectInvariants } from '../../../../test/support/invariants.js';
import { startService, type TestService } from '../../../../test/support/service.js';

let database: TestDatabase;
let service: TestService;
beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService(database, { queue: 'none' });
});
afterAll(async () => {
  await service.stop();
  await expectInvariants(database);
  await database.drop();
});

const send = async (method: string, path: string, body?: unknown, apiKey = service.apiKey) => {
  const answer = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

const aPausedMission = async (): Promise<string> => {
  const { body } = await send('POST', '/v1/missions', { title: 'Followed' });
  await send('POST', `/v1/missions/${String(body.id)}/pause`, {});
  return String(body.id);
};

/** Follows until `isEnough`; answers what came. */
async function follow<Data>(
  path: string,
  isEnough: (received: readonly Data[]) => boolean,
  options: {
    readonly headers?: Record<string, string>;
    readonly apiKey?: string;
    onOpen?: () => unknown;
  } = {},
): Promise<Data[]> {
  const leaving = new AbortController();
  const answer = await fetch(`${service.url}${path}`, {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${options.apiKey ?? service.apiKey}`,
      ...options.headers,
    },
    signal: leaving.signal,
  });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  const received: Data[] = [];
  let text = '';
  let isOpen = false;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    if (!isOpen) void options.onOpen?.();
    isOpen = true;
    text += Buffer.from(chunk).toString();
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
      if (data !== undefined) received.push(JSON.parse(data) as Data);
    }
    if (isEnough(received)) break;
  }
  leaving.abort();
  return received;
}

const seqs = (events: readonly LedgerEvent[]) => events.map(({ seq }) => seq);
const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a mission’s stream', () => {
  it('brings every event of twelve writers at once, in order and without gaps', async () => {
    const missionId = await aPausedMission();
    const TASKS = 12 * 2;
    const write = async () => {
      for (let accepted = 0; accepted < 2;) {
        const { status } = await send('POST', `/v1/missions/${missionId}/tasks`, { title: 'A task' });
        if (status === 201) accepted += 1; // a machine under load may say 503
      }
    };
    const events = await follow<LedgerEvent>(
      `/v1/missions/${missionId}/events`,
      (received) => received.filter(({ type }) => type === 'task.created').length === TASKS,
      { onOpen: () => Promise.all(Array.from({ length: 12 }, write)) },
    );
    expect(seqs(events)).toEqual(upTo(events.length));
    const listed = await send('GET', `/v1/missions/${missionId}/events?limit=100`);
    expect(listed.body.data).toEqual(events);
  });

  it('goes on after the last event that its reader has seen, which counts more than the address', async () => {
    const missionId = await aPausedMission();
    await send('POST', `/v1/missions/${missionId}/tasks`, { tasks: Array(5).fill({ title: 'A task' }) });
    const path = `/v1/missions/${missionId}/events?after=2`;
    const isAll = (received: readonly LedgerEvent[]) => received.at(-1)?.seq === 7;
    expect(seqs(await follow(path, isAll))).toEqual(upTo(7, 3));
    expect(seqs(await follow(path, isAll, { headers: { 'last-event-id': '5' } }))).toEqual(upTo(7, 6));
  });

  it('is JSON for whoever asks for nothing else, and never for another tenant', async () => {
    const missionId = await aPausedMission();
    expect((await send('GET', `/v1/missions/${missionId}/events`)).body).toHaveProperty('next_cursor', null);
    const answer = await fetch(`${service.url}/v1/missions/${missionId}/events`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${await service.anotherKey()}` },
    });
    expect(answer.status).toBe(404);
  });

  it('ends when its key is revoked, with the reason', async () => {
    const missionId = await aPausedMission();
    const tenantId = decodeId('tenant', service.tenantId) ?? '';
    const key = await database.transactions.inTransaction(tenantId, (tx) =>
      createApiKey(tx, {
        name: 'k',
        scopes: ['missions:read'],
        missionId: null,
        expiresAt: null,
        environment: 'local',
      }),
    );
    const received = await follow<{ reason?: string }>(`/v1/missions/${missionId}/events`, () => false, {
      apiKey: key.apiKey,
      onOpen: () => database.transactions.inTransaction(tenantId, (tx) => revokeApiKey(tx, key.row.id)),
    });
    expect(received.at(-1)).toEqual({ reason: 'key_revoked' });
  });
});

describe('the stream of hints', () => {
  it('says which mission has new events, to a bound key only of its own', async () => {
    const [mission, other] = [await aPausedMission(), await aPausedMission()];
    const tenantId = decodeId('tenant', service.tenantId) ?? '';
    const { apiKey } = await database.transactions.inTransaction(tenantId, (tx) =>
      createApiKey(tx, {
        name: 'k',
        scopes: ['missions:read'],
        missionId: decodeId('mission', mission),
        expiresAt: null,
        environment: 'local',
      }),
    );
    const hints = await follow<{ mission_id: string; seq: number }>(
      '/v1/events/stream',
      (received) => received.length > 0,
      {
        apiKey,
        onOpen: async () => {
          await send('POST', `/v1/missions/${other}/tasks`, { title: 'Unheard' });
          await send('POST', `/v1/missions/${mission}/tasks`, { title: 'Heard' });
        },
      },
    );
    expect(hints).toEqual([{ mission_id: mission, seq: 3 }]);
  });
});
