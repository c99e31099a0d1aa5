import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Server } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { createTestDatabase } from '../../../../test/support/database.js';
import { anApi } from '../../test-support/api.js';

const DASHBOARD = path.resolve(import.meta.dirname, '../../../../dist/dashboard');
/** What a browser must load before it draws anything, compressed; charts and graphs come when they are looked at. */
const FIRST_LOAD_BYTES_MAX = 300_000;

const { transactions, drop } = await createTestDatabase();
let app: INestApplication<Server>;
beforeAll(async () => {
  app = await anApi(transactions);
});
afterAll(async () => {
  await app.close();
  await drop();
});
const get = (address: string) => request(app.getHttpServer()).get(address);

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly isDynamicEntry?: boolean;
  readonly imports?: readonly string[];
}
const manifest = JSON.parse(readFileSync(path.join(DASHBOARD, '.vite/manifest.json'), 'utf8')) as Record<
  string,
  Chunk
>;
const entry = Object.entries(manifest).find(([, chunk]) => chunk.isEntry)?.[0] ?? '';

/** A chunk and all that it imports at once. */
function withImports(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const imported of manifest[name]?.imports ?? []) withImports(imported, found);
  return found;
}

describe('the page of the dashboard', () => {
  it.each([
    '/',
    '/missions/msn_1',
    '/waves/wav_1',
    '/tasks',
    '/tasks/tsk_1',
    '/inbox',
    '/webhooks',
    '/settings',
    '/sign-in',
  ])('is what %s shows, read anew each time', async (address) => {
    const page = await get(address);
    expect([page.status, page.type]).toEqual([200, 'text/html']);
    expect(page.headers['cache-control']).toBe('private, no-cache');
    expect(page.text).toContain('id="root"');
  });

  it('takes scripts and styles from here alone, and what its scripts style by a nonce of this answer', async () => {
    const policies = await Promise.all(
      [get('/'), get('/')].map(async (asked) => {
        const page = await asked;
        const policy = String(page.headers['content-security-policy']);
        const [, nonce = ''] = /'nonce-([^']+)'/.exec(policy) ?? [];
        expect(page.text).toContain(`nonce="${nonce}"`);
        expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=/);
        return policy;
      }),
    );
    expect(policies[0]).toMatch(
      /^default-src 'self'; style-src 'self' 'nonce-[\w+/]{24}'; base-uri 'none'; /,
    );
    expect(policies[0]).not.toContain('unsafe');
    expect(policies[0]).not.toBe(policies[1]);
  });

  it.each([
    '/v1/nothing',
    '/missions/a/b',
    '/elsewhere',
    '/assets/none.js',
    '/.vite/manifest.json',
    '/index.html',
  ])('is not what %s shows: that is a problem', async (address) => {
    const answer = await get(address);
    expect([answer.status, answer.type]).toEqual([404, 'application/problem+json']);
  });

  it('takes nothing but reads', async () => {
    expect((await request(app.getHttpServer()).post('/tasks')).status).toBe(404);
  });
});

describe('the files of the dashboard', () => {
  const script = `/${manifest[entry]?.file ?? ''}`;

  it('are kept for ever, since their names say what is in them', async () => {
    const answer = await get(script).set('Accept-Encoding', 'identity');
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(answer.type).toBe('text/javascript');
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.text).toBe(readFileSync(path.join(DASHBOARD, script), 'utf8'));
  });

  it.each([
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
  ])('come compressed to a browser that accepts %s', async (accepted, encoding) => {
    const answer = await get(script).set('Accept-Encoding', accepted);
    expect([answer.headers['content-encoding'], answer.headers['vary']]).toEqual([
      encoding,
      'Accept-Encoding',
    ]);
  });

  it('were compressed when they were built, to the same bytes', () => {
    const bytes = readFileSync(path.join(DASHBOARD, script));
    expect(gunzipSync(readFileSync(path.join(DASHBOARD, `${script}.gz`))).equals(bytes)).toBe(true);
  });

  it('are at most 300 kB of script before anything is drawn; charts and graphs are not among them', () => {
    const chunks = [...withImports(entry)].map((name) => manifest[name]?.file ?? '');
    const bytes = chunks.reduce(
      (sum, file) => sum + gzipSync(readFileSync(path.join(DASHBOARD, file)), { level: 9 }).length,
      0,
    );
    expect(bytes).toBeLessThan(FIRST_LOAD_BYTES_MAX);
    const late = Object.entries(manifest).filter(([, chunk]) => chunk.isDynamicEntry);
    expect(late.map(([name]) => name)).toEqual(
      expect.arrayContaining([expect.stringContaining('picture-chart'), expect.stringContaining('graph')]),
    );
    for (const file of chunks) expect(file).not.toMatch(/picture-chart|graph/);
  });
});
