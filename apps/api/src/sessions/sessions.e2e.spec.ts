import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request, { type Response } from 'supertest';
import { encodeId, SCOPES, type Scope } from '#contracts';
import { createApiKey, createSignInLink, revokeApiKey } from '#tenancy';
import { createTestDatabase } from '../../../../test/support/database.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi, OPERATOR_KEY } from '../../test-support/api.js';

const { transactions, owner, drop } = await createTestDatabase();
let app: INestApplication<Server>;
beforeAll(async () => {
  app = await anApi(transactions);
});
afterAll(async () => {
  await app.close();
  await drop();
});

const api = () => request(app.getHttpServer());
const signIn = (credential: object, headers: Record<string, string> = {}) =>
  api().post('/v1/session').set(headers).send(credential);
const cookieOf = (answered: Response): string => String(answered.headers['set-cookie']?.[0]);
/** What a browser sends back. */
const cookie = (answered: Response) => ({ Cookie: cookieOf(answered).split(';')[0] ?? '' });
const OURS = { 'Sec-Fetch-Site': 'same-origin' };

async function aKey(scopes: readonly Scope[] = SCOPES) {
  const { tenantId } = await aTenant(transactions);
  const made = await transactions.inTransaction(tenantId, (tx) =>
    createApiKey(tx, { name: 'k', scopes, missionId: null, expiresAt: null, environment: 'local' }),
  );
  return { tenantId, keyId: made.row.id, apiKey: made.apiKey };
}

async function aLink(of: { tenantId: string; keyId: string }): Promise<string> {
  const { token } = await transactions.inTransaction(of.tenantId, (tx) => createSignInLink(tx, of.keyId));
  return token;
}

async function aSession(scopes: readonly Scope[] = SCOPES) {
  const key = await aKey(scopes);
  const answered = await signIn({ api_key: key.apiKey });
  expect(answered.status).toBe(201);
  return { ...key, id: String(answered.body.id), headers: cookie(answered) };
}
const read = (headers: Record<string, string>) => api().get('/v1/session').set(headers);

describe('signing in', () => {
  it('with a key gives a cookie that no script reads, that no other site brings along, and that ends after a week', async () => {
    const { apiKey, tenantId, keyId } = await aKey(['missions:read']);
    const answered = await signIn({ api_key: apiKey });
    expect([answered.status, answered.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^ses_/),
        tenant_id: encodeId('tenant', tenantId),
        api_key_id: encodeId('apiKey', keyId),
        scopes: ['missions:read'],
        mission_id: null,
        expires_at: expect.any(String),
      },
    ]);
    expect(cookieOf(answered)).toMatch(
      /^wavekeeper=wks_\w{43}; Path=\/; Expires=[^;]+GMT; HttpOnly; SameSite=Lax$/,
    );
    expect(answered.text).not.toContain('wks_');
  });

  it.each<Record<string, string>>([{ Host: 'wavekeeper.example' }, { 'X-Forwarded-Proto': 'https' }])(
    'over https gives a cookie of this host alone: %j',
    async (headers) => {
      const answered = await signIn({ api_key: (await aKey()).apiKey }, headers);
      expect(cookieOf(answered)).toMatch(/^__Host-wavekeeper=wks_\w{43}; Path=\/; .*; Secure; /);
      expect((await read({ ...cookie(answered), ...headers })).status).toBe(200);
      expect((await read(cookie(answered))).status).toBe(401);
    },
  );

  it('again gives another session, and ends the one before', async () => {
    const first = await aSession();
    const second = await signIn({ api_key: first.apiKey }, first.headers);
    expect((await read(first.headers)).status).toBe(401);
    expect((await read(cookie(second))).status).toBe(200);
  });

  it('from a page of another site is refused', async () => {
    const { apiKey } = await aKey();
    const elsewhere: Record<string, string>[] = [
      { 'Sec-Fetch-Site': 'cross-site' },
      { Origin: 'https://evil.example' },
    ];
    for (const headers of elsewhere) {
      const answered = await signIn({ api_key: apiKey }, headers);
      expect([answered.status, answered.body.code]).toEqual([403, 'cross_site_request']);
    }
  });

  it('takes no operator’s key, no session, and not a key and a token at once', async () => {
    expect((await signIn({ api_key: OPERATOR_KEY })).status).toBe(401);
    const { headers, apiKey } = await aSession();
    expect((await signIn({ token: headers.Cookie.split('=')[1] })).status).toBe(401);
    expect((await signIn({ api_key: apiKey, token: 'wkl_x' })).status).toBe(422);
  });
});

