import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Shadow } from '#contracts';
import { aMission, anEvent, aSession, aWave, secondsIn } from '../test/builders.js';
import { FakeService, problem, type Route } from '../test/fake-service.js';
import { EXIT } from './exit-codes.js';
import { runProgram } from './program.js';

let home: string;
let service: FakeService | null = null;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'wavekeeper-cli-'));
});
afterEach(async () => {
  await service?.close();
  service = null;
  await rm(home, { recursive: true });
});

async function run(commandLine: string[], environment: NodeJS.ProcessEnv = {}) {
  const { session, written } = aSession({ WAVEKEEPER_HOME: home, ...environment });
  const exitCode = await runProgram(session, commandLine);
  return { exitCode, ...written };
}

async function runAgainst(routes: Record<string, Route>, commandLine: string[]) {
  await service?.close();
  service = await FakeService.listen(routes);
  return run(commandLine, { WAVEKEEPER_URL: service.url, WAVEKEEPER_API_KEY: 'wk_test' });
}

const TASK = {
  id: 'tsk_1',
  ref: 'T1',
  key: null,
  mission_id: 'msn_1',
  title: 'Copy\u001b[2J it',
  state: 'queued',
  state_reason: null,
  worker: null,
  priority: 2,
  depends_on: [],
  acceptance_criteria: [],
  generation: 1,
  created_by_wave: null,
  reviewed_by_wave: null,
  digest_id: null,
  callback_url: null,
  metadata: {},
  created_at: secondsIn(0),
  updated_at: secondsIn(0),
  completed_at: null,
  instructions: '',
  result: null,
  attempts: [],
};

describe('exit codes', () => {
  test.each([
    [404, EXIT.notFound],
    [401, EXIT.auth],
    [403, EXIT.auth],
    [409, EXIT.conflict],
    [500, EXIT.failure],
  ])('a %i ends with %i, its detail on stderr and nothing on stdout', async (status, exitCode) => {
    const ended = await runAgainst(
      { 'GET /v1/waves/*': () => problem(status, 'some_code', 'What happened.') },
      ['wave', 'show', 'wav_1', '--json'],
    );
    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toContain('What happened.');
  });

  test.each([
    ['an unknown command', ['fly']],
    ['a missing argument', ['wave', 'show']],
    ['an option out of range', ['task', 'list', '--limit', '0']],
    ['a state that does not exist', ['task', 'list', '--state', 'lost']],
    ['a worker without a pool', ['worker', 'run', '--', 'true']],
  ])('%s is a usage error', async (_name, commandLine) => {
    expect(await run(commandLine)).toMatchObject({ exitCode: EXIT.usage, stdout: '' });
  });

  test('--help is no error, even in an environment that does not fit', async () => {
    const ended = await run(['--help'], { PORT: 'none' });
    expect(ended.exitCode).toBe(EXIT.ok);
    expect(ended.stdout).toContain('Exit codes');
  });

  test('settings that do not fit are a usage error', async () => {
    expect(await run(['mission', 'list'], { PORT: 'none' })).toMatchObject({ exitCode: EXIT.usage });
  });

  test('a service that is not there is named, with what to do about it', async () => {
    const away = { WAVEKEEPER_URL: 'http://127.0.0.1:1', WAVEKEEPER_API_KEY: 'wk_test' };
    const ended = await run(['mission', 'list'], away);
    expect(ended.exitCode).toBe(EXIT.failure);
    expect(ended.stderr).toBe('error: No service at http://127.0.0.1:1.\nnext: Start one: npm start\n');
  });
});

describe('credentials', () => {
  test('come from the home of the service when the environment has none', async () => {
    service = await FakeService.listen({
      'GET /v1/missions': () => ({ body: { data: [], next_cursor: null } }),
    });
    const written = { url: service.url, api_key: 'wk_home', admin_key: 'wk_admin', tenant_id: 'tnt_1' };
    await writeFile(path.join(home, 'credentials.json'), JSON.stringify(written));
    expect(await run(['mission', 'list', '--json'])).toMatchObject({ exitCode: EXIT.ok });
    expect(service.requests[0]?.headers.authorization).toBe('Bearer wk_home');
  });

  test('that are missing are an auth error', async () => {
    expect(await run(['mission', 'list'])).toMatchObject({ exitCode: EXIT.auth });
  });
});

