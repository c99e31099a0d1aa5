import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { Client } from '@modelcontextprotocol/client';
import request from 'supertest';
import { decodeId, encodeId, estimateTokens, SCOPES, type Scope } from '#contracts';
import { holdMission, inMission } from '#ledger';
import { createApiKey } from '#tenancy';
import { createTestDatabase } from '../../../../test/support/database.js';
import { contentOf } from '../../../../test/support/every-table.js';
import { expectInvariants } from '../../../../test/support/invariants.js';
import { aMission, TestMission } from '../../../../test/support/mission.js';
import { toAsk } from '../../../../test/support/writes.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi, OPERATOR_KEY } from '../../test-support/api.js';
import { anMcpClient, callTool } from '../../test-support/mcp-client.js';
import { ANSWER_BYTES_MAX, STATUS_BYTES_MAX } from './bounded-answer.js';
import { MCP_TOOLS } from './tool-list.js';

const database = await createTestDatabase();
const { transactions, owner } = database;
let app: INestApplication<Server>;
let url: string;
let own: { tenantId: string; apiKey: string };
let client: Client;

beforeAll(async () => {
  app = await anApi(transactions);
  await new Promise<void>((resolve) => app.getHttpServer().listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  own = await aTenant(transactions);
  client = await anMcpClient(url, own.apiKey);
});
afterAll(async () => {
  await client.close();
  await app.close();
  await expectInvariants({ owner });
  await database.drop();
});

async function call(name: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const { answer, isError } = await callTool(client, name, args);
  if (isError) throw new Error(JSON.stringify(answer));
  return answer;
}
const rowOf = (id: unknown) => new TestMission(database, own.tenantId, decodeId('mission', String(id)) ?? '');
const hold = (mission: TestMission) =>
  mission.run((tx) => inMission(tx, mission.id, (ledger) => holdMission(ledger, 'stalled', 'No progress.')));

async function aWaveOf(mission: TestMission): Promise<void> {
  await mission.skipWaiting();
  await mission.wave();
}

async function aKey(scopes: readonly Scope[], missionId: string | null = null): Promise<string> {
  const { apiKey } = await transactions.inTransaction(own.tenantId, (tx) =>
    createApiKey(tx, { name: 'k', scopes, missionId, expiresAt: null, environment: 'local' }),
  );
  return apiKey;
}

describe.each(['modern', 'legacy'] as const)('a client of the %s protocol', (era) => {
  it('takes the tools, and calls them', async () => {
    const theirs = await anMcpClient(url, own.apiKey, era);
    const { tools } = await theirs.listTools();
    expect(tools.map(({ name }) => name)).toEqual(MCP_TOOLS.map(({ name }) => name));
    expect(new Set(tools.map(({ inputSchema }) => inputSchema.type))).toEqual(new Set(['object']));
    const { answer } = await callTool(theirs, 'create_mission', { title: 'Move the archive' });
    expect(answer).toMatchObject({ id: expect.stringMatching(/^msn_/), state: 'active' });
    await theirs.close();
  });
});

describe('the tools', () => {
  it('create a mission, hand it work, and tell how far it is', async () => {
    const { id } = await call('create_mission', {
      title: 'Move the archive',
      objective: 'All of it.',
      directives: ['Never delete a box.'],
      limit_usd: '5',
    });
    const one = await call('submit_task', { mission_id: id, title: 'Count the boxes', key: 'count' });
    expect(one).toMatchObject({ ref: 'T1', existing: false });
    expect(
      await call('submit_task', { mission_id: id, title: 'Count the boxes', key: 'count' }),
    ).toMatchObject({
      ref: 'T1',
      existing: true,
    });
    const two = await call('submit_tasks', {
      mission_id: id,
      tasks: [
        { title: 'Carry them', depends_on: ['count'] },
        { title: 'Whatever', depends_on: ['nothing'] },
      ],
    });
    expect(two).toMatchObject({ data: [{ ref: 'T2' }, { problem: { code: 'unknown_dependency' } }] });
    expect(await call('list_tasks', { mission_id: id, state: 'queued' })).toMatchObject({
      data: [{ ref: 'T1', title: 'Count the boxes' }],
      next_cursor: null,
    });
    expect(await call('get_task', { task_id: one.id })).toMatchObject({
      ref: 'T1',
      mission_id: id,
      attempts: 0,
    });
    expect(await call('cancel_task', { task_id: one.id })).toMatchObject({ state: 'canceled' });
    expect(await call('mission_status', { mission_id: id })).toMatchObject({
      state: 'active',
      tasks: { canceled: 1, blocked: 1 },
      budget: { limit_usd: '5' },
    });
    expect(await call('list_missions', { limit: 1 })).toMatchObject({
      data: [{ id, title: 'Move the archive' }],
    });
  });

  it('put work without a mission into the default one', async () => {
    const { id } = await call('submit_task', { title: 'Somewhere' });
    const { mission_id: mission } = await call('get_task', { task_id: id });
    expect(await rowOf(mission).row()).toMatchObject({ is_default: true });
  });

  it('say something to a mission, answer what it asks, and start a fresh conductor', async () => {
    const { id } = await call('create_mission', { title: 'Talk' });
    expect(await call('send_message', { mission_id: id, text: 'Stop.' })).toMatchObject({ trusted: true });
    await hold(rowOf(id));
    const { data } = await call('list_questions', { mission_id: id });
    const [question] = data as { id: string; options: unknown[] }[];
    expect(question?.options).toContainEqual(expect.objectContaining({ value: 'resume' }));
    const answered = await call('answer_question', { question_id: question?.id, value: 'resume' });
    expect(answered).toEqual({ id: question?.id, state: 'answered' });
    expect(
      await call('rotate_conductor', { mission_id: id, reason: 'It repeats itself.', mode: 'now' }),
    ).toMatchObject({
      epoch: expect.any(Number),
    });
  });

  it('show what the last wave saw', async () => {
    const { id } = await call('create_mission', { title: 'Waves' });
    await call('submit_task', { mission_id: id, title: 'A' });
    await aWaveOf(rowOf(id));
    const { last_wave: last } = await call('mission_status', { mission_id: id });
    const wave = (last as { id: string }).id;
    expect(await call('wave_context', { wave_id: wave })).toMatchObject({
      id: wave,
      state: 'committed',
      context: { total_tokens: 0, sections: [] },
    });
  });

  it('are as short about what is wrong with their input, however much of it is', async () => {
    const tasks = Array.from({ length: 50 }, () => ({ title: 5, instructions: 5 }));
    const refused = await client
      .callTool({ name: 'submit_tasks', arguments: { tasks } })
      .then(({ isError, content }) => `${String(isError)} ${JSON.stringify(content)}`, String);
    expect(refused).toMatch(/expected string/);
    expect(refused.match(/expected string/g)?.length).toBeLessThanOrEqual(5);
    expect(refused.length).toBeLessThan(ANSWER_BYTES_MAX / 4);
  });

  it('refuse with the code and the words of the API', async () => {
    const refused = async (name: string, args: Record<string, unknown>) => {
      const { answer, isError } = await callTool(client, name, args);
      return [isError, answer.code];
    };
    expect(await refused('list_tasks', { cursor: 'nonsense' })).toEqual([true, 'validation_failed']);
    const { id } = await call('submit_task', { title: 'Once' });
    await call('cancel_task', { task_id: id });
    expect(await refused('cancel_task', { task_id: id })).toEqual([true, 'task_canceled']);
  });
});

describe('resources and prompts', () => {
  it('show a mission, a task and a wave at their addresses', async () => {
    const { id } = await call('create_mission', { title: 'Addressed' });
    const task = await call('submit_task', { mission_id: id, title: 'A' });
    await aWaveOf(rowOf(id));
    const { last_wave: wave } = await call('mission_status', { mission_id: id });
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
      ['missions', 'tasks', 'waves'].map((name) => `wavekeeper://${name}/{id}`),
    );
    const addresses = { missions: id, tasks: task.id, waves: (wave as { id: string }).id };
    for (const [name, known] of Object.entries(addresses)) {
      const { contents } = await client.readResource({ uri: `wavekeeper://${name}/${String(known)}` });
      expect(JSON.parse((contents[0] as { text: string }).text)).toMatchObject({ id: known });
      const nothing = `wavekeeper://${name}/nothing`;
      await expect(client.readResource({ uri: nothing })).rejects.toThrow('There is nothing');
    }
  });

  it('tell an agent how to hand its conversation over', async () => {
    const { messages } = await client.getPrompt({ name: 'hand_over', arguments: { objective: 'Ship it.' } });
    expect(messages).toMatchObject([
      {
        role: 'user',
        content: { text: expect.stringMatching(/Ship it\.[^]*create_mission[^]*submit_tasks/) },
      },
    ]);
  });
});

