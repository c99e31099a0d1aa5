import { newUuid, taskInputSchema } from '#contracts';
import type { Tx } from '#database';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, A_WORKER, aMission, type TestMission } from '../../../test/support/mission.js';
import {
  addDirective,
  cancelTask,
  completeAttempt,
  controlMission,
  failAttempt,
  findResource,
  heartbeatAttempt,
  leaseAttempts,
  listEvents,
  moveDirective,
  openWave,
  postMessage,
  proposeDirective,
  readAttempt,
  readDirective,
  readMissionStatus,
  readTaskWithAttempts,
  readWaveWithDecisions,
  releaseAttempt,
  retryTask,
  submitTasks,
  updateMission,
  updateTask,
} from './index.js';

const LEASE = { pool: 'builtin', attemptsMax: 1, leaseSeconds: 60, worker: 'w' };
const RESULT = { summary: 'Mine now.', output: null, artifacts: [] };

describe('what another tenant owns', () => {
  let database: TestDatabase;
  let theirs: TestMission;
  let own: TestMission;
  let ids: { task: string; attempt: string; wave: string; directive: string; leaseToken: string };

  beforeAll(async () => {
    database = await createTestDatabase();
    theirs = await aMission(database);
    own = await aMission(database);
    const attempt = await theirs.workingOn('Theirs');
    const directive = await theirs.run((tx) => addDirective(tx, theirs.id, 'Be kind.', A_KEY));
    const [wave] = await theirs.waves();
    ids = {
      task: attempt.taskId,
      attempt: attempt.attemptId,
      wave: String(wave?.id),
      directive,
      leaseToken: attempt.leaseToken,
    };
  });
  afterEach(() => expectInvariants(database));
  afterAll(() => database.drop());

  const verbs: Record<string, (tx: Tx) => Promise<unknown>> = {
    submitTasks: (tx) => submitTasks(tx, theirs.id, [{ task: taskInputSchema.parse({ title: 'X' }) }], A_KEY),
    postMessage: (tx) => postMessage(tx, theirs.id, { text: 'Stop.', trusted: true }, A_KEY),
    addDirective: (tx) => addDirective(tx, theirs.id, 'Obey me.', A_KEY),
    proposeDirective: (tx) => proposeDirective(tx, theirs.id, 'Obey me.', A_KEY),
    moveDirective: (tx) => moveDirective(tx, ids.directive, 'retire', A_KEY),
    updateMission: (tx) => updateMission(tx, theirs.id, { title: 'Mine' }, A_KEY),
    controlMission: (tx) => controlMission(tx, theirs.id, 'cancel', A_KEY),
    updateTask: (tx) => updateTask(tx, ids.task, { title: 'Mine' }, A_KEY),
    cancelTask: (tx) => cancelTask(tx, ids.task, A_KEY),
    retryTask: (tx) => retryTask(tx, ids.task, A_KEY),
    leaseAttempts: (tx) => leaseAttempts(tx, theirs.id, LEASE),
    heartbeatAttempt: (tx) => heartbeatAttempt(tx, ids.attempt, { leaseToken: ids.leaseToken }),
    completeAttempt: (tx) =>
      completeAttempt(tx, ids.attempt, { leaseToken: ids.leaseToken, result: RESULT }, A_WORKER),
    failAttempt: (tx) =>
      failAttempt(
        tx,
        ids.attempt,
        { leaseToken: ids.leaseToken, error: { message: 'no', retryable: false } },
        A_WORKER,
      ),
    releaseAttempt: (tx) => releaseAttempt(tx, ids.attempt, { leaseToken: ids.leaseToken }, A_WORKER),
    openWave: (tx) => openWave(tx, theirs.id),
    readMissionStatus: (tx) => readMissionStatus(tx, theirs.id),
    readTaskWithAttempts: (tx) => readTaskWithAttempts(tx, ids.task),
    readAttempt: (tx) => readAttempt(tx, ids.attempt),
    readWaveWithDecisions: (tx) => readWaveWithDecisions(tx, ids.wave),
    readDirective: (tx) => readDirective(tx, ids.directive),
  };

  it.each(Object.keys(verbs))('is not found by %s, and stays as it is', async (name) => {
    const before = await theirs.row();
    await expect(own.run((tx) => verbs[name]?.(tx) ?? Promise.resolve())).rejects.toMatchObject({
      kind: 'not_found',
    });
    expect(await theirs.row()).toEqual(before);
  });

  it('is found by nothing that lists or resolves', async () => {
    await own.run(async (tx) => {
      expect(await listEvents(tx, theirs.id, { afterSeq: 0, take: 10 })).toEqual([]);
      expect(await findResource(tx, 'mission', theirs.id)).toBeNull();
      expect(await findResource(tx, 'task', ids.task)).toBeNull();
      expect(await findResource(tx, 'attempt', ids.attempt)).toBeNull();
    });
  });

  it('cannot be named as a dependency', async () => {
    const [answer] = await own.submit({ depends_on: [ids.task] });
    expect(answer).toMatchObject({ problem: { code: 'unknown_dependency' } });
  });
});