describe('digest rebuild', () => {
  test('says what was written, or prints it as JSON', async () => {
    const route = { 'POST /v1/missions/*/digests/rebuild': () => ({ body: { task_ends: 9, digests: 1 } }) };
    const command = ['digest', 'rebuild', '--mission', 'msn_1'];
    expect(await runAgainst(route, command)).toMatchObject({
      exitCode: EXIT.ok,
      stdout: '9 cards and 1 digest were written.\n',
    });
    const ended = await runAgainst(route, [...command, '--json']);
    expect(JSON.parse(ended.stdout)).toEqual({ task_ends: 9, digests: 1 });
  });

  test('needs a mission', async () => {
    expect(await runAgainst({}, ['digest', 'rebuild'])).toMatchObject({ exitCode: EXIT.usage });
  });
});

describe('task', () => {
  const submitted = { body: { data: [{ index: 0, id: 'tsk_1', ref: 'T1', existing: false }] } };

  test('submit goes to the default mission unless told, and prints one JSON document', async () => {
    const ended = await runAgainst(
      { 'POST /v1/tasks': () => submitted, 'GET /v1/tasks/*': () => ({ body: TASK }) },
      ['task', 'submit', 'Copy it', '--depends-on', 'a', '--depends-on', 'T3', '--json'],
    );
    expect(ended).toMatchObject({ exitCode: EXIT.ok, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ id: 'tsk_1', ref: 'T1' });
    expect(service?.to('POST', '/v1/tasks')[0]?.body).toMatchObject({
      tasks: [{ title: 'Copy it', depends_on: ['a', 'T3'], priority: 2 }],
    });
  });

  test('submit fails with the problem of the item', async () => {
    const refused = {
      index: 0,
      problem: { code: 'unknown_dependency', message: 'no task a', pointer: null },
    };
    const ended = await runAgainst({ 'POST /v1/missions/*/tasks': () => ({ body: { data: [refused] } }) }, [
      'task',
      'submit',
      'Copy it',
      '--mission',
      'msn_1',
    ]);
    expect(ended).toMatchObject({
      exitCode: EXIT.failure,
      stderr: 'error: no task a (unknown_dependency)\n',
    });
  });

  test('submit --wait ends with 7 when the task failed', async () => {
    const ended = await runAgainst(
      {
        'POST /v1/tasks': () => submitted,
        'GET /v1/tasks/*': () => ({ body: { ...TASK, state: 'failed' } }),
      },
      ['task', 'submit', 'Copy it', '--wait'],
    );
    expect(ended.exitCode).toBe(EXIT.taskFailed);
  });

  test('submit --wait prints the task as it is when the time is up, and ends with 6', async () => {
    const ended = await runAgainst(
      {
        'POST /v1/tasks': () => submitted,
        'GET /v1/tasks/*': () => ({ body: { ...TASK, state: 'working' } }),
      },
      ['task', 'submit', 'Copy it', '--wait', '1', '--json'],
    );
    expect(ended.exitCode).toBe(EXIT.timedOut);
    expect(JSON.parse(ended.stdout)).toMatchObject({ id: 'tsk_1', state: 'working' });
    expect(ended.stderr).toContain('next: wavekeeper task get tsk_1');
  });

  test('list never lets a title steer the terminal', async () => {
    const ended = await runAgainst(
      { 'GET /v1/tasks': () => ({ body: { data: [TASK], next_cursor: 'more' } }) },
      ['task', 'list', '--state', 'queued'],
    );
    expect(ended.stdout).toBe('tsk_1  T1  queued  p2  Copy\uFFFD[2J it\n');
    expect(ended.stderr).toBe('more: --cursor more\n');
  });
});