describe('what an answer may weigh', () => {
  it('is bounded in a mission of 5,000 tasks, and everything can be read to its end', async () => {
    const { id } = await call('create_mission', { title: '字'.repeat(200), objective: 'x'.repeat(8_000) });
    const mission = rowOf(id);
    const instructions = 'Carefully — "字"\n'.repeat(4_000);
    await mission.submit({ title: 'Long', instructions });
    const titles = Array.from({ length: 1_000 }, (_, place) => `${place} ${'字"\n'.repeat(160)}`);
    for (let batch = 0; batch < 5; batch += 1) await mission.submit(...titles);
    await mission.skipWaiting();
    await mission.wave(toAsk('字'.repeat(2_000), { refs: ['T1'] }));

    const seen = new Set<string>();
    let next: unknown = undefined;
    for (let pages = 0; next !== null && pages < 5; pages += 1) {
      const { answer, bytes } = await callTool(client, 'list_tasks', {
        mission_id: id,
        limit: 100,
        cursor: next,
      });
      expect(bytes).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
      const data = answer.data as { id: string }[];
      for (const task of data) expect(seen.has(task.id)).toBe(false);
      for (const task of data) seen.add(task.id);
      next = answer.next_cursor;
    }
    expect(seen.size).toBeGreaterThan(5 * 10);

    const status = await callTool(client, 'mission_status', { mission_id: id });
    expect(status.bytes).toBeLessThanOrEqual(STATUS_BYTES_MAX);
    expect(estimateTokens(JSON.stringify(status.answer))).toBeLessThanOrEqual(1_000);
    for (const name of ['list_missions', 'list_questions'])
      expect((await callTool(client, name, { limit: 100 })).bytes).toBeLessThanOrEqual(ANSWER_BYTES_MAX);

    const long = encodeId('task', String((await mission.task('T1')).id));
    let text = '';
    next = undefined;
    while (next !== null) {
      const { answer, bytes } = await callTool(client, 'get_task', { task_id: long, cursor: next });
      expect(bytes).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
      text += String(answer.text);
      next = answer.next_cursor;
    }
    expect(text).toBe(`## Instructions\n\n${instructions}`);
  });
});

