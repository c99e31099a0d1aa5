import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  api,
  AccessError,
  AttemptFailedError,
  AttemptLostError,
  ConflictError,
  InvalidRequestError,
  NotFoundError,
  TaskFailedError,
  verifyWebhook,
  WaitTimeoutError,
  Wavekeeper,
  worker,
  type Handler,
  type WorkerOptions,
  type WorkerReport,
} from '#sdk';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { expectInvariants } from './support/invariants.js';
import { startReceiver } from './support/receiver.js';
import { startService, type TestService } from './support/service.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const EXAMPLES = path.join(ROOT, 'libs/sdk/examples');

let database: TestDatabase;
let service: TestService;
let wavekeeper: Wavekeeper;
let homeDir: string;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService(database, { queue: 'none' });
  wavekeeper = new Wavekeeper({ url: service.url, apiKey: service.apiKey });
  homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-sdk-'));
});
afterAll(async () => {
  await service.stop();
  await expectInvariants(database);
  await database.drop();
  await rm(homeDir, { recursive: true, force: true });
});

/** A mission of its own whose tasks go to this test's pool without asking a model first. */
async function aMission(pool: string): Promise<string> {
  const policy = { workers: ['builtin', pool], planning: 'auto' as const };
  return (await wavekeeper.missions.create({ title: pool, policy })).id;
}

/** Runs a worker of the pool until `until` aborts; everything it reported. */
async function work(
  pool: string,
  handler: Handler,
  options: Partial<WorkerOptions> = {},
): Promise<WorkerReport[]> {
  const reports: WorkerReport[] = [];
  const onReport = (report: WorkerReport) => void reports.push(report);
  const stop = new AbortController().signal;
  await worker({ pool, wavekeeper, homeDir, stop, onReport, tasksMax: 1, ...options }, handler);
  return reports;
}

const endOf = (reports: readonly WorkerReport[]) => reports.find((report) => report.kind === 'ended')?.end;