describe('directives', () => {
  const directive = (id: string, state: string) => ({
    id,
    ref: 'D1',
    text: 'Never\u001b[2J delete.',
    state,
    source: 'key',
    created_at: secondsIn(0),
  });

  test('list shows all of them, page by page, as they were said and what became of them', async () => {
    const pages = [
      { data: [directive('dir_1', 'proposed')], next_cursor: 'c' },
      { data: [directive('dir_2', 'accepted')], next_cursor: null },
    ];
    const ended = await runAgainst(
      { 'GET /v1/missions/*/directives': () => ({ body: pages.shift() ?? {} }) },
      ['directive', 'list', 'msn_1'],
    );
    expect(ended.stdout).toBe(
      'dir_1  D1  proposed\n  Never\uFFFD[2J delete.\n\ndir_2  D1  accepted\n  Never\uFFFD[2J delete.\n',
    );
  });

  test('accept takes several at once', async () => {
    const moved: string[] = [];
    const ended = await runAgainst(
      {
        'POST /v1/directives/*/accept': ({ path }) => {
          const id = path.split('/')[3] ?? '';
          moved.push(id);
          return { body: directive(id, 'accepted') };
        },
      },
      ['directive', 'accept', 'dir_1', 'dir_2'],
    );
    expect([ended.exitCode, moved]).toEqual([EXIT.ok, ['dir_1', 'dir_2']]);
    expect(ended.stdout).toBe('dir_1  D1  accepted\ndir_2  D1  accepted\n');
  });
});

describe('what people are asked', () => {
  const REQUEST = {
    id: 'inp_1',
    ref: 'Q1',
    mission_id: 'msn_1',
    task_id: 'tsk_1',
    kind: 'choice',
    about: 'question',
    prompt: 'Which\u001b[2J colour?',
    options: [
      { value: 'red', label: 'red' },
      { value: 'resume', label: 'Go on' },
    ],
    deadline_at: secondsIn(60),
    default: null,
    on_timeout: null,
    state: 'open',
    answer: null,
    blocks: ['tsk_1'],
    created_at: secondsIn(0),
  };

  test('inbox lists it with its options, and never lets a question steer the terminal', async () => {
    const ended = await runAgainst(
      { 'GET /v1/input-requests': () => ({ body: { data: [REQUEST], next_cursor: null } }) },
      ['inbox'],
    );
    expect(ended.stdout).toBe(
      [
        'inp_1  choice  msn_1  holds up 1  until 2026-11-23T10:01:00.000Z',
        '  Which\uFFFD[2J colour?',
        '  - red',
        '  - resume: Go on',
        '',
      ].join('\n'),
    );
  });

  test('answer sends value and comment', async () => {
    const sent: unknown[] = [];
    const ended = await runAgainst(
      {
        'POST /v1/input-requests/*/answer': (request) => {
          sent.push(request.body);
          return { body: { ...REQUEST, state: 'answered', answer: { value: 'red', comment: 'As ever.' } } };
        },
      },
      ['answer', 'inp_1', 'red', '--comment', 'As ever.'],
    );
    expect(sent).toEqual([{ value: 'red', comment: 'As ever.' }]);
    expect(ended.stdout).toBe('inp_1  answered  red\n');
  });

  test('answer-link prints the whole address that a person can open', async () => {
    const sent: unknown[] = [];
    const ended = await runAgainst(
      {
        'POST /v1/input-requests/*/answer-links': (request) => {
          sent.push(request.body);
          return { status: 201, body: { path: '/answer/wkq_x', expires_at: secondsIn(90) } };
        },
      },
      ['answer-link', 'inp_1', '--expires-in', '90'],
    );
    expect(sent).toEqual([{ expires_in_seconds: 90 }]);
    expect(ended.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/answer\/wkq_x\n$/);
  });

  test('answer that comes second ends with a conflict', async () => {
    const ended = await runAgainst(
      { 'POST /v1/input-requests/*/answer': () => problem(409, 'already_answered') },
      ['answer', 'inp_1', 'red'],
    );
    expect(ended.exitCode).toBe(EXIT.conflict);
  });
});