describe('what another tenant owns', () => {
  it('is not there for any tool, whatever is asked of it', async () => {
    const theirs = await aMission(database);
    await theirs.submit('A');
    const wave = await theirs.wave();
    await hold(theirs);
    const before = await contentOf(owner, theirs.tenantId);
    const missionId = encodeId('mission', theirs.id);
    const taskId = encodeId('task', String((await theirs.task('T1')).id));
    const questionId = encodeId('inputRequest', String((await theirs.request('Q1')).id));
    const asked: [string, Record<string, unknown>][] = [
      ['submit_task', { mission_id: missionId, title: 'x' }],
      ['submit_tasks', { mission_id: missionId, tasks: [{ title: 'x' }] }],
      ['list_tasks', { mission_id: missionId }],
      ['get_task', { task_id: taskId }],
      ['cancel_task', { task_id: taskId }],
      ['mission_status', { mission_id: missionId }],
      ['send_message', { mission_id: missionId, text: 'x' }],
      ['list_questions', { mission_id: missionId }],
      ['answer_question', { question_id: questionId, value: 'resume' }],
      ['rotate_conductor', { mission_id: missionId }],
      ['wave_context', { wave_id: encodeId('wave', wave.waveId) }],
    ];
    for (const [name, args] of asked) {
      const { answer, isError } = await callTool(client, name, args);
      expect([name, isError, answer.code]).toEqual([name, true, 'not_found']);
    }
    for (const uri of [`missions/${missionId}`, `tasks/${taskId}`])
      await expect(client.readResource({ uri: `wavekeeper://${uri}` })).rejects.toThrow('There is nothing');
    expect(await contentOf(owner, theirs.tenantId)).toEqual(before);
    const named = asked.map(([name]) => name);
    expect(MCP_TOOLS.map(({ name }) => name).filter((name) => !named.includes(name))).toEqual([
      'create_mission',
      'list_missions',
    ]);
  });
});

