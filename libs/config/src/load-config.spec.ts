import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { InvalidSettingsError, isLoopback, loadConfig } from './load-config.js';

const MASTER_KEY = 'ab'.repeat(32);
const ADMIN_KEY = 'an-admin-key-of-some-length';

/** The problems that an environment is refused for; none when it is taken. */
function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof InvalidSettingsError) return error.problems;
    throw error;
  }
}

describe('loadConfig', () => {
  it('needs nothing: everything has a default', () => {
    expect(loadConfig({})).toEqual({
      port: 7070,
      host: '127.0.0.1',
      databaseUrl: null,
      redisUrl: null,
      queue: 'postgres',
      homeDir: path.join(os.homedir(), '.wavekeeper'),
      roles: ['api', 'worker'],
      adminKey: null,
      masterKey: null,
      previousMasterKey: null,
      anthropicApiKey: null,
      anthropicBaseUrl: null,
      unprovedRequests: 'send',
      digestWriter: 'extractive',
      webhookScheduleSeconds: [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
      webhookAllowCidrs: null,
      waveSlots: 4,
      attemptSlots: 8,
      deliverySlots: 64,
      sweepIntervalMs: 5_000,
      contextDays: 30,
      logLevel: 'info',
      metrics: false,
      collector: false,
      simulatorScript: null,
      crashAt: null,
      clientUrl: null,
      clientApiKey: null,
    });
  });

  it('lets a model word digests where there is a key for one, unless it is told otherwise', () => {
    const writerOf = (environment: NodeJS.ProcessEnv) => loadConfig(environment).digestWriter;
    expect(writerOf({ ANTHROPIC_API_KEY: 'sk-ant-1' })).toBe('model');
    expect(writerOf({ ANTHROPIC_API_KEY: 'sk-ant-1', WAVEKEEPER_DIGEST_WRITER: 'extractive' })).toBe(
      'extractive',
    );
    expect(writerOf({ WAVEKEEPER_DIGEST_WRITER: 'model' })).toBe('model');
  });

  it('takes what is set, lists by comma and white space around them ignored', () => {
    expect(
      loadConfig({
        PORT: '0',
        DATABASE_URL: 'postgres://owner:secret@db/wavekeeper',
        REDIS_URL: 'redis://127.0.0.1:6379',
        WAVEKEEPER_HOME: 'relative/home',
        WAVEKEEPER_ROLES: ' worker ',
        WAVEKEEPER_ADMIN_KEY: ADMIN_KEY,
        WAVEKEEPER_MASTER_KEY: MASTER_KEY,
        ANTHROPIC_API_KEY: 'sk-ant-1',
        ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
        WAVEKEEPER_UNPROVED_REQUESTS: 'refuse',
        WAVEKEEPER_WEBHOOK_SCHEDULE: '0, 1,2',
        WAVEKEEPER_WEBHOOK_ALLOW_CIDRS: '10.0.0.0/8, fd00::/8',
        WAVEKEEPER_SWEEP_SECONDS: '1',
        WAVEKEEPER_SIMULATOR_SCRIPT: 'faults.json',
        WAVEKEEPER_CRASH_AT: 'wave.opened#2',
        WAVEKEEPER_URL: 'http://127.0.0.1:7070',
        WAVEKEEPER_API_KEY: 'wk_local_1',
      }),
    ).toMatchObject({
      port: 0,
      databaseUrl: 'postgres://owner:secret@db/wavekeeper',
      redisUrl: 'redis://127.0.0.1:6379',
      queue: 'redis',
      homeDir: path.resolve('relative/home'),
      roles: ['worker'],
      adminKey: ADMIN_KEY,
      masterKey: MASTER_KEY,
      anthropicApiKey: 'sk-ant-1',
      anthropicBaseUrl: 'http://127.0.0.1:1',
      unprovedRequests: 'refuse',
      webhookScheduleSeconds: [0, 1, 2],
      webhookAllowCidrs: ['10.0.0.0/8', 'fd00::/8'],
      sweepIntervalMs: 1_000,
      simulatorScript: 'faults.json',
      crashAt: 'wave.opened#2',
      clientUrl: 'http://127.0.0.1:7070',
      clientApiKey: 'wk_local_1',
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(loadConfig({ PORT: '', DATABASE_URL: '', WAVEKEEPER_ROLES: '', ANTHROPIC_API_KEY: '' })).toEqual(
      loadConfig({}),
    );
  });

  it('tells an allow-list that is empty from one that is not set', () => {
    expect(loadConfig({}).webhookAllowCidrs).toBeNull();
    expect(loadConfig({ WAVEKEEPER_WEBHOOK_ALLOW_CIDRS: '' }).webhookAllowCidrs).toEqual([]);
    expect(loadConfig({ WAVEKEEPER_WEBHOOK_ALLOW_CIDRS: ' , ' }).webhookAllowCidrs).toEqual([]);
  });

  it('passes over variables of others', () => {
    expect(loadConfig({ PATH: '/bin', SHELL: 'sh' })).toEqual(loadConfig({}));
  });

  it.each([
    [undefined, undefined, 'postgres'],
    [undefined, 'redis://127.0.0.1', 'redis'],
    ['auto', 'redis://127.0.0.1', 'redis'],
    ['postgres', 'redis://127.0.0.1', 'postgres'],
    ['none', undefined, 'none'],
  ])('with WAVEKEEPER_QUEUE=%s and REDIS_URL=%s uses %s', (queue, redisUrl, expected) => {
    expect(loadConfig({ WAVEKEEPER_QUEUE: queue, REDIS_URL: redisUrl }).queue).toBe(expected);
  });

  it('arms no crash point in production', () => {
    const environment = { WAVEKEEPER_CRASH_AT: 'wave.opened#1' };
    expect(loadConfig({ ...environment, NODE_ENV: 'test' }).crashAt).toBe('wave.opened#1');
    expect(loadConfig({ ...environment, NODE_ENV: 'production' }).crashAt).toBeNull();
  });
});

describe('loadConfig, on what does not fit', () => {
  it.each<[NodeJS.ProcessEnv, RegExp]>([
    [{ PORT: 'http' }, /^PORT is not a whole number$/],
    [{ PORT: ' ' }, /^PORT is not a whole number$/],
    [{ PORT: '70.5' }, /^PORT is not a whole number$/],
    [{ PORT: '65536' }, /^PORT .*65535/],
    [{ DATABASE_URL: 'db' }, /^DATABASE_URL .*URL/],
    [{ REDIS_URL: 'localhost' }, /^REDIS_URL .*URL/],
    [{ WAVEKEEPER_QUEUE: 'kafka' }, /^WAVEKEEPER_QUEUE .*redis.*postgres.*none/],
    [{ WAVEKEEPER_QUEUE: 'redis' }, /^WAVEKEEPER_QUEUE=redis needs REDIS_URL, such as redis:/],
    [{ WAVEKEEPER_ROLES: 'api,web' }, /^WAVEKEEPER_ROLES\.1 /],
    [{ WAVEKEEPER_ADMIN_KEY: 'short' }, /^WAVEKEEPER_ADMIN_KEY .*20/],
    [
      { WAVEKEEPER_MASTER_KEY: 'g'.repeat(64) },
      /^WAVEKEEPER_MASTER_KEY is not 64 hexadecimal digits; make one with/,
    ],
    [{ WAVEKEEPER_WEBHOOK_SCHEDULE: '5,,10' }, /^WAVEKEEPER_WEBHOOK_SCHEDULE\.1 is not a whole number$/],
    [{ WAVEKEEPER_WEBHOOK_SCHEDULE: '-5' }, /^WAVEKEEPER_WEBHOOK_SCHEDULE\.0 is not a whole number$/],
    [{ WAVEKEEPER_WEBHOOK_SCHEDULE: '604801' }, /^WAVEKEEPER_WEBHOOK_SCHEDULE\.0 .*604800/],
    [{ WAVEKEEPER_WAVE_SLOTS: '0' }, /^WAVEKEEPER_WAVE_SLOTS .*1/],
    [{ WAVEKEEPER_SWEEP_SECONDS: '61' }, /^WAVEKEEPER_SWEEP_SECONDS .*60/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL /],
    [{ WAVEKEEPER_CRASH_AT: 'wave.opened' }, /^WAVEKEEPER_CRASH_AT is not <label>#<n>$/],
  ])('refuses %j and says why', (environment, problem) => {
    expect(problemsOf(environment)).toEqual([expect.stringMatching(problem)]);
  });

  it('names every problem at once, in a message for a terminal', () => {
    const load = (): unknown => loadConfig({ PORT: 'x', LOG_LEVEL: 'loud' });
    expect(load).toThrow(InvalidSettingsError);
    expect(load).toThrow(/^The environment does not fit:\n {2}PORT .+\n {2}LOG_LEVEL .+$/);
  });

  it('never repeats a secret in its message', () => {
    const aSecret = fc.stringMatching(/^[A-Za-z0-9]{12,19}$/);
    fc.assert(
      fc.property(aSecret, (secret) => {
        const problems = problemsOf({
          WAVEKEEPER_ADMIN_KEY: secret,
          WAVEKEEPER_MASTER_KEY: secret,
          DATABASE_URL: `owner:${secret}@db/x y`,
          REDIS_URL: secret,
        });
        expect(problems.length).toBeGreaterThanOrEqual(3);
        expect(problems.join('\n')).not.toContain(secret);
      }),
    );
  });

  it.each([
    [{}],
    [{ WAVEKEEPER_ADMIN_KEY: ADMIN_KEY }],
    [{ WAVEKEEPER_MASTER_KEY: MASTER_KEY }],
    [{ WAVEKEEPER_ADMIN_KEY: ADMIN_KEY, WAVEKEEPER_MASTER_KEY: '' }],
  ])('refuses to be reachable from outside with no more keys than %j', (keys) => {
    expect(problemsOf({ HOST: '0.0.0.0', ...keys })).toEqual([
      expect.stringMatching(
        /^HOST=0\.0\.0\.0 is reachable from outside: set WAVEKEEPER_ADMIN_KEY and WAVEKEEPER_MASTER_KEY/,
      ),
    ]);
  });

  it('is reachable from outside with both keys', () => {
    const keys = { WAVEKEEPER_ADMIN_KEY: ADMIN_KEY, WAVEKEEPER_MASTER_KEY: MASTER_KEY };
    expect(loadConfig({ HOST: '0.0.0.0', ...keys }).host).toBe('0.0.0.0');
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('is true for %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    'example.com',
    '127.evil.example',
    '127.0.0.1.evil.example',
    '',
  ])('is false for "%s"', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