describe('schedules', () => {
  const SCHEDULE = {
    id: 'sch_1',
    mission_id: 'msn_1',
    cron: '30 6 * * 1-5',
    time_zone: 'Europe/Berlin',
    task: { title: 'Count\u001b[2J them' },
    catch_up: 'one',
    state: 'active',
    next_run_at: secondsIn(60),
    last_run_at: null,
    runs: 1,
    created_at: secondsIn(0),
    updated_at: secondsIn(0),
  };
  const LINE =
    'sch_1  active  30 6 * * 1-5 Europe/Berlin  next 2026-11-23T10:01:00.000Z  1 run  Count\uFFFD[2J them\n';

  test('create sends timetable and task', async () => {
    const ended = await runAgainst(
      { 'POST /v1/missions/*/schedules': () => ({ status: 201, body: SCHEDULE }) },
      [
        ...['schedule', 'create', 'msn_1', 'Count them', '--cron', '30 6 * * 1-5'],
        ...['--time-zone', 'Europe/Berlin', '--catch-up', 'one', '--criterion', 'a number'],
      ],
    );
    expect(service?.requests[0]?.body).toEqual({
      cron: '30 6 * * 1-5',
      time_zone: 'Europe/Berlin',
      catch_up: 'one',
      task: {
        title: 'Count them',
        instructions: '',
        acceptance_criteria: ['a number'],
        worker: null,
        priority: 2,
      },
    });
    expect(ended).toMatchObject({ exitCode: EXIT.ok, stdout: LINE });
  });

  test('list, pause, resume and delete go to what is named', async () => {
    const patched: unknown[] = [];
    const routes: Record<string, Route> = {
      'GET /v1/missions/*/schedules': () => ({ body: { data: [SCHEDULE], next_cursor: null } }),
      'PATCH /v1/schedules/*': ({ body }) => {
        patched.push(body);
        return { body: SCHEDULE };
      },
      'DELETE /v1/schedules/*': () => ({ status: 204 }),
    };
    for (const commandLine of [
      ['list', 'msn_1'],
      ['pause', 'sch_1'],
      ['resume', 'sch_1'],
    ]) {
      expect(await runAgainst(routes, ['schedule', ...commandLine])).toMatchObject({ stdout: LINE });
      await service?.close();
    }
    expect(patched).toEqual([{ state: 'paused' }, { state: 'active' }]);
    expect(await runAgainst(routes, ['schedule', 'delete', 'sch_1'])).toMatchObject({ stdout: '' });
    expect(service?.to('DELETE', '/v1/schedules/sch_1')).toHaveLength(1);
  });
});

test('mission status shows tasks, conductor and context', async () => {
  const gauge = {
    wave: aWave({ number: 3, state: 'running' }),
    context: { tokens: 6_200, budget: 24_000, ceiling: 195_904, level: 'ok' },
    spill: 2,
    next_wave_at: null,
  };
  const ended = await runAgainst(
    {
      'GET /v1/missions/*': () => ({ body: aMission({ counts: { working: 2, completed: 5 } }) }),
      'GET /v1/missions/*/conductor': () => ({ body: gauge }),
    },
    ['mission', 'status', 'msn_1'],
  );
  expect(ended.stdout).toContain('2 working, 5 completed');
  expect(ended.stdout).toContain('wave 3 (result)');
  expect(ended.stdout).toContain('6.2K/24K ok');
});

test('conductor rotate asks for what it was told and says what the fresh one will read', async () => {
  const ended = await runAgainst(
    {
      'POST /v1/missions/*/conductor/rotate': () => ({
        status: 202,
        body: { epoch: 4, before_tokens: 18_400, expected_tokens: 6_200 },
      }),
    },
    ['conductor', 'rotate', 'msn_1', '--now', '--keep-note', '--reason', 'It repeats itself.'],
  );
  expect(service?.requests[0]?.body).toEqual({ reason: 'It repeats itself.', mode: 'now', keep_note: true });
  expect(ended.stdout).toBe('epoch 4: the last request was 18.4K tokens, the next is expected at 6.2K\n');
});

test('mission tell and the controls go to the mission that is named', async () => {
  const message = {
    id: 'msg_1',
    seq: 1,
    text: 'Stop.',
    trusted: true,
    created_at: secondsIn(0),
    seen_by_wave: null,
    decisions: [],
  };
  const routes = {
    'POST /v1/missions/*/messages': () => ({ status: 202, body: message }),
    'POST /v1/missions/*/pause': () => ({ body: aMission({ state: 'paused' }) }),
  };
  expect((await runAgainst(routes, ['mission', 'tell', 'msn_1', 'Stop.'])).exitCode).toBe(EXIT.ok);
  expect(service?.to('POST', '/v1/missions/msn_1/messages')).toMatchObject([{ body: { text: 'Stop.' } }]);
  await service?.close();
  expect((await runAgainst(routes, ['mission', 'pause', 'msn_1'])).stdout).toContain('paused');
});