describe('the SDK against the service', () => {
  it('hands in a task, does it, and waits for what it came to', async () => {
    const mission = await aMission('sdk-happy');
    const task = await wavekeeper.tasks.submit({ mission, title: 'Build it', worker: 'sdk-happy' });
    expect(task).toMatchObject({ ref: 'T1', existing: false, mission_id: mission });
    const done = task.wait();
    const reports = await work('sdk-happy', async ({ title }, ctx) => {
      await ctx.progress(0.5, 'compiling');
      const [seen] = (await wavekeeper.tasks.get(task.id)).attempts;
      expect(seen).toMatchObject({ progress: 0.5, message: 'compiling' });
      await ctx.upload('log.txt', 'all went well', 'text/plain');
      return { ok: true, title, directives: ctx.brief.directives.length };
    });
    expect(endOf(reports)).toMatchObject({ kind: 'completed' });
    const { state, result } = await done;
    expect(state).toBe('completed');
    expect(result?.output).toEqual({ ok: true, title: 'Build it', directives: 0 });
    expect(result?.artifacts).toMatchObject([{ name: 'log.txt', media_type: 'text/plain', size_bytes: 13 }]);
  });

  it('tells a worker to stop when its task is canceled, and whoever waits that there is no result', async () => {
    const mission = await aMission('sdk-cancel');
    const task = await wavekeeper.tasks.submit({ mission, title: 'Long', worker: 'sdk-cancel' });
    const failure = task.wait().catch((error: unknown) => error);
    let reason: unknown;
    const reports = await work(
      'sdk-cancel',
      async (_task, { signal, progress }) => {
        await wavekeeper.tasks.cancel(task.id);
        await progress(0.1); // a word to the service, which answers that it is over
        await new Promise((resolve) =>
          signal.aborted ? resolve(null) : signal.addEventListener('abort', resolve),
        );
        reason = signal.reason;
      },
      { leaseSeconds: 10 },
    );
    expect(reason).toBeInstanceOf(AttemptLostError);
    expect(endOf(reports)).toEqual({ kind: 'lost', reason: 'attempt_canceled' });
    expect(await failure).toBeInstanceOf(TaskFailedError);
    expect(await failure).toMatchObject({ task: { state: 'canceled' } });
  });

  it('fails an attempt by what the handler throws', async () => {
    const mission = await aMission('sdk-fail');
    const task = await wavekeeper.tasks.submit({ mission, title: 'Hopeless', worker: 'sdk-fail' });
    await work('sdk-fail', () => Promise.reject(new AttemptFailedError('No disk.', { retryable: false })));
    await expect(task.wait()).rejects.toMatchObject({
      task: { state: 'failed', state_reason: 'not_retryable' },
    });
    const [attempt] = (await wavekeeper.tasks.get(task.id)).attempts;
    expect(attempt?.error).toEqual({ message: 'No disk.', retryable: false });
  });

  it('gives back what runs when it is stopped, which is no failure, even of a handler that ignores it', async () => {
    const mission = await aMission('sdk-stop');
    const task = await wavekeeper.tasks.submit({ mission, title: 'Slow', worker: 'sdk-stop' });
    const stop = new AbortController();
    const reports = await work(
      'sdk-stop',
      (_task, { signal }) => {
        stop.abort();
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('told to'))),
        );
      },
      { stop: stop.signal, stopGraceMs: 0 },
    );
    expect(endOf(reports)).toEqual({ kind: 'released' });
    const [attempt] = (await wavekeeper.tasks.get(task.id)).attempts;
    expect(attempt).toMatchObject({ state: 'offered', error: null });
    await wavekeeper.tasks.cancel(task.id);
  });

  it('stops waiting when the time is up; the task goes on', async () => {
    const mission = await aMission('sdk-idle');
    const task = await wavekeeper.tasks.submit({ mission, title: 'Nobody does it', worker: 'sdk-idle' });
    await expect(task.wait({ timeoutMs: 50 })).rejects.toBeInstanceOf(WaitTimeoutError);
    const gone = AbortSignal.abort(new Error('left'));
    await expect(task.wait({ signal: gone })).rejects.toThrow('left');
    expect((await wavekeeper.tasks.get(task.id)).state).toBe('queued');
  });

  it('reads lists to their end, over as many pages as there are', async () => {
    const mission = await aMission('sdk-many');
    const tasks = Array.from({ length: 7 }, (_, number) => ({ title: `Task ${number}`, worker: 'sdk-many' }));
    expect(await wavekeeper.tasks.submitAll(tasks, { mission })).toHaveLength(7);
    const titles: string[] = [];
    for await (const { title } of wavekeeper.tasks.list({ mission_id: mission, limit: 3 }))
      titles.push(title);
    expect(titles.sort()).toEqual(tasks.map(({ title }) => title));
    const seqs: (number | null)[] = [];
    for await (const { seq } of wavekeeper.missions.events(mission)) seqs.push(seq);
    expect(seqs).toEqual(seqs.map((_, place) => place + 1));
  });

  it('throws the family of each refusal, with the service’s own words', async () => {
    const missing = wavekeeper.tasks.get('tsk_nothing');
    await expect(missing).rejects.toBeInstanceOf(NotFoundError);
    await expect(missing).rejects.toMatchObject({ problem: { code: 'not_found', status: 404 } });
    await expect(wavekeeper.tasks.submit({ title: '' })).rejects.toBeInstanceOf(InvalidRequestError);
    const stranger = new Wavekeeper({ url: service.url, apiKey: 'wk_local_nonsense' });
    await expect(stranger.missions.create({ title: 'x' })).rejects.toBeInstanceOf(AccessError);
    const task = await wavekeeper.tasks.submit({ title: 'Once', worker: 'builtin' });
    await task.wait();
    await expect(wavekeeper.tasks.retry(task.id)).rejects.toBeInstanceOf(ConflictError);
    const foreign = new Wavekeeper({ url: service.url, apiKey: await service.anotherKey() });
    await expect(foreign.tasks.get(task.id)).rejects.toBeInstanceOf(NotFoundError);
  });

  it('verifies the webhooks that the service signs', async () => {
    const receiver = await startReceiver();
    try {
      const { client } = wavekeeper;
      const { data: endpoint } = await api.createEndpoint({ client, body: { url: receiver.url } });
      await api.testEndpoint({ client, path: { id: endpoint?.id ?? '' } });
      const { headers, body } = await eventually('a webhook', async () => receiver.arrivals[0]);
      const verified = await verifyWebhook({ headers, body }, endpoint?.secret ?? '');
      expect(verified.type).toBe('endpoint.test');
    } finally {
      await receiver.close();
    }
  });
});