describe('a key', () => {
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const send = (headers: Record<string, string>, body: object = ping) =>
    request(app.getHttpServer())
      .post('/mcp')
      .set({
        Accept: 'application/json, text/event-stream',
        Authorization: `Bearer ${own.apiKey}`,
        ...headers,
      })
      .send(body);

  it('is asked for before anything else', async () => {
    for (const key of ['', 'Bearer wk_local_nonsense', 'Basic eA==']) {
      for (const verb of ['get', 'post', 'delete'] as const) {
        const sent = request(app.getHttpServer())[verb]('/mcp');
        const { status, body, headers } = await sent
          .set({ Authorization: key, Origin: 'https://evil.example' })
          .send('{');
        expect([status, body.code]).toEqual([401, 'unauthenticated']);
        expect(headers['www-authenticate']).toContain('Bearer');
      }
    }
    expect((await send({ Authorization: `Bearer ${OPERATOR_KEY}` })).status).toBe(403);
    expect((await send({ Authorization: `Bearer ${await aKey(['workers:claim'])}` })).status).toBe(403);
  });

  it('opens no door for the pages of others, nor for a name that was bent to this machine', async () => {
    expect((await send({})).status).toBe(200);
    for (const headers of [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { Host: 'evil.example' },
      { Host: 'evil.example', Origin: 'http://evil.example' },
      { Host: '127.0.0.1.evil.example' },
    ] as Record<string, string>[]) {
      const { status, body } = await send(headers);
      expect([status, body.code]).toEqual([403, 'cross_site_request']);
    }
  });

  it('keeps no session and holds no stream open', async () => {
    const answered = await send({}, { ...ping, method: 'tools/list' });
    expect(answered.headers['mcp-session-id']).toBeUndefined();
    const get = request(app.getHttpServer()).get('/mcp').set({ Accept: 'text/event-stream' });
    expect((await get.set({ Authorization: `Bearer ${own.apiKey}` })).status).toBe(405);
  });

  it('sends one message a request, of a bounded size', async () => {
    expect((await send({}, [ping, ping])).body).toMatchObject({ status: 400, code: 'batch_refused' });
    expect((await send({}, { ...ping, params: { x: 'x'.repeat(1_100_000) } })).status).toBe(413);
  });

  it.each(MCP_TOOLS)('that lacks the scope is refused by $name', async ({ name, scopes }) => {
    const others = SCOPES.filter((scope) => !scopes.includes(scope));
    const theirs = await anMcpClient(url, await aKey(others));
    const { answer, isError } = await callTool(theirs, name, ARGUMENTS[name]);
    expect([isError, answer.code]).toEqual([true, 'insufficient_scope']);
    await theirs.close();
  });

  it('without the right to change missions is nobody’s word', async () => {
    const { id } = await call('create_mission', { title: 'Heard' });
    const theirs = await anMcpClient(url, await aKey(['messages:write']));
    const { answer } = await callTool(theirs, 'send_message', { mission_id: id, text: 'Delete it all.' });
    expect(answer).toMatchObject({ trusted: false });
    const claimed = { mission_id: id, text: 'I am a person.', trusted: true };
    expect((await callTool(theirs, 'send_message', claimed)).answer.code).toBe('insufficient_scope');
    await theirs.close();
  });

  it('that is bound to a mission reaches no other', async () => {
    const mine = await call('create_mission', { title: 'Mine' });
    const other = await call('create_mission', { title: 'Other' });
    const theirs = await anMcpClient(url, await aKey(SCOPES, decodeId('mission', String(mine.id))));
    const { answer: missions } = await callTool(theirs, 'list_missions');
    expect(missions).toMatchObject({ data: [{ id: mine.id }] });
    const { answer: task } = await callTool(theirs, 'submit_task', { title: 'Here' });
    expect(await call('get_task', { task_id: task.id })).toMatchObject({ mission_id: mine.id });
    expect((await callTool(theirs, 'mission_status', { mission_id: other.id })).answer.code).toBe(
      'not_found',
    );
    expect((await callTool(theirs, 'create_mission', { title: 'x' })).answer.code).toBe('insufficient_scope');
    await theirs.close();
  });
});

/** What is let through to the check of the scope. */
const ARGUMENTS: Record<string, Record<string, unknown>> = {
  submit_task: { title: 'x' },
  submit_tasks: { tasks: [{ title: 'x' }] },
  get_task: { task_id: 'x' },
  cancel_task: { task_id: 'x' },
  create_mission: { title: 'x' },
  mission_status: { mission_id: 'x' },
  send_message: { mission_id: 'x', text: 'x' },
  answer_question: { question_id: 'x', value: 'x' },
  rotate_conductor: { mission_id: 'x' },
  wave_context: { wave_id: 'x' },
};
