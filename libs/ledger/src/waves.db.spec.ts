import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission } from '../../../test/support/mission.js';
import { toAccept, toChange, toCreate, toDispatch, toHandOff, toNote } from '../../../test/support/writes.js';
import { cancelTask, controlMission, expireWave, prolongWaveLease } from './index.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

describe('openWave', () => {
  it('opens nothing while nothing is due', async () => {
    const mission = await aMission(database, { policy: { debounce_ms: 60_000 } });
    expect(await mission.openWave()).toBeNull();
    await mission.submit('A');
    expect(await mission.openWave()).toBeNull();
    await mission.skipWaiting();
    expect(await mission.openWave()).not.toBeNull();
    expect(await mission.openWave()).toBeNull();
  });

  it('opens one wave for all that ask at once', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const opened = await Promise.all(Array.from({ length: 6 }, () => mission.openWave()));
    expect(opened.filter((wave) => wave !== null)).toHaveLength(1);
    expect(await mission.row()).toMatchObject({ epoch: 1, last_wave_number: 1 });
  });

  it('is due for a ready task and a free slot, unless the last hand-off deferred it', async () => {
    const mission = await aMission(database);
    await mission.submit('A', 'B');
    await mission.wave(toDispatch('T1'), toHandOff());
    const wave = await mission.mustOpenWave();
    expect(wave.snapshot.wave.trigger).toBe('ready_tasks');
    await mission.commit(wave, toHandOff({ defer_ready: true }));
    expect(await mission.openWave()).toBeNull();
    await mission.complete(await mission.mustClaim());
    expect((await mission.mustOpenWave()).snapshot.wave.trigger).toBe('result');
  });

  it('reads a person first, then what is oldest, and counts the rest as spill', async () => {
    const mission = await aMission(database, { policy: { inbox_page_max: 2 } });
    await mission.submit('A');
    await mission.submit('B');
    await mission.say('A program says so.', { trusted: false });
    await mission.say('Stop.');
    const { snapshot } = await mission.mustOpenWave();
    expect(snapshot.inbox.map((item) => item.ref)).toEqual(['I4', 'I1']);
    expect(snapshot.inboxSpill).toBe(2);
    expect(snapshot.wave.trigger).toBe('message');
  });
});

describe('when the next wave is due', () => {
  const dueIn = async (mission: Awaited<ReturnType<typeof aMission>>): Promise<unknown> =>
    (await mission.row()).wave_due_at;

  it('is not postponed by what arrives later', async () => {
    const mission = await aMission(database, { policy: { debounce_ms: 60_000 } });
    await mission.submit('A');
    const due = await dueIn(mission);
    await mission.submit('B');
    await mission.say('A program says so.', { trusted: false });
    expect(await dueIn(mission)).toEqual(due);
  });

  it('is now, when a person has said something', async () => {
    const mission = await aMission(database, { policy: { debounce_ms: 60_000 } });
    await mission.submit('A');
    await mission.say('Hurry.');
    expect((await mission.mustOpenWave()).snapshot.inbox).toHaveLength(2);
  });

  it('is now, when a person has said something while a wave ran', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const wave = await mission.mustOpenWave();
    await mission.query(
      'UPDATE mission SET policy = policy || \'{"debounce_ms": 60000}\' WHERE tenant_id = $1 AND id = $2',
    );
    await mission.say('Wait.');
    await mission.commit(wave, toHandOff());
    expect(await mission.openWave()).not.toBeNull();
  });

  it('is never while the mission is paused, and now when it is resumed', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.run((tx) => controlMission(tx, mission.id, 'pause', A_KEY));
    await mission.say('Anybody there?');
    expect(await dueIn(mission)).toBeNull();
    await mission.run((tx) => controlMission(tx, mission.id, 'resume', A_KEY));
    expect((await mission.mustOpenWave()).snapshot.inbox).toHaveLength(2);
  });

  it('is never for a mission that has nothing to do', async () => {
    const mission = await aMission(database);
    await mission.workingOn();
    expect(await dueIn(mission)).toBeNull();
  });
});

