import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Wavekeeper, worker, type WorkerOptions, type WorkerReport } from '#sdk';
import { StopSwitch } from '../stop-switch.js';
import { aClaim } from '../../test/builders.js';
import { FakeService, problem, type Route } from '../../test/fake-service.js';
import { commandHandler } from './command-handler.js';

const NODE = process.execPath;
/** A command that never ends by itself. */
const ENDLESS = [NODE, '-e', 'setInterval(() => {}, 1000)'];

let service: FakeService | null = null;
let homeDir: string;
beforeEach(async () => {
  homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-worker-'));
});
afterEach(async () => {
  await service?.close();
  service = null;
  await rm(homeDir, { recursive: true, force: true });
});

interface Run {
  readonly reports: WorkerReport[];
  readonly service: FakeService;
  sentTo(verb: string): unknown[];
}

/** Runs a worker against a service that has one attempt to give. */
async function work(
  command: readonly string[],
  options: {
    readonly routes?: Record<string, Route>;
    readonly settings?: Partial<WorkerOptions>;
    readonly onReport?: (report: WorkerReport, stop: StopSwitch) => void;
    readonly environment?: NodeJS.ProcessEnv;
  } = {},
): Promise<Run> {
  const claims = [aClaim()];
  const fake = await FakeService.listen({
    'POST /v1/claims': () => (claims.length === 0 ? 'hold' : { body: { data: claims.splice(0, 1) } }),
    'POST /v1/attempts/*/heartbeat': () => ({ body: { lease_expires_at: '2026-11-23T10:00:00Z' } }),
    'POST /v1/attempts/*/complete': () => ({ body: {} }),
    'POST /v1/attempts/*/fail': () => ({ body: {} }),
    'POST /v1/attempts/*/release': () => ({ body: {} }),
    ...options.routes,
  });
  service = fake;
  const stop = new StopSwitch();
  const reports: WorkerReport[] = [];
  const environment = { ...process.env, WAVEKEEPER_API_KEY: 'wk_secret', ...options.environment };
  await worker(
    {
      wavekeeper: new Wavekeeper({ url: fake.url, apiKey: 'wk_test' }),
      pool: 'build',
      name: 'tester',
      homeDir,
      stop: stop.stopping,
      hurry: stop.hurrying,
      stopGraceMs: 20_000,
      tasksMax: 1,
      onReport: (report) => {
        reports.push(report);
        options.onReport?.(report, stop);
      },
      ...options.settings,
    },
    commandHandler(command, environment),
  );
  return {
    reports,
    service: fake,
    sentTo: (verb) => fake.to('POST', `/v1/attempts/att_1/${verb}`).map((request) => request.body),
  };
}

function script(source: string): string[] {
  return [NODE, '-e', source];
}

