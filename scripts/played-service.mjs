import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const PORT = 7_178;
const STOP_MS = 25_000;
const PLAY_MS = 120_000;
const LOOK_MS = 500;

/** A service of its own with a day's work in it: a long mission, a failed one, questions, webhooks that arrive and that do not. */
export async function startPlayedService() {
  const home = mkdtempSync(path.join(tmpdir(), 'wavekeeper-screens-'));
  const environment = { ...process.env, WAVEKEEPER_HOME: home, PORT: String(PORT), LOG_LEVEL: 'error' };
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'ANTHROPIC_API_KEY']) delete environment[name];
  const child = spawn(process.execPath, ['dist/apps/cli/src/main.js', 'up'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await ready(child);
  const { url, api_key: key } = JSON.parse(readFileSync(path.join(home, 'credentials.json'), 'utf8'));
  const receiver = await startReceiver();
  await play(clientOf(url, key), receiver.url);
  return {
    url,
    key,
    stop: async () => {
      await receiver.stop();
      child.kill('SIGTERM');
      await Promise.race([new Promise((resolve) => child.once('exit', resolve)), delay(STOP_MS)]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function ready(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('ready http')) continue;
    child.stdout.resume(); // nobody reads on, and nothing may wait for it
    return;
  }
  throw new Error('the service ended before it was ready');
}

/** Takes what it is sent at one address, and is out of order at the other. */
async function startReceiver() {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/broken' ? 503 : 200;
    response.end(request.url === '/broken' ? 'out of order' : 'taken');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

function clientOf(url, key) {
  const send = async (method, address, body) => {
    const answer = await fetch(`${url}${address}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  };
  return {
    get: (address) => send('GET', address),
    post: (address, body) => send('POST', address, body ?? {}),
  };
}

const SERVICES = ['billing', 'search', 'accounts', 'mailer', 'catalogue', 'shipping', 'reports', 'gateway'];
const STEPS = [
  'Write the migration of',
  'Backfill',
  'Verify totals in',
  'Switch reads of',
  'Remove the old table of',
];

async function play(api, receiverUrl) {
  await api.post('/v1/webhook-endpoints', {
    url: `${receiverUrl}/hooks`,
    event_types: ['task.completed', 'mission.*'],
    description: 'the release board',
  });
  await api.post('/v1/webhook-endpoints', {
    url: `${receiverUrl}/broken`,
    event_types: ['mission.completed'],
    description: 'an old receiver',
  });
  await Promise.all([longMission(api), shortMission(api), askingMission(api)]);
}

const ROUNDS = 40;

/** Many waves, a few arrivals each: what the picture is about. */
async function longMission(api) {
  const { id } = await api.post('/v1/missions', {
    title: 'Move billing to the new ledger',
    objective: 'Every service reads and writes balances through the new ledger; the old tables are gone.',
    directives: ['No downtime: every step can be undone.', 'Money is never rounded in the database.'],
    policy: { debounce_ms: 0, workers: ['builtin', 'people'] },
    budget: { limit_usd: '400' },
  });
  // Work that nobody does for now keeps the mission open between the rounds.
  await api.post(`/v1/missions/${id}/tasks`, { title: 'Switch off the old ledger', worker: 'people' });
  for (let round = 0; round < ROUNDS; round += 1) {
    await api.post(`/v1/missions/${id}/tasks`, { tasks: roundOfTasks(round) });
    await until(
      async () => (await api.get(`/v1/missions/${id}`)).counts.completed === (round + 1) * STEPS.length,
    );
    if (round === ROUNDS * 0.6)
      await api.post(`/v1/missions/${id}/conductor/rotate`, { reason: 'The plan has changed' });
  }
  await api.post(`/v1/missions/${id}/tasks`, {
    tasks: [{ title: 'Choose the first region' }, { title: 'Draft the announcement' }],
  });
  await api.post(`/v1/missions/${id}/messages`, {
    text: 'The region that goes first is decided by a person. Draft the announcement meanwhile.',
  });
  await api.post(`/v1/missions/${id}/messages`, {
    text: `Ask T${ROUNDS * STEPS.length + 2}: Which region goes first? [eu|us]`,
  });
  await until(async () => (await api.get(`/v1/missions/${id}`)).input_requests_open > 0);
}

function roundOfTasks(round) {
  const service = SERVICES[round % SERVICES.length];
  return STEPS.map((step, place) => ({
    title: `${step} ${service}, shard ${Math.floor(round / SERVICES.length) + 1}`,
    key: `${round}-${place}`,
    depends_on: place === 0 ? [] : [`${round}-${place - 1}`],
    acceptance_criteria: ['the checks of the service are green'],
    metadata: {
      outcome: `${step} ${service}: done. ${'Rows were counted before and after, and agree. '.repeat(6)}`,
    },
  }));
}

async function shortMission(api) {
  const { id } = await api.post('/v1/missions', { title: 'Prepare the 4.2 release' });
  await api.post(`/v1/missions/${id}/tasks`, {
    tasks: [
      {
        title: 'Collect the changes',
        key: 'collect',
        metadata: { outcome: { summary: '31 changes', output: { features: 9, fixes: 22 } } },
      },
      { title: 'Write the notes', key: 'notes', depends_on: ['collect'] },
      { title: 'Translate the notes', key: 'translate', depends_on: ['notes'] },
      { title: 'Build the packages', key: 'build', depends_on: ['collect'] },
      { title: 'Publish', key: 'publish', depends_on: ['notes', 'build', 'translate'] },
      { title: 'Tell the customers', key: 'tell', depends_on: ['publish'] },
    ],
  });
  await until(async () => (await api.get(`/v1/missions/${id}`)).counts.completed === 6);
}

async function askingMission(api) {
  const { id } = await api.post('/v1/missions', {
    title: 'Sort the photo archive',
    policy: { approval: 'completion' },
  });
  await api.post(`/v1/missions/${id}/tasks`, {
    tasks: [{ title: 'Sort 1987 to 1993' }, { title: 'Find duplicates' }],
  });
  await until(async () => (await api.get(`/v1/missions/${id}`)).input_requests_open > 0);
}

async function until(holds) {
  const end = Date.now() + PLAY_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('the work for the pictures did not get done in time');
    await delay(LOOK_MS);
  }
}
