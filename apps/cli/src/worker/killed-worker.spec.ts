import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { aClaim } from '../../test/builders.js';
import { FakeService, type Route } from '../../test/fake-service.js';

const PROGRAM = fileURLToPath(new URL('../../../../dist/apps/cli/src/main.js', import.meta.url));

let homeDir: string;
let service: FakeService;
let workers: ChildProcess[];
beforeEach(async () => {
  homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-killed-'));
  workers = [];
});
afterEach(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await service.close();
  await rm(homeDir, { recursive: true, force: true });
});

/** A worker as a process of its own, as `wavekeeper worker run` starts it. */
function startWorker(command: readonly string[], options: readonly string[] = []): ChildProcess {
  const worker = spawn(
    process.execPath,
    [PROGRAM, 'worker', 'run', '--pool', 'build', ...options, '--', ...command],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        PATH: process.env.PATH,
        WAVEKEEPER_HOME: homeDir,
        WAVEKEEPER_URL: service.url,
        WAVEKEEPER_API_KEY: 'wk_test',
      },
    },
  );
  workers.push(worker);
  return worker;
}

/** One attempt to give; everything else is answered well, unless told otherwise. */
async function serve(routes: Record<string, Route>): Promise<void> {
  const claims = [aClaim()];
  service = await FakeService.listen({
    'POST /v1/claims': () => (claims.length === 0 ? 'hold' : { body: { data: claims.splice(0, 1) } }),
    'POST /v1/attempts/*/heartbeat': () => ({ body: { lease_expires_at: '2026-11-23T10:00:00Z' } }),
    'POST /v1/attempts/*/complete': () => ({ body: {} }),
    'POST /v1/attempts/*/release': () => ({ body: {} }),
    ...routes,
  });
}

/** A route that says when it is asked. */
function aDoor(answer: ReturnType<Route>) {
  let open = () => {};
  const asked = new Promise<void>((resolve) => (open = resolve));
  const route: Route = () => {
    open();
    return answer;
  };
  return { asked, route };
}

async function outboxFiles(): Promise<{ name: string; mode: number }[]> {
  const [directory = ''] = await readdir(path.join(homeDir, 'outbox'));
  const names = await readdir(path.join(homeDir, 'outbox', directory));
  return Promise.all(
    names.map(async (name) => {
      const { mode } = await stat(path.join(homeDir, 'outbox', directory, name));
      return { name, mode: mode & 0o777 };
    }),
  );
}

const sent = () => service.to('POST', '/v1/attempts/att_1/complete').map(({ body }) => body);

describe('a worker that is killed after its work and before its word', () => {
  it('says it when it is started again, once the service has answered nothing more', async () => {
    const unanswered = aDoor('hold');
    const answered = aDoor({ body: {} });
    let door = unanswered;
    await serve({ 'POST /v1/attempts/*/complete': (request) => door.route(request) });

    const killed = startWorker([process.execPath, '-e', 'console.log("Built it.")']);
    await unanswered.asked;
    expect(await outboxFiles()).toEqual([{ name: 'att_1.json', mode: 0o600 }]);
    killed.kill('SIGKILL');
    await once(killed, 'exit');

    door = answered;
    const next = startWorker(['false']);
    await answered.asked;
    await lineOf(next, /att_1 from before taken/);
    expect(sent()).toHaveLength(2);
    expect(sent()[1]).toEqual(sent()[0]);
    expect(sent()[0]).toMatchObject({ lease_token: 'lease-1', result: { summary: 'Built it.' } });
    expect(await outboxFiles()).toEqual([]);
  });

  it('drops it when the service says that it came too late', async () => {
    const unanswered = aDoor('hold');
    const refused = aDoor({
      status: 409,
      body: { code: 'lease_lost', detail: 'Gone.', title: '', errors: [] },
    });
    let door = unanswered;
    await serve({ 'POST /v1/attempts/*/complete': (request) => door.route(request) });
    const killed = startWorker([process.execPath, '-e', '']);
    await unanswered.asked;
    killed.kill('SIGKILL');
    await once(killed, 'exit');

    door = refused;
    await lineOf(startWorker(['false']), /att_1 from before refused: lease_lost/);
    expect(await outboxFiles()).toEqual([]);
  });
});

describe('a worker that is asked to end', () => {
  it('waits for what runs, hands it in, claims no more, and exits 0', async () => {
    await serve({});
    const go = path.join(homeDir, 'go');
    const waits = `const timer = setInterval(() => {
      if (!require('fs').existsSync(${JSON.stringify(go)})) return;
      clearInterval(timer);
      console.log('Just in time.');
    }, 20)`;
    const worker = startWorker([process.execPath, '-e', waits]);
    await lineOf(worker, /T1 attempt 1 started/);
    worker.kill('SIGTERM');
    await writeFile(go, '');
    expect(await once(worker, 'exit')).toEqual([0, null]);
    expect(sent()).toMatchObject([{ result: { summary: 'Just in time.' } }]);
    expect(service.to('POST', '/v1/claims')).toHaveLength(1);
  });

  it('after one task, when it was asked for one', async () => {
    await serve({});
    const worker = startWorker([process.execPath, '-e', 'console.log("One.")'], ['--once']);
    expect(await once(worker, 'exit')).toEqual([0, null]);
    expect(sent()).toHaveLength(1);
  });
});

/** Resolves once the process has printed a line that fits; fails when it ends without. */
async function lineOf(worker: ChildProcess, expected: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    worker.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (expected.test(text)) resolve();
    });
    worker.once('exit', () => reject(new Error(`it ended without ${String(expected)}:\n${text}`)));
  });
}