describe('commitWave', () => {
  it('marks exactly its page as seen, and leaves what arrived meanwhile to the next wave', async () => {
    const mission = await aMission(database, { policy: { inbox_page_max: 2 } });
    await mission.submit('A');
    await mission.submit('B');
    await mission.submit('C');
    const first = await mission.mustOpenWave();
    await mission.say('And this.');
    await mission.commit(first, toHandOff());
    const second = await mission.wave(toHandOff());
    const seen = await mission.query(
      'SELECT seq, seen_by_wave FROM inbox_item WHERE tenant_id = $1 AND mission_id = $2 ORDER BY seq',
    );
    expect(seen).toEqual([
      { seq: 1, seen_by_wave: first.waveId },
      { seq: 2, seen_by_wave: first.waveId },
      { seq: 3, seen_by_wave: second.waveId },
      { seq: 4, seen_by_wave: second.waveId },
    ]);
  });

  it('leaves a result that it did not review to the next wave, and lets no such result be forgotten', async () => {
    const mission = await aMission(database, { policy: { no_progress_waves_max: 2 } });
    await mission.complete(await mission.workingOn());
    await mission.wave(toHandOff());
    expect(await mission.unseen()).toEqual(['attempt_succeeded']);
    await mission.wave(toAccept('T1'));
    expect(await mission.unseen()).toEqual([]);

    await mission.complete(await mission.workingOn());
    for (let waves = 0; waves < 2; waves += 1) await mission.wave(toHandOff());
    expect(await mission.row()).toMatchObject({ holds: ['stalled'] });
  });

  it('changes nothing once its epoch has moved', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const stale = await mission.mustOpenWave();
    await mission.expireWaveLease();
    await mission.run((tx) => expireWave(tx, mission.id));
    const fresh = await mission.mustOpenWave();
    const before = await mission.row();
    const writes = [toCreate('b'), toDispatch('T1'), toNote('Remember.'), toHandOff({ done: true })];
    expect(await mission.commit(stale, ...writes)).toBe(false);
    expect(await mission.row()).toEqual(before);
    expect(await mission.commit(fresh, toDispatch('T1'))).toBe(true);
    expect(await mission.commit(fresh, toDispatch('T1'))).toBe(false);
    expect((await mission.waves()).map((wave) => [wave.state, wave.stop_reason])).toEqual([
      ['aborted', 'lease_lost'],
      ['committed', 'handoff'],
    ]);
  });

  it('commits exactly once when two processes believe to hold the wave', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const wave = await mission.mustOpenWave();
    const both = await Promise.all([
      mission.commit(wave, toDispatch('T1')),
      mission.commit(wave, toDispatch('T1')),
    ]);
    expect(both.toSorted()).toEqual([false, true]);
  });

  it('rejects what has become invalid meanwhile, says so in the inbox, and applies the rest', async () => {
    const mission = await aMission(database);
    await mission.submit('A', 'B');
    const wave = await mission.mustOpenWave();
    const { id } = await mission.task('T1');
    await mission.run((tx) => cancelTask(tx, String(id), A_KEY));
    await mission.commit(wave, toDispatch('T1', 'T2'), toChange('T9', 1, { title: 'X' }), toNote('Kept.'));
    expect(await mission.task('T2')).toMatchObject({ state: 'queued', attempt_count: 1 });
    expect(await mission.unseen()).toEqual(['decision_rejected', 'decision_rejected']);
    const [row] = await mission.waves();
    expect(row?.decisions).toMatchObject([
      {
        tool: 'task_dispatch',
        input: { ref: 'T1' },
        outcome: 'rejected',
        reason: expect.stringContaining('canceled'),
      },
      {
        tool: 'task_dispatch',
        input: { ref: 'T2' },
        outcome: 'applied',
        changed: [{ kind: 'task', ref: 'T2' }],
      },
      { tool: 'task_upsert', outcome: 'rejected' },
      { tool: 'note', outcome: 'applied', changed: [{ kind: 'note', ref: 'N1' }] },
    ]);
    expect((await mission.mustOpenWave()).snapshot.wave.trigger).toBe('retry');
  });

  it('refuses to overwrite a change that its conductor has not read', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const wave = await mission.mustOpenWave();
    await mission.query(`UPDATE task SET version = 2, title = 'B' WHERE tenant_id = $1 AND mission_id = $2`);
    await mission.commit(wave, toChange('T1', 1, { title: 'C' }));
    expect(await mission.task('T1')).toMatchObject({ title: 'B' });
  });

  it('creates tasks that build on each other, dispatches them, and says which wave made them', async () => {
    const mission = await aMission(database);
    await mission.say('Plan it.');
    const wave = await mission.wave(
      toCreate('dig', { instructions: 'Deep.', priority: 0 }),
      toCreate('pour', { depends_on: ['dig'] }),
      toDispatch('dig'),
    );
    expect(await mission.task('T1')).toMatchObject({
      key: 'dig',
      created_by_wave: wave.waveId,
      attempt_count: 1,
    });
    expect(await mission.task('T2')).toMatchObject({ state: 'blocked', created_by_wave: wave.waveId });
  });

  it('creates no more tasks than a wave may', async () => {
    const mission = await aMission(database, { policy: { limits: { tasks_per_wave_max: 2 } } });
    await mission.say('Explode.');
    await mission.wave(...Array.from({ length: 5 }, (_task, place) => toCreate(`k${place}`)));
    expect(await mission.row()).toMatchObject({ last_task_number: 2 });
    expect(await mission.unseen()).toEqual(Array.from({ length: 3 }, () => 'decision_rejected'));
  });

  it('keeps its hand-off note for the next wave alone', async () => {
    const mission = await aMission(database);
    await mission.submit('A', 'B');
    await mission.wave(toDispatch('T1'), toHandOff({ note: 'T2 comes next.' }));
    const next = await mission.mustOpenWave();
    expect(next.snapshot.wave.handoffNote).toBe('T2 comes next.');
    await mission.commit(next, toDispatch('T2'));
    await mission.complete(await mission.mustClaim());
    expect((await mission.mustOpenWave()).snapshot.wave.handoffNote).toBeNull();
  });

  it('accepts results when the mission was paused while it ran', async () => {
    const mission = await aMission(database);
    await mission.complete(await mission.workingOn());
    const wave = await mission.mustOpenWave();
    await mission.run((tx) => controlMission(tx, mission.id, 'pause', A_KEY));
    expect(await mission.commit(wave, toAccept('T1'))).toBe(true);
    expect(await mission.task('T1')).toMatchObject({ state: 'completed', reviewed_by_wave: wave.waveId });
  });

  it('cannot commit into a mission that was canceled while it ran', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const wave = await mission.mustOpenWave();
    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));
    expect(await mission.commit(wave, toDispatch('T1'))).toBe(false);
    expect((await mission.waves())[0]).toMatchObject({ state: 'aborted', stop_reason: 'mission_cancel' });
  });
});

describe('prolongWaveLease', () => {
  it('prolongs the lease of the wave that runs, and tells a fenced one that it is over', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const wave = await mission.mustOpenWave();
    const prolong = () =>
      mission.run((tx) => prolongWaveLease(tx, { ...wave, missionId: mission.id, leaseMs: 15_000 }));
    await mission.expireWaveLease();
    expect(await prolong()).toBe('active');
    await mission.run((tx) => expireWave(tx, mission.id));
    expect(await mission.row()).toMatchObject({ wave_id: wave.waveId });
    await mission.run((tx) => controlMission(tx, mission.id, 'archive', A_KEY));
    expect(await prolong()).toBeNull();
  });
});
