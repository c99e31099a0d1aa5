import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '#database';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { startService, type TestService } from '../support/service.js';

// What docs/webhooks.md tells people to run is run here, as it stands there.

const root = path.resolve(import.meta.dirname, '../..');
const example = (name: string): string => path.join(root, 'examples', 'webhooks', name);

let database: TestDatabase;
let service: TestService;
let receiver: ChildProcess | null = null;
let printed = '';

const post = async (route: string, body: object): Promise<Record<string, string>> => {
  const response = await fetch(`${service.url}${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${route} answered ${response.status}`);
  return (await response.json()) as Record<string, string>;
};
const hasPrinted = (line: string) =>
  eventually(`the receiver prints ${line}`, () => Promise.resolve(printed.split('\n').includes(line)));

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService(database, { queue: 'none' });
});

afterAll(async () => {
  if (receiver !== null && receiver.exitCode === null) {
    receiver.kill();
    await once(receiver, 'exit');
  }
  await service.stop();
  await database.drop();
});

describe('the guide to webhooks', () => {
  it.each(['receiver.mjs', 'fill-gaps.mjs'])('shows examples/webhooks/%s as it is', async (name) => {
    const guide = await readFile(path.join(root, 'docs', 'webhooks.md'), 'utf8');
    expect(guide).toContain(`\`\`\`js\n${await readFile(example(name), 'utf8')}\`\`\``);
  });

  it('leads to a receiver that takes what is signed, and to the events that it has missed', async () => {
    const port = await findFreePort('127.0.0.1');
    const url = `http://127.0.0.1:${port}/`;
    const endpoint = await post('/v1/webhook-endpoints', {
      url,
      event_types: ['mission.*', 'endpoint.test'],
    });
    receiver = spawn(process.execPath, [example('receiver.mjs')], {
      env: { ...process.env, WEBHOOK_SECRET: endpoint['secret'], PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    receiver.stdout?.on('data', (text: Buffer) => (printed += text.toString()));
    await hasPrinted('ready');
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
    await post(`/v1/webhook-endpoints/${String(endpoint['id'])}/test`, {});
    await hasPrinted('endpoint.test null null');

    const mission = await post('/v1/missions', { title: 'm', directives: ['Be brief.'] });
    const missionId = String(mission['id']);
    await hasPrinted(`mission.created ${missionId} 1`);
    await post(`/v1/missions/${missionId}/pause`, {});
    await hasPrinted(`mission.paused ${missionId} 3`); // 2 is of a type that it does not subscribe to
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [example('fill-gaps.mjs'), missionId, '1'],
      { env: { ...process.env, WAVEKEEPER_URL: service.url, WAVEKEEPER_API_KEY: service.apiKey } },
    );
    expect(stdout).toMatch(/^2 evt_\w+ directive\.added\n3 evt_\w+ mission\.paused\n$/);
  });
});
