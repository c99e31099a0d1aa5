import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deliverLeftovers } from './attempt-client.js';
import { Outbox, type OutboxEntry } from './outbox.js';
import { Wavekeeper } from './wavekeeper.js';
import { worker, type WorkerReport } from './worker.js';

interface Answer {
  readonly status: number;
  readonly body: object | string;
}
const problem = (status: number, code: string): Answer => ({
  status,
  body: {
    type: 'about:blank',
    title: code,
    status,
    detail: code,
    instance: '',
    code,
    retryable: false,
    errors: [],
  },
});
const NOTHING: Answer = { status: 200, body: { data: [] } };
const CLAIM = {
  attempt: { id: 'att_1' },
  task: { id: 'tsk_1' },
  brief: {},
  lease_token: 'token',
  lease_expires_at: '',
};

let server: Server;
let homeDir: string;
let wavekeeper: Wavekeeper;
/** What each path's last part, or two, is answered, in order; the last of them again and again. */
let answers: Record<string, Answer[]>;
let asked: { verb: string; attempt: string; body: Record<string, unknown> }[];
/** Of each report one try is enough. */
let hurry: AbortController;
beforeEach(async () => {
  asked = [];
  hurry = new AbortController();
  answers = { claims: [{ status: 200, body: { data: [CLAIM] } }, NOTHING] };
  homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-worker-'));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const verb = path.basename(request.url ?? '');
      const attempt = path.basename(path.dirname(request.url ?? ''));
      if (verb === 'complete') hurry.abort();
      asked.push({
        verb,
        attempt,
        body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
      });
      const left = answers[`${attempt}/${verb}`] ?? answers[verb] ?? [];
      const { status, body } = (left.length > 1 ? left.shift() : left[0]) ?? { status: 200, body: {} };
      const isText = typeof body === 'string';
      response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json' });
      response.end(isText ? body : JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  wavekeeper = new Wavekeeper({ url, apiKey: 'wk_test' });
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(homeDir, { recursive: true });
});

/** One task by this handler, and what the worker said of it. */
async function work(handler: Parameters<typeof worker>[1]): Promise<WorkerReport[]> {
  const reports: WorkerReport[] = [];
  const onReport = (report: WorkerReport) => void reports.push(report);
  await worker(
    {
      pool: 'build',
      wavekeeper,
      homeDir,
      tasksMax: 1,
      hurry: hurry.signal,
      stop: new AbortController().signal,
      onReport,
    },
    handler,
  );
  return reports;
}
const kept = async () => {
  const entries: OutboxEntry[] = [];
  for await (const entry of (await Outbox.open(homeDir, wavekeeper.url)).entries()) entries.push(entry);
  return entries;
};

describe('a result', () => {
  it.each([
    ['a key that is not known any more', problem(401, 'unauthenticated')],
    ['a key that may not', problem(403, 'insufficient_scope')],
    ['something that stands before the service', { status: 404, body: '<html>no such page</html>' }],
  ])('stays in the outbox as it is when it is refused by %s', async (_, answer) => {
    answers['complete'] = [answer];
    const reports = await work(() => Promise.resolve({ ok: true }));
    expect(reports.at(-1)).toMatchObject({ kind: 'ended', end: { kind: 'unanswered' } });
    expect(await kept()).toMatchObject([{ attemptId: 'att_1', report: { verb: 'complete' } }]);
    expect(asked.map(({ verb }) => verb)).not.toContain('fail');
  });

  it('that is late is said all the same, for the service to keep', async () => {
    answers['heartbeat'] = [problem(409, 'lease_lost')];
    answers['complete'] = [problem(409, 'lease_lost')];
    const reports = await work(async (_, context) => {
      await context.progress(0.5);
      return { ok: true };
    });
    expect(asked.map(({ verb }) => verb)).toContain('complete');
    expect(reports.at(-1)).toMatchObject({ end: { kind: 'lost', reason: 'lease_lost' } });
    expect(await kept()).toEqual([]);
  });
});

describe('a leftover that is never answered', () => {
  const names = Array.from({ length: 8 }, (_, index) => `att_${index + 1}`);
  const left = async () => (await kept()).map(({ attemptId }) => attemptId).sort();
  /** One pass over the outbox, beginning with the first. */
  const pass = async (random = 0) =>
    deliverLeftovers(wavekeeper, await Outbox.open(homeDir, wavekeeper.url), {
      random,
      tell: () => undefined,
    });
  const neverAnswers = (...attempts: string[]) => {
    for (const attempt of attempts) answers[`${attempt}/complete`] = [problem(500, 'internal')];
  };

  beforeEach(async () => {
    const outbox = await Outbox.open(homeDir, wavekeeper.url);
    for (const attemptId of names)
      await outbox.keep({
        attemptId,
        leaseToken: 'token',
        report: { verb: 'complete', result: { summary: 'Done.', output: null } },
      });
  });

  it('does not hold up those behind it', async () => {
    neverAnswers('att_1', 'att_2', 'att_5');
    await pass();
    expect(await left()).toEqual(['att_1', 'att_2', 'att_5']);
  });

  it('stands before the others at times, and not for ever', async () => {
    neverAnswers('att_1', 'att_2', 'att_3', 'att_4');
    await pass(0);
    expect(await left()).toEqual(names);
    for (const random of [0, 0.3, 0.6, 0.9]) await pass(random);
    expect(await left()).toEqual(['att_1', 'att_2', 'att_3', 'att_4']);
  });

  it('is given up for now when nothing else is answered either', async () => {
    answers['complete'] = [problem(503, 'unavailable')];
    await pass();
    expect(asked).toHaveLength(3);
    expect(await left()).toEqual(names);
  });
});

describe('a beat that is refused', () => {
  it('for another reason than its lease stops nothing', async () => {
    answers['heartbeat'] = [problem(422, 'validation_failed')];
    const reports = await work(async (_, context) => {
      await context.progress(0.5);
      expect(context.signal.aborted).toBe(false);
      return { ok: true };
    });
    expect(reports.at(-1)).toMatchObject({ end: { kind: 'completed' } });
  });
});

describe('progress', () => {
  it('of nothing of nothing is none', async () => {
    await work(async (_, context) => {
      await context.progress(0 / 0);
      return { ok: true };
    });
    expect(asked.find(({ verb }) => verb === 'heartbeat')?.body).toMatchObject({ progress: 0 });
  });
});
