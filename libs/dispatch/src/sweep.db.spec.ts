import { controlMission, holdMission, inMission, permitModelCall, readWaveContext } from '#ledger';
import { silentLogger } from '#telemetry';
import { lockTenant, updateTenant } from '#tenancy';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants, expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { A_KEY, aMission, aTenant, type TestMission } from '../../../test/support/mission.js';
import { aCall } from '../../../test/support/model-call.js';
import { toAsk, toDispatch } from '../../../test/support/writes.js';
import { Dispatcher, sweep, type DueCounts } from './index.js';
import { findDueSchedules, findMissionsWithLeftovers } from './picker.store.js';

describe('a sweep', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => expectInvariantsThenClear(database));
  afterAll(() => database.drop());

  const sweepOnce = (): Promise<DueCounts> =>
    sweep(database.transactions, {
      countDueDeliveries: () => Promise.resolve(0),
      contextDays: 30,
      logger: silentLogger,
    });
  const control = (mission: TestMission, action: 'pause' | 'resume' | 'cancel') =>
    mission.run((tx) => controlMission(tx, mission.id, action, A_KEY));
  const requestOf = (mission: TestMission) => mission.run((tx) => permitModelCall(tx, aCall(mission)));

  it('lifts the hold of a limit of a day when the day is over, and no other', async () => {
    const daily = await aMission(database, { budget: { daily_usd: '0.05' } });
    const total = await aMission(database, { budget: { limit_usd: '0.05' } });
    for (const mission of [daily, total]) {
      await mission.submit('A');
      expect(await requestOf(mission)).toEqual({ kind: 'reached' });
    }
    await sweepOnce();
    expect(await daily.row()).toMatchObject({ holds: ['budget'] });
    for (const mission of [daily, total])
      await mission.query('UPDATE mission SET budget_day = budget_day - 1 WHERE tenant_id = $1 AND id = $2');
    expect(await sweepOnce()).toMatchObject({ wave: 1 });
    expect(await daily.row()).toMatchObject({ holds: [] });
    expect(await total.row()).toMatchObject({ holds: ['budget'] });
  });

  it('goes on canceling the tasks of a mission that was ended with very many', async () => {
    const mission = await aMission(database);
    await mission.submit(...Array.from({ length: 1_000 }, (_, place) => `A task ${place}`));
    await mission.submit({ key: 'one-more' }, { depends_on: ['one-more'] });
    await control(mission, 'cancel');
    expect(await mission.row()).toMatchObject({ state: 'canceled', tasks_queued: 1, tasks_blocked: 1 });
    await sweepOnce();
    expect(await mission.row()).toMatchObject({ tasks_canceled: 1_002, tasks_queued: 0, tasks_blocked: 0 });
    expect(await mission.events('task.canceled')).toHaveLength(1_002);
  });

  it('clears up for every tenant in turn, however many missions one of them has ended', async () => {
    const many = await aTenant(database.transactions);
    const missions = [await aMission(database)];
    for (let count = 0; count < 30; count += 1) missions.push(await aMission(database, {}, many));
    for (const mission of missions) await mission.submit('A');
    await database.owner.query(`UPDATE mission SET state = 'canceled', wave_due_at = NULL`);
    const found = await database.transactions.inSystemTransaction((system) =>
      findMissionsWithLeftovers(system, 2),
    );
    expect(found.map(({ tenantId }) => tenantId).sort()).toEqual([many, missions[0]?.tenantId].sort());
    await database.owner.query('DELETE FROM tenant'); // no command leaves so little open
  });

  it('makes due what waited for a slot when its tenant may have more attempts', async () => {
    const tenantId = await aTenant(database.transactions, { concurrent_attempts: 1 });
    const mission = await aMission(database, {}, tenantId);
    await mission.submit('A', 'B');
    await mission.wave(toDispatch('T1'));
    expect(await sweepOnce()).toMatchObject({ wave: 0 });
    await database.transactions.inSystemTransaction(async (system) => {
      const tenant = await lockTenant(system, tenantId);
      if (tenant !== null) await updateTenant(system, tenant, { limits: { concurrent_attempts: 2 } });
    });
    await sweepOnce();
    await mission.skipWaiting();
    expect(await mission.openWave()).not.toBeNull();
  });

  it('lets the exact bytes of an old wave go, and keeps what tells block by block what they were', async () => {
    const mission = await aMission(database);
    await mission.submit('A', 'B');
    const [old, young] = [await mission.wave(toDispatch('T1')), await mission.wave(toDispatch('T2'))];
    const contextOf = ({ waveId }: { waveId: string }) => mission.run((tx) => readWaveContext(tx, waveId));
    const before = await contextOf(old);
    await mission.query(
      `UPDATE wave_context SET kept_since = kept_since - interval '31 days'
        WHERE tenant_id = $1 AND wave_id IN (SELECT id FROM wave WHERE tenant_id = $1 AND mission_id = $2 AND number = 1)`,
    );
    await Promise.all([sweepOnce(), sweepOnce()]);
    expect(await contextOf(old)).toEqual({ ...before, kept: null });
    expect((await contextOf(young))?.kept).not.toBeNull();
  });

  it('ends a question that nobody answered in time, once', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.wave(toAsk('Which?', { refs: ['T1'], deadline_minutes: 5, default: 'Red' }));
    await sweepOnce();
    expect(await mission.request('Q1')).toMatchObject({ state: 'open' });
    await mission.query(
      `UPDATE input_request SET deadline_at = clock_timestamp() WHERE tenant_id = $1 AND mission_id = $2`,
    );
    await Promise.all([sweepOnce(), sweepOnce()]);
    expect(await mission.request('Q1')).toMatchObject({ state: 'answered', answer_value: 'Red' });
    expect(await mission.events('input_request')).toHaveLength(2);
  });

  it('reminds of a question at half of its time and when a tenth is left, each once, and never after its end', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.wave(toAsk('Which?', { refs: ['T1'], deadline_minutes: 100, default: 'Red' }));
    const age = (minutes: number) =>
      mission.query(
        `UPDATE input_request SET created_at = created_at - $3 * interval '1 minute',
                deadline_at = deadline_at - $3 * interval '1 minute', remind_at = remind_at - $3 * interval '1 minute'
          WHERE tenant_id = $1 AND mission_id = $2`,
        [minutes],
      );
    const reminders = async () =>
      (await mission.events('input_request')).filter((type) => type === 'input_request.reminded').length;
    await sweepOnce();
    expect(await reminders()).toBe(0);
    for (const [minutes, sum] of [
      [51, 1],
      [10, 1],
      [30, 2],
      [5, 2],
    ] as const) {
      await age(minutes);
      await Promise.all([sweepOnce(), sweepOnce(), sweepOnce()]);
      expect(await reminders()).toBe(sum);
    }
    expect(
      await mission.query(
        `SELECT body FROM event WHERE tenant_id = $1 AND mission_id = $2 AND type = 'input_request.reminded' LIMIT 1`,
      ),
    ).toMatchObject([
      { body: { ref: 'Q1', about: 'question', on_timeout: 'default', deadline_at: expect.any(String) } },
    ]);
    await age(10);
    await sweepOnce();
    expect(await mission.events('input_request')).toEqual([
      'input_request.created',
      'input_request.reminded',
      'input_request.reminded',
      'input_request.answered',
    ]);
  });

  it('aborts a wave whose conductor has gone, and finds its mission due again', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.mustOpenWave();
    expect(await sweepOnce()).toMatchObject({ wave: 0 });
    await mission.expireWaveLease();
    expect(await sweepOnce()).toMatchObject({ wave: 1 });
    expect((await mission.waves())[0]).toMatchObject({ state: 'aborted', stop_reason: 'lease_lost' });
    expect(await mission.mustOpenWave()).toMatchObject({ epoch: 3 });
  });

  it('offers the attempt of a worker that has gone again, without a conductor', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    expect(await sweepOnce()).toMatchObject({ attempt: 0 });
    await mission.expireLease(attempt);
    expect(await sweepOnce()).toEqual({ wave: 0, attempt: 1, delivery: 0, digest: 0 });
    expect((await mission.attempts('T1')).map((row) => row.state)).toEqual(['expired', 'offered']);
  });

  it('makes the task of a moment once, however many sweeps find it and however often it comes', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule();
    await sweepOnce();
    expect(await mission.row()).toMatchObject({ last_task_number: 0 });
    await mission.makeDue(schedule);
    await Promise.all([sweepOnce(), sweepOnce(), sweepOnce(), sweepOnce()]);
    expect(await mission.row()).toMatchObject({ last_task_number: 1 });
    await mission.makeDue(schedule); // as if the clock had been set back
    await sweepOnce();
    expect(await mission.row()).toMatchObject({ last_task_number: 1 });
  });

  it('makes no task for a mission that is paused, held or ended, and catches up afterwards', async () => {
    const [paused, held, ended] = [
      await aMission(database),
      await aMission(database),
      await aMission(database),
    ];
    for (const mission of [paused, held, ended]) await mission.makeDue(await mission.schedule());
    await held.run((tx) =>
      inMission(tx, held.id, (ledger) => holdMission(ledger, 'stalled', 'No progress.')),
    );
    await control(paused, 'pause');
    await control(ended, 'cancel');
    await sweepOnce();
    for (const mission of [paused, held, ended])
      expect(await mission.row()).toMatchObject({ last_task_number: 0 });
    await control(paused, 'resume');
    await control(held, 'resume');
    await sweepOnce();
    for (const mission of [paused, held]) expect(await mission.row()).toMatchObject({ last_task_number: 1 });
  });

  it('takes schedules of every tenant in turn, however many one of them has due', async () => {
    const [many, one] = [await aMission(database), await aMission(database)];
    const schedules = [await many.schedule(), await many.schedule(), await one.schedule()];
    for (const schedule of schedules.slice(0, 2)) await many.makeDue(schedule);
    await one.makeDue(schedules[2] ?? '');
    const found = await database.transactions.inSystemTransaction((system) => findDueSchedules(system, 2));
    expect(found.map(({ tenantId }) => tenantId).sort()).toEqual([many.tenantId, one.tenantId].sort());
  });

  it('makes the digest tree of a mission that is older than the tree', async () => {
    const mission = await aMission(database);
    await mission.query('UPDATE mission SET task_ends = NULL WHERE tenant_id = $1 AND id = $2');
    await sweepOnce();
    expect(await mission.row()).toMatchObject({ task_ends: 0 });
  });

  it('settles a request that nobody came back from at its worst case', async () => {
    const mission = await aMission(database);
    await requestOf(mission);
    await sweepOnce();
    expect(Number((await mission.row()).reserved_usd)).toBe(0.1);
    await mission.query(
      `UPDATE model_call SET deadline_at = clock_timestamp() - interval '1 second' WHERE tenant_id = $1 AND mission_id = $2`,
    );
    await sweepOnce();
    const row = await mission.row();
    expect([Number(row.reserved_usd), Number(row.spent_usd)]).toEqual([0, 0.1]);
  });

  it('changes nothing that is well, and does its work once when several run at once', async () => {
    const mission = await aMission(database);
    await mission.expireLease(await mission.workingOn());
    await Promise.all([sweepOnce(), sweepOnce(), sweepOnce(), sweepOnce()]);
    const before = await mission.row();
    await sweepOnce();
    expect(await mission.row()).toEqual(before);
    expect(await mission.events('attempt.expired')).toHaveLength(1);
  });

  it('goes on after a mission that it cannot take up', async () => {
    const [broken, well] = [await aMission(database), await aMission(database)];
    await broken.expireLease(await broken.workingOn());
    await well.expireLease(await well.workingOn());
    await broken.query(`UPDATE mission SET policy = '{}' WHERE tenant_id = $1 AND id = $2`);
    await sweepOnce();
    expect((await well.attempts('T1'))[0]).toMatchObject({ state: 'expired' });
  });
});

describe('the dispatcher', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => expectInvariants(database));
  afterAll(() => database.drop());

  it('rings for what commits ask for, and at its tick for what is due, up to its slots', async () => {
    const rung: string[] = [];
    const dispatcher = new Dispatcher({
      transactions: database.transactions,
      doorbell: { ring: (ticket) => void rung.push(ticket), ensure: () => Promise.resolve() },
      slots: { wave: 2, attempt: 1, delivery: 1, digest: 0 },
      countDueDeliveries: () => Promise.resolve(7),
      contextDays: 30,
      sweepIntervalMs: 60_000,
      logger: silentLogger,
    });
    const missions = [await aMission(database), await aMission(database), await aMission(database)];
    for (const mission of missions) await mission.submit('A');
    expect(rung).toEqual(['wave', 'wave', 'wave']);

    rung.length = 0;
    await dispatcher.tick();
    expect(rung).toEqual(['wave', 'wave', 'delivery']);

    await dispatcher.stop();
    rung.length = 0;
    await missions[0]?.say('Anybody there?');
    expect(rung).toEqual([]);
  });
});