describe('a worker that runs a command', () => {
  test('claims for its pool and hands in what the command printed', async () => {
    const run = await work(script('console.log("Built it.\\nin 3 s")'));
    expect(run.service.to('POST', '/v1/claims')[0]?.body).toMatchObject({
      pool: 'build',
      worker: 'tester',
      max: 1,
    });
    expect(run.sentTo('complete')).toEqual([
      {
        lease_token: 'lease-1',
        result: { summary: 'Built it.', output: 'Built it.\nin 3 s\n', artifacts: [] },
      },
    ]);
    expect(run.reports.at(-1)).toMatchObject({
      kind: 'ended',
      end: { kind: 'completed', text: 'Built it.' },
    });
  });

  test('gives the same brief on stdin and in a file, and takes the result file', async () => {
    const run = await work(
      script(`
        const fs = require('fs');
        const [stdin, file] = [fs.readFileSync(0, 'utf8'), fs.readFileSync(process.env.WAVEKEEPER_BRIEF_FILE, 'utf8')];
        const { WAVEKEEPER_TASK_REF: ref, WAVEKEEPER_ATTEMPT_ID: attempt } = process.env;
        const output = { same: stdin === file, brief: JSON.parse(stdin), ref, attempt };
        fs.writeFileSync(process.env.WAVEKEEPER_RESULT_FILE, JSON.stringify({ summary: 'read', output }));
      `),
    );
    expect(run.sentTo('complete')).toMatchObject([
      {
        result: {
          summary: 'read',
          output: { same: true, brief: aClaim().brief, ref: 'T1', attempt: 'att_1' },
        },
      },
    ]);
  });

  test("never gives the command the worker's own key", async () => {
    const run = await work(script('console.log(String(process.env.WAVEKEEPER_API_KEY))'));
    expect(run.sentTo('complete')).toMatchObject([{ result: { summary: 'undefined' } }]);
  });

  test('fails the attempt of a command that exits non-zero, with its last words', async () => {
    const run = await work(script('console.error("disk full"); process.exit(3)'));
    expect(run.sentTo('complete')).toEqual([]);
    expect(run.sentTo('fail')).toEqual([
      {
        lease_token: 'lease-1',
        error: { message: 'The command ended with exit code 3.\ndisk full', retryable: true },
      },
    ]);
  });

  test('cuts a huge output to what a result may have, and keeps both ends', async () => {
    const run = await work(script('process.stdout.write("first\\n" + "\\u0001".repeat(8e6) + "\\nlast")'));
    const [sent] = run.sentTo('complete') as [{ result: { summary: string; output: string } }];
    expect(JSON.stringify(sent).length).toBeLessThan(1_048_576);
    expect(sent.result.output).toMatch(/^first\n/);
    expect(sent.result.output).toMatch(/characters left out/);
    expect(sent.result.output).toMatch(/last$/);
  });

  // The inner process holds the command's stdout open: that the run ends at all shows that it is gone too.
  test.each(['attempt_canceled', 'lease_lost'])(
    'kills the command and all it started on 409 %s',
    async (code) => {
      const inner = `require('child_process').spawn(${JSON.stringify(NODE)}, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })`;
      const run = await work(script(inner), {
        routes: { 'POST /v1/attempts/*/heartbeat': () => problem(409, code) },
        settings: { leaseSeconds: 0.3 },
      });
      expect(run.reports.at(-1)).toMatchObject({ kind: 'ended', end: { kind: 'lost', reason: code } });
      expect(['complete', 'fail', 'release'].flatMap((verb) => run.sentTo(verb))).toEqual([]);
    },
  );

  test('kills the command when the service could not be reached for a whole lease', async () => {
    const run = await work(ENDLESS, {
      routes: { 'POST /v1/attempts/*/heartbeat': () => 'hang_up' },
      settings: { leaseSeconds: 0.3 },
    });
    expect(run.reports.at(-1)).toMatchObject({ end: { kind: 'lost', reason: 'lease_lost' } });
  });

  test('gives a running command back when its grace after the stop is over', async () => {
    const run = await work(ENDLESS, {
      settings: { stopGraceMs: 10, tasksMax: null },
      onReport: (report, stop) => report.kind === 'started' && stop.press(0),
    });
    expect(run.sentTo('release')).toEqual([{ lease_token: 'lease-1' }]);
    expect(run.sentTo('fail')).toEqual([]);
    expect(run.reports.at(-1)).toMatchObject({ end: { kind: 'released' } });
  });

  test('gives it back at once on the second press', async () => {
    const run = await work(ENDLESS, {
      settings: { tasksMax: null },
      onReport: (report, stop) => {
        if (report.kind !== 'started') return;
        stop.press(130);
        stop.press(130);
      },
    });
    expect(run.sentTo('release')).toHaveLength(1);
  });

  test('lets a command that ends within the grace hand in its result, and claims no more', async () => {
    const run = await work(script('console.log("in time")'), {
      settings: { tasksMax: null },
      onReport: (report, stop) => report.kind === 'started' && stop.press(0),
    });
    expect(run.sentTo('complete')).toHaveLength(1);
    expect(run.service.to('POST', '/v1/claims')).toHaveLength(1);
  });

  test('sends a result again until it is answered', async () => {
    let times = 0;
    const run = await work(script('console.log("once")'), {
      routes: { 'POST /v1/attempts/*/complete': () => (++times === 1 ? 'hang_up' : { body: {} }) },
    });
    expect(run.sentTo('complete')).toHaveLength(2);
    expect(run.reports.at(-1)).toMatchObject({ end: { kind: 'completed' } });
  });

  test('fails the attempt when the service refuses its result', async () => {
    const run = await work(script('console.log("odd")'), {
      routes: { 'POST /v1/attempts/*/complete': () => problem(422, 'validation_failed') },
    });
    expect(run.sentTo('fail')).toMatchObject([
      { error: { message: expect.stringContaining('validation_failed') } },
    ]);
  });

  test('gives the attempt back and ends when the command cannot be started', async () => {
    await expect(work(['/nowhere/to/be/found'], { settings: { tasksMax: null } })).rejects.toThrow(
      'Cannot start',
    );
    expect(service?.to('POST', '/v1/attempts/att_1/release')).toHaveLength(1);
    expect(service?.to('POST', '/v1/attempts/att_1/fail')).toHaveLength(0);
  });

  test('outlives a service that is away for a while, but not one that never was there', async () => {
    const answers: Awaited<ReturnType<Route>>[] = [
      { body: { data: [] } },
      'hang_up',
      { body: { data: [aClaim()] } },
    ];
    const run = await work(script('console.log("back")'), {
      routes: { 'POST /v1/claims': () => answers.shift() ?? 'hold' },
    });
    expect(run.reports.map((report) => report.kind)).toEqual(['unreachable', 'started', 'ended']);
    await service?.close();
    await expect(work(ENDLESS, { routes: { 'POST /v1/claims': () => 'hang_up' } })).rejects.toThrow(
      'No service',
    );
  });

  test('ends when it found nothing for the time it may be idle', async () => {
    const run = await work(ENDLESS, {
      routes: { 'POST /v1/claims': () => ({ body: { data: [] } }) },
      settings: { tasksMax: null, idleSecondsMax: 0 },
    });
    expect(run.reports).toEqual([]);
    expect(run.service.to('POST', '/v1/claims')[0]?.body).toMatchObject({ wait_seconds: 0 });
  });
});

describe('the examples', () => {
  const example = (name: string) => [path.resolve(import.meta.dirname, '../../../../examples/workers', name)];

  test('build.sh reads the brief from its file and writes a result file', async () => {
    const run = await work(example('build.sh'));
    expect(run.sentTo('complete')).toMatchObject([
      { result: { summary: 'Measured Do thing 1', output: { characters: 10 } } },
    ]);
  });

  test('claude.sh hands the brief to claude -p and takes its answer', async () => {
    const claude = `#!/bin/sh\n[ "$1" = -p ] && [ "$2" = --model ] || exit 1\necho "Did it."\ngrep -o '"title": "Do thing 1"'\n`;
    await writeFile(path.join(homeDir, 'claude'), claude, { mode: 0o755 });
    const run = await work(example('claude.sh'), {
      environment: { PATH: `${homeDir}:${String(process.env.PATH)}`, CLAUDE_ARGS: '--model opus' },
    });
    expect(run.sentTo('complete')).toMatchObject([
      { result: { summary: 'Did it.', output: 'Did it.\n"title": "Do thing 1"\n' } },
    ]);
  });
});