describe('the package', () => {
  let packageDir: string;
  let consumerDir: string;
  beforeAll(async () => {
    packageDir = path.join(homeDir, 'package');
    await run(process.execPath, [path.join(ROOT, 'scripts/sdk-package.mjs'), packageDir]);
    // As npm would install it into an empty directory: the package, and beside it what it depends on.
    consumerDir = path.join(homeDir, 'consumer');
    const installed = path.join(consumerDir, 'node_modules');
    await mkdir(path.join(installed, '@wavekeeper'), { recursive: true });
    await cp(packageDir, path.join(installed, '@wavekeeper/sdk'), { recursive: true });
    await symlink(path.join(ROOT, 'node_modules/standardwebhooks'), path.join(installed, 'standardwebhooks'));
    for (const name of await readdir(EXAMPLES))
      await cp(path.join(EXAMPLES, name), path.join(consumerDir, name));
  });

  it('has the SDK, its types and its papers, and no other file of ours', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: packageDir });
    const [packed] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const files = packed.files.map((file) => file.path);
    const own = files.filter((file) => !file.startsWith('generated/'));
    expect(own).toEqual(
      expect.arrayContaining(['index.js', 'index.d.ts', 'package.json', 'README.md', 'LICENSE']),
    );
    expect(
      own.filter((file) => !/^([a-z-]+\.(js|d\.ts)|package\.json|README\.md|LICENSE)$/.test(file)),
    ).toEqual([]);
    const sources = await Promise.all(
      files
        .filter((file) => file.endsWith('.js'))
        .map((file) => readFile(path.join(packageDir, file), 'utf8')),
    );
    const imported = sources.flatMap((text) =>
      [...text.matchAll(/from '([^'.][^']*)'/g)].map(([, name]) => name),
    );
    expect([...new Set(imported)].filter((name) => !name?.startsWith('node:'))).toEqual(['standardwebhooks']);
  });

  it('runs its examples in an empty directory: one program submits and waits, another does the task', async () => {
    const env = {
      ...process.env,
      WAVEKEEPER_URL: service.url,
      WAVEKEEPER_API_KEY: service.apiKey,
      WAVEKEEPER_HOME: homeDir,
    };
    const options = { cwd: consumerDir, env };
    const example = await run(process.execPath, ['submit-and-wait.mjs'], options);
    expect(example.stdout).toMatch(/title: 'Summarise README'[^]*state: 'completed'/);

    const mission = await aMission('build');
    const task = await wavekeeper.tasks.submit({ mission, title: 'Ship', worker: 'build' });
    const child = spawn(process.execPath, ['worker.mjs'], { ...options, stdio: 'inherit' });
    try {
      expect((await task.wait()).result?.output).toEqual({ ok: true, built: 'Ship' });
    } finally {
      child.kill('SIGTERM');
    }
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  });

  it('shows in its README the examples that run here', async () => {
    const readme = await readFile(path.join(packageDir, 'README.md'), 'utf8');
    const shown = [...readme.matchAll(/<!-- examples\/(\S+) -->\n\n```js\n([^]*?)```/g)];
    expect(shown.map(([, name]) => name).sort()).toEqual((await readdir(EXAMPLES)).sort());
    for (const [, name = '', code] of shown)
      expect(code).toBe(await readFile(path.join(EXAMPLES, name), 'utf8'));
  });
});