describe('a sign-in link', () => {
  it('signs in once', async () => {
    const token = await aLink(await aKey());
    const answers = await Promise.all([signIn({ token }), signIn({ token }), signIn({ token })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401]);
  });

  it('is made by any key, for its own rights', async () => {
    const { apiKey } = await aKey(['tasks:read']);
    const made = await api()
      .post('/v1/sign-in-links')
      .set({ Authorization: `Bearer ${apiKey}` });
    const [, token] = String(made.body.path).split('/sign-in#');
    const answered = await signIn({ token });
    expect([made.status, answered.status, answered.body.scopes]).toEqual([201, 201, ['tasks:read']]);
  });

  it('is worth nothing after a quarter of an hour, nor when its key has ended', async () => {
    const [late, revoked] = [await aKey(), await aKey()];
    const tokens = [await aLink(late), await aLink(revoked)];
    await owner.query(
      `UPDATE sign_in_link SET expires_at = expires_at - interval '15 minutes' WHERE tenant_id = $1`,
      [late.tenantId],
    );
    await transactions.inTransaction(revoked.tenantId, (tx) => revokeApiKey(tx, revoked.keyId));
    for (const token of tokens) expect((await signIn({ token })).status).toBe(401);
  });
});

describe('a session', () => {
  it('may what its key may, and no more', async () => {
    const { headers } = await aSession(['missions:read']);
    expect((await api().get('/v1/missions').set(headers)).status).toBe(200);
    const refused = await api()
      .post('/v1/missions')
      .set({ ...headers, ...OURS })
      .send({ title: 'x' });
    expect([refused.status, refused.body.code]).toEqual([403, 'insufficient_scope']);
  });

  it('writes only from a page of this service', async () => {
    const { headers } = await aSession();
    const post = (said: object) =>
      api()
        .post('/v1/missions')
        .set({ ...headers, ...said })
        .send({ title: 'x' });
    for (const said of [{}, { 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }])
      expect([(await post(said)).status, (await post(said)).body.code]).toEqual([403, 'cross_site_request']);
    expect((await post(OURS)).status).toBe(201);
    expect((await post({ Host: 'localhost', Origin: 'http://localhost' })).status).toBe(201);
  });

  it('makes no link, by which it would outlive itself', async () => {
    const { headers } = await aSession();
    const refused = await api()
      .post('/v1/sign-in-links')
      .set({ ...headers, ...OURS });
    expect([refused.status, refused.body.code]).toEqual([403, 'needs_key']);
  });

  it('is a person in what it does', async () => {
    const { headers, keyId } = await aSession();
    const mission = await api()
      .post('/v1/missions')
      .set({ ...headers, ...OURS })
      .send({ title: 'x' });
    const events = await api()
      .get(`/v1/missions/${String(mission.body.id)}/events`)
      .set(headers);
    expect(events.body.data[0].actor).toEqual({ kind: 'person', id: encodeId('apiKey', keyId) });
  });

  it('ends with the next request after its key was revoked, has expired, or its tenant is gone', async () => {
    const [revoked, expired, removed] = [await aSession(), await aSession(), await aSession()];
    await transactions.inTransaction(revoked.tenantId, (tx) => revokeApiKey(tx, revoked.keyId));
    await owner.query('UPDATE api_key SET expires_at = now() WHERE tenant_id = $1', [expired.tenantId]);
    await api()
      .delete(`/v1/tenants/${encodeId('tenant', removed.tenantId)}`)
      .set({ Authorization: `Bearer ${OPERATOR_KEY}` });
    for (const { headers } of [revoked, expired, removed]) expect((await read(headers)).status).toBe(401);
  });

  it.each(["last_seen_at = now() - interval '12 hours'", "created_at = now() - interval '7 days'"])(
    'ends unused after half a day, and used after a week: %s',
    async (change) => {
      const { headers, tenantId } = await aSession();
      await owner.query(`UPDATE session SET ${change} WHERE tenant_id = $1`, [tenantId]);
      expect((await read(headers)).status).toBe(401);
    },
  );

  it('goes on while it is used', async () => {
    const { headers, tenantId } = await aSession();
    const almost = "UPDATE session SET last_seen_at = now() - interval '11 hours' WHERE tenant_id = $1";
    for (let times = 0; times < 2; times += 1) {
      await owner.query(almost, [tenantId]);
      expect((await read(headers)).status).toBe(200);
    }
    const { rows } = await owner.query<{ fresh: boolean }>(
      "SELECT last_seen_at > now() - interval '1 minute' AS fresh FROM session WHERE tenant_id = $1",
      [tenantId],
    );
    expect(rows).toEqual([{ fresh: true }]);
  });

  it('ends when it is signed out, and the cookie with it', async () => {
    const { headers } = await aSession();
    const ended = await api()
      .delete('/v1/session')
      .set({ ...headers, ...OURS });
    expect([ended.status, cookieOf(ended)]).toEqual([
      204,
      expect.stringMatching(/^wavekeeper=; Path=\/; Expires=Thu, 01 Jan 1970/),
    ]);
    expect((await read(headers)).status).toBe(401);
  });

  it('is not asked when a key was sent, good or bad, nor when two cookies have its name', async () => {
    const [session, other] = [await aSession(), await aKey()];
    const withKey = (apiKey: string) => read({ ...session.headers, Authorization: `Bearer ${apiKey}` });
    expect((await withKey(other.apiKey)).body.tenant_id).toBe(encodeId('tenant', other.tenantId));
    expect((await withKey('wk_local_nonsense')).status).toBe(401);
    expect((await read({ Cookie: `${session.headers.Cookie}; ${session.headers.Cookie}` })).status).toBe(401);
  });

  it('is one of at most fifty of its key: the oldest ends', async () => {
    const { apiKey, keyId, tenantId, headers } = await aSession();
    await owner.query(
      `INSERT INTO session (tenant_id, id, api_key_id, token_sha256)
       SELECT $1, gen_random_uuid(), $2::uuid, sha256(convert_to($2::uuid || '-' || n, 'UTF8')) FROM generate_series(1, 48) n`,
      [tenantId, keyId],
    );
    await signIn({ api_key: apiKey });
    expect((await read(headers)).status).toBe(200);
    await signIn({ api_key: apiKey });
    expect((await read(headers)).status).toBe(401);
  });
});

describe('failed tries to sign in', () => {
  let fresh: INestApplication<Server>;
  beforeEach(async () => {
    fresh = await anApi(transactions);
  });
  afterEach(() => fresh.close());
  const tryWith = (apiKey: string) =>
    request(fresh.getHttpServer()).post('/v1/session').send({ api_key: apiKey });

  it('with one key are heard five times', async () => {
    for (let tries = 0; tries < 5; tries += 1) expect((await tryWith('wk_wrong')).status).toBe(401);
    const refused = await tryWith('wk_wrong');
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_sign_ins']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(800);
    expect((await tryWith((await aKey()).apiKey)).status).toBe(201);
  });

  it('from one address are heard twenty times, then not even the right key is', async () => {
    const { apiKey } = await aKey();
    for (let tries = 0; tries < 20; tries += 1) expect((await tryWith(`wk_${tries}`)).status).toBe(401);
    expect((await tryWith(apiKey)).status).toBe(429);
  });
});

describe('the page to sign in on', () => {
  it('takes no script or style from elsewhere, and is read anew', async () => {
    const page = await api().get('/sign-in');
    expect([page.status, page.type]).toEqual([200, 'text/html']);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    expect(page.headers['cache-control']).toContain('no-cache');
  });
});
