import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { createTestDatabase } from '../../../../test/support/database.js';
import { expectInvariants } from '../../../../test/support/invariants.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi, REFUSED_URL } from '../../test-support/api.js';

const { transactions, owner, drop } = await createTestDatabase();
let app: INestApplication<Server>;
let apiKey: string;
let schedules: string;
beforeAll(async () => {
  app = await anApi(transactions);
  ({ apiKey } = await aTenant(transactions));
  const mission = await send('post', '/v1/missions', { title: 'm' });
  schedules = `/v1/missions/${String(mission.body.id)}/schedules`;
});
afterAll(async () => {
  await expectInvariants({ owner });
  await app.close();
  await drop();
});

function send(verb: 'get' | 'post' | 'patch' | 'delete', path: string, body?: object, headers = {}) {
  const sent = request(app.getHttpServer())[verb](path);
  return sent.set({ Authorization: `Bearer ${apiKey}`, ...headers }).send(body);
}

const WEEKDAYS = { cron: '30 6 * * 1-5', time_zone: 'Europe/Berlin', task: { title: 'Count the parcels' } };

describe('a schedule over HTTP', () => {
  it('is created, read, listed, changed and removed', async () => {
    const created = await send('post', schedules, WEEKDAYS);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      ...WEEKDAYS,
      id: expect.stringMatching(/^sch_/),
      task: { title: 'Count the parcels', instructions: '', priority: 2, metadata: {} },
      catch_up: 'none',
      state: 'active',
      next_run_at: expect.stringMatching(/T0[45]:30:00.000Z$/),
      last_run_at: null,
      runs: 0,
    });
    const address = `/v1/schedules/${String(created.body.id)}`;
    expect((await send('get', address)).body).toEqual(created.body);
    expect((await send('get', schedules)).body).toEqual({ data: [created.body], next_cursor: null });
    const paused = await send('patch', address, { state: 'paused' });
    expect(paused.body).toMatchObject({ state: 'paused', next_run_at: null });
    expect((await send('delete', address)).status).toBe(204);
    expect((await send('get', address)).status).toBe(404);
  });

  it('is made once however often the request is sent', async () => {
    const key = { 'Idempotency-Key': 'weekdays' };
    const [first, again] = [
      await send('post', schedules, WEEKDAYS, key),
      await send('post', schedules, WEEKDAYS, key),
    ];
    expect(again.body).toEqual(first.body);
    expect((await send('get', schedules)).body.data).toHaveLength(1);
  });

  it('is not changed by whoever read an older version', async () => {
    const created = await send('post', schedules, WEEKDAYS);
    const address = `/v1/schedules/${String(created.body.id)}`;
    const { etag } = (await send('get', address)).headers;
    expect((await send('patch', address, { catch_up: 'one' }, { 'If-Match': etag })).status).toBe(200);
    expect((await send('patch', address, { catch_up: 'none' }, { 'If-Match': etag })).status).toBe(412);
  });

  it.each([
    [{ ...WEEKDAYS, cron: 'every day' }, 'invalid_cron', '/cron'],
    [{ ...WEEKDAYS, cron: '* * * * * *' }, 'invalid_cron', '/cron'],
    [{ ...WEEKDAYS, time_zone: 'Berlin' }, 'invalid_time_zone', '/time_zone'],
    [{ ...WEEKDAYS, catch_up: 'all' }, 'validation_failed', '/catch_up'],
    [{ ...WEEKDAYS, task: { title: 'x', key: 'k' } }, 'validation_failed', '/task/key'],
    [{ ...WEEKDAYS, task: { title: 'x', depends_on: ['T1'] } }, 'validation_failed', '/task/depends_on'],
    [
      { ...WEEKDAYS, task: { title: 'x', callback_url: REFUSED_URL } },
      'validation_failed',
      '/task/callback_url',
    ],
  ])('is refused with the field to mend: %#', async (body, code, pointer) => {
    const { status, body: problem } = await send('post', schedules, body);
    expect([status, problem.code, problem.errors[0].pointer]).toEqual([422, code, pointer]);
  });
});