test('watch --json prints each event as a line and ends with the mission', async () => {
  const events = [anEvent(1, 'mission.created'), anEvent(2, 'mission.completed')];
  const text = events.map((event) => `id: ${String(event.seq)}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  const ended = await runAgainst(
    {
      'GET /v1/missions/*': () => ({ body: aMission({ state: 'active' }) }),
      'GET /v1/missions/*/events': ({ headers, query }) =>
        headers.accept === 'text/event-stream'
          ? { headers: { 'content-type': 'text/event-stream' }, text }
          : { body: { data: events.filter(({ seq }) => (seq ?? 0) > Number(query.get('after'))) } },
    },
    ['watch', 'msn_1', '--json'],
  );
  expect(ended).toMatchObject({ exitCode: EXIT.ok, stderr: '' });
  expect(
    ended.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(events);
});

test('wave shadow asks for what was said and tells what is decided otherwise', async () => {
  const shadow: Shadow = {
    wave_id: 'wav_1',
    model: 'claude-opus-5-5',
    stop_reason: 'handoff',
    requests: 2,
    reads: 1,
    context: { tokens: 6_200, budget: 9_000, level: 'ok', total_tokens: 5_000, is_stored_request: false },
    usage: { ...aWave().usage, cost_usd: '0.0312' },
    decisions: {
      same: [{ tool: 'task_dispatch', subject: 'T1', input: { ref: 'T1' } }],
      changed: [{ tool: 'handoff', subject: 'wave', original: { done: true }, shadow: { done: false } }],
      only_original: [],
      only_shadow: [],
    },
  };
  const ended = await runAgainst({ 'POST /v1/waves/*/shadow': () => ({ body: shadow }) }, [
    'wave',
    'shadow',
    'wav_1',
    '--model',
    'claude-opus-5-5',
    '--context-budget',
    '9000',
  ]);
  expect(ended.exitCode).toBe(EXIT.ok);
  expect(service?.to('POST', '/v1/waves/wav_1/shadow')).toMatchObject([
    { body: { model: 'claude-opus-5-5', policy: { context_budget_tokens: 9_000 } } },
  ]);
  expect(ended.stdout.trimEnd().split('\n')).toEqual([
    'otherwise  handoff        wave  {"done":false}',
    'the same   task_dispatch  T1    {"ref":"T1"}',
    'claude-opus-5-5: 2 requests, stop handoff, largest 6.2K/9K, cost $0.0312',
  ]);
});

test('wave context draws a bar for every section and counts what was left out', async () => {
  const block = { ref: 'D1', source: 'directive', rung: 'full', tokens: 500, sha256: 'x' };
  const section = (name: string, title: string, tokens: number) => ({
    name,
    title,
    tokens,
    ceiling: 1_000,
    blocks: [block],
    omitted: [
      { ref: null, count: 9, reason: 'budget', fetch: 'ledger_search' },
      { ref: 'T4', count: 1, reason: 'budget', fetch: null },
    ],
  });
  const manifest = {
    wave_id: 'wav_1',
    seq: 4,
    builder_version: '1',
    budget_tokens: 24_000,
    target_tokens: 16_000,
    total_tokens: 1_500,
    counted_tokens: 1_498,
    prefix_sha256: {},
    sections: [section('Z3', 'Directives', 500), section('Z6', 'Board', 1_000)],
    requests: [],
    requests_kept: true,
    rebuild: { equal: true, sha256: 'abc', expected_sha256: 'abc' },
  };
  const ended = await runAgainst({ 'GET /v1/waves/*/context': () => ({ body: manifest }) }, [
    'wave',
    'context',
    'wav_1',
    '--rebuild',
  ]);
  expect(ended.stdout.split('\n')).toEqual([
    '    section        tokens  of its ceiling        blocks  omitted',
    'Z3  Directives   500/1000  ██████████░░░░░░░░░░       1       10',
    'Z6  Board       1000/1000  ████████████████████       1       10',
    'total 1500 of 24000 tokens (aims for 16000; the provider counted 1498)',
    'rebuilt from the ledger: the same bytes (abc)',
    '',
  ]);
  expect(service?.requests[0]?.query.get('rebuild')).toBe('true');
});

test('worker run does its tasks and ends', async () => {
  const ended = await runAgainst({ 'POST /v1/claims': () => ({ body: { data: [] } }) }, [
    'worker',
    'run',
    '--pool',
    'build',
    '--exit-when-idle',
    '0',
    '--',
    'true',
    '--json',
  ]);
  expect(ended).toMatchObject({ exitCode: EXIT.ok, stdout: '' });
});