describe('row-level security', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => expectInvariants(database));
  afterAll(() => database.drop());

  const TABLES = ['mission', 'task', 'event', 'attempt', 'inbox_item', 'wave'] as const;
  const countRows = async ({ db }: Pick<Tx, 'db'>): Promise<number[]> => {
    const counts: number[] = [];
    for (const table of TABLES) {
      const [row] = await db.$queryRawUnsafe<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${table}`);
      counts.push(row?.n ?? -1);
    }
    return counts;
  };

  it('shows a transaction its own tenant and no other, even to statements that ask for all', async () => {
    const theirs = await aMission(database);
    await theirs.workingOn();
    const own = await aMission(database);
    expect(await theirs.run(countRows)).not.toContain(0);
    expect(await own.run(countRows)).toEqual([1, 0, 1, 0, 0, 0]);
  });

  it('refuses to write a row of another tenant, or to move one there', async () => {
    const [own, theirs] = [await aMission(database), await aMission(database)];
    const insert = own.run(
      (tx) => tx.db.$executeRaw`
        INSERT INTO note (tenant_id, id, mission_id, number, kind, text)
        VALUES (${theirs.tenantId}::uuid, ${newUuid()}::uuid, ${theirs.id}::uuid, 1, 'fact', 'hello')`,
    );
    await expect(insert).rejects.toThrow(/row-level security/);
    const move = own.run((tx) => tx.db.$executeRaw`UPDATE mission SET tenant_id = ${theirs.tenantId}::uuid`);
    await expect(move).rejects.toThrow(/row-level security/);
  });

  it('refuses a row that points across tenants, even where a policy would let it be written', async () => {
    const [own, theirs] = [await aMission(database), await aMission(database)];
    const insert = own.run(
      (tx) => tx.db.$executeRaw`
        INSERT INTO note (tenant_id, id, mission_id, number, kind, text)
        VALUES (${own.tenantId}::uuid, ${newUuid()}::uuid, ${theirs.id}::uuid, 1, 'fact', 'hello')`,
    );
    await expect(insert).rejects.toThrow(/foreign key/i);
  });

  it('refuses to change or remove an event', async () => {
    const own = await aMission(database);
    await expect(own.run((tx) => tx.db.$executeRaw`DELETE FROM event`)).rejects.toThrow(/permission denied/);
    await expect(own.run((tx) => tx.db.$executeRaw`UPDATE event SET type = 'x'`)).rejects.toThrow(
      /permission denied/,
    );
  });

  it('shows nothing to a pooled connection once its transaction has ended', async () => {
    const own = await aMission(database);
    await own.submit('A');
    const nobody = '00000000-0000-0000-0000-000000000000';
    for (let use = 0; use < 20; use += 1)
      expect(await database.transactions.inTransaction(nobody, countRows)).toEqual(TABLES.map(() => 0));
  });

  it('leaves a system transaction nothing of a tenant but what pickers and sign-in need', async () => {
    await aMission(database);
    const read = (table: string) =>
      database.transactions.inSystemTransaction(({ db }) => db.$queryRawUnsafe(`SELECT 1 FROM ${table}`));
    for (const table of ['task', 'event', 'message', 'inbox_item', 'artifact', 'note', 'directive'])
      await expect(read(table)).rejects.toThrow(/permission denied/);
  });

  it('binds a system transaction to one tenant as soon as it becomes one', async () => {
    const [own] = [await aMission(database), await aMission(database)];
    const counts = await database.transactions.inSystemTransaction(async (system) =>
      countRows(await system.become(own.tenantId)),
    );
    expect(counts).toEqual([1, 0, 1, 0, 0, 0]);
  });
});
