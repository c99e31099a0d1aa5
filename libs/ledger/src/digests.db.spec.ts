import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, rowIdOf, type Row, type TestMission } from '../../../test/support/mission.js';
import { toAccept, toDispatch, toFail } from '../../../test/support/writes.js';
import { cancelOpenTask } from './end-task.js';
import {
  cancelTask,
  controlMission,
  expandDigest,
  inMission,
  rebuildDigests,
  refOf,
  retryTask,
} from './index.js';
import { readTask } from './task.store.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

const COLUMNS = `id, level, first, last, number, parent_id, task_id, generation, completed, failed, canceled, body, tokens, taint, writer`;

/** Every row of a mission's tree but for when it was made. */
function treeOf(mission: TestMission): Promise<Row[]> {
  return mission.query(
    `SELECT ${COLUMNS} FROM digest WHERE tenant_id = $1 AND mission_id = $2 ORDER BY level, first`,
  );
}

const liveOf = async (mission: TestMission) =>
  (await treeOf(mission))
    .filter((row) => row.parent_id === null)
    .sort((left, right) => Number(left.first) - Number(right.first))
    .map((row) => `${String(row.level)}:${String(row.first)}`);

async function idOf(mission: TestMission, ref: string): Promise<string> {
  return String((await mission.task(ref)).id);
}

/** Submits so many tasks and cancels them in one command: the shortest life that a task can have. */
async function endTasks(mission: TestMission, count: number): Promise<void> {
  const submitted = await mission.submit(...Array.from({ length: count }, (_, index) => `Task ${index + 1}`));
  await mission.run((tx) =>
    inMission(tx, mission.id, async (ledger) => {
      for (const task of submitted)
        await cancelOpenTask(ledger, await readTask(tx, rowIdOf(task)), {
          actor: A_KEY,
          waveId: null,
          reason: null,
        });
    }),
  );
}

describe('the end of a task', () => {
  it('leaves a card with what it came to, in the same transaction', async () => {
    const mission = await aMission(database);
    await mission.submit('Dig', 'Pave');
    await mission.wave(toDispatch('T1', 'T2'));
    for (let count = 0; count < 2; count += 1) await mission.complete(await mission.mustClaim());
    await mission.wave(toAccept('T1'), toFail('T2', 'The road leads nowhere.\nAt all.'));
    const [dug, paved] = await treeOf(mission);
    expect(dug).toMatchObject({
      level: 0,
      first: 0,
      writer: 'card',
      taint: 'untrusted',
      completed: 1,
      number: null,
    });
    expect(dug?.body).toMatchObject({ ref: 'T1', state: 'completed', attempts: 1, title: 'Dig' });
    expect(paved?.body).toMatchObject({
      ref: 'T2',
      state: 'failed',
      outcome: 'rejected_in_review: The road leads nowhere.',
    });
    expect(await mission.row()).toMatchObject({ task_ends: 2 });
  });

  it('leaves another card when the task was retried and ends again', async () => {
    const mission = await aMission(database);
    await mission.submit('Dig');
    const id = await idOf(mission, 'T1');
    await mission.run((tx) => cancelTask(tx, id, A_KEY));
    await mission.run((tx) => retryTask(tx, id, A_KEY));
    expect(await mission.row()).toMatchObject({ task_ends: 1 });
    await mission.run((tx) => cancelTask(tx, id, A_KEY));
    expect((await treeOf(mission)).map(({ task_id, generation }) => [task_id, generation])).toEqual([
      [id, 1],
      [id, 2],
    ]);
  });

  it('makes eight cards one digest, says so in an event, and keeps the eight', async () => {
    const mission = await aMission(database);
    await endTasks(mission, 7);
    expect(await liveOf(mission)).toHaveLength(7);
    expect(await mission.events('digest.')).toEqual([]);
    await endTasks(mission, 2);
    expect(await liveOf(mission)).toEqual(['1:0', '0:8']);
    expect(await mission.events('digest.')).toEqual(['digest.created']);
    expect(await treeOf(mission)).toHaveLength(10);
  });

  it('is told to the next conductor as a card or in a digest', async () => {
    const mission = await aMission(database);
    await endTasks(mission, 9);
    const { snapshot } = await mission.mustOpenWave();
    expect(snapshot.finished.map(({ level, first, last }) => [level, first, last])).toEqual([
      [1, 0, 7],
      [0, 8, 8],
    ]);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  it('comes once however many ends come at once', async () => {
    const mission = await aMission(database);
    await mission.submit(...Array.from({ length: 20 }, (_, index) => `Task ${index + 1}`));
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => idOf(mission, `T${index + 1}`)));
    await Promise.all(ids.map((id) => mission.run((tx) => cancelTask(tx, id, A_KEY))));
    expect(await liveOf(mission)).toEqual(['1:0', '1:8', '0:16', '0:17', '0:18', '0:19']);
  });

  it('leaves nothing when its transaction is rolled back', async () => {
    const mission = await aMission(database);
    await endTasks(mission, 7);
    await mission.submit('The eighth');
    const id = await idOf(mission, 'T8');
    const before = await treeOf(mission);
    const interrupted = mission.run(async (tx) => {
      await cancelTask(tx, id, A_KEY);
      throw new Error('the process has gone');
    });
    await expect(interrupted).rejects.toThrow('the process has gone');
    expect(await treeOf(mission)).toEqual(before);
    await mission.run((tx) => cancelTask(tx, id, A_KEY));
    expect(await liveOf(mission)).toEqual(['1:0']);
  });

  it('of six hundred at once makes two levels and keeps what is live few', async () => {
    const mission = await aMission(database);
    await mission.submit(...Array.from({ length: 600 }, (_, index) => `Task ${index + 1}`));
    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));
    expect(await liveOf(mission)).toEqual(['3:0', '2:512', '1:576', '1:584', '1:592']);
  });
});

describe('a tree that is made again', () => {
  it('equals the one that grew, ids and all', async () => {
    const mission = await aMission(database);
    await endTasks(mission, 66);
    const third = await idOf(mission, 'T3');
    await mission.run((tx) => retryTask(tx, third, A_KEY));
    await mission.run((tx) => cancelTask(tx, third, A_KEY));
    await endTasks(mission, 7);
    const grown = await treeOf(mission);
    expect(await mission.run((tx) => rebuildDigests(tx, mission.id))).toEqual({ taskEnds: 74, digests: 10 });
    expect(await treeOf(mission)).toEqual(grown);
  });

  it('is whole again where it was damaged', async () => {
    const mission = await aMission(database);
    await endTasks(mission, 9);
    const grown = await treeOf(mission);
    await mission.query(
      `UPDATE digest SET body = '{}', tokens = 0 WHERE tenant_id = $1 AND mission_id = $2 AND level = 1`,
    );
    await mission.run((tx) => rebuildDigests(tx, mission.id));
    expect(await treeOf(mission)).toEqual(grown);
  });

  it.each(['wave', 'end'])(
    'is made for a mission that is older than the tree by its next %s',
    async (next) => {
      const mission = await aMission(database);
      await endTasks(mission, 9);
      const [, before] = [await makeOld(mission), await mission.task('T1')];
      if (next === 'wave') expect((await mission.mustOpenWave()).snapshot.finished).toHaveLength(2);
      else await endTasks(mission, 1);
      const bodies = (await treeOf(mission)).filter((row) => row.level === 0).map((row) => row.body);
      expect(bodies[0]).toMatchObject({ ref: 'T1', state: 'canceled', title: before.title });
      expect(await liveOf(mission)).toEqual(next === 'wave' ? ['1:0', '0:8'] : ['1:0', '0:8', '0:9']);
    },
  );

  it('of another tenant cannot be reached', async () => {
    const [mission, stranger] = [await aMission(database), await aMission(database)];
    await expect(stranger.run((tx) => rebuildDigests(tx, mission.id))).rejects.toMatchObject({
      kind: 'not_found',
    });
  });

  /** As the migration leaves it. */
  async function makeOld(mission: TestMission): Promise<void> {
    await mission.query('DELETE FROM digest WHERE tenant_id = $1 AND mission_id = $2');
    await mission.query('UPDATE mission SET task_ends = NULL WHERE tenant_id = $1 AND id = $2');
  }
});

describe('expandDigest', () => {
  it('pages through what is live, and opens a digest down to the ends of tasks', async () => {
    const mission = await aMission(database);
    await endTasks(mission, 71);
    const expand = (ref: string, offset = 0) =>
      mission.run((tx) => expandDigest(tx, mission.id, { ref, offset }));
    const root = await expand('root');
    expect(root?.total).toBe(8);
    expect(root?.found.map(({ ref }) => ref)).toEqual([
      'G9',
      'T65',
      'T66',
      'T67',
      'T68',
      'T69',
      'T70',
      'T71',
    ]);
    expect((await expand('root', 7))?.found).toHaveLength(1);
    expect((await expand('G9'))?.found[7]).toMatchObject({
      ref: 'G8',
      facts: { level: 1, ends: 8, canceled: 8 },
    });
    expect((await expand('G8'))?.found[0]).toMatchObject({
      ref: refOf('T', 57),
      facts: { state: 'canceled' },
      outside: { title: 'Task 57' },
    });
    expect(await expand('G10')).toBeNull();
    expect(await expand('T1')).toBeNull();
  });

  it('shows nothing of another mission or tenant', async () => {
    const mission = await aMission(database);
    await endTasks(mission, 8);
    const sibling = await aMission(database, {}, mission.tenantId);
    const stranger = await aMission(database);
    const expand = (who: TestMission, missionId: string) =>
      who.run((tx) => expandDigest(tx, missionId, { ref: 'G1', offset: 0 }));
    expect(await expand(mission, mission.id)).toMatchObject({ total: 8 });
    expect(await expand(sibling, sibling.id)).toBeNull();
    expect(await expand(stranger, mission.id)).toBeNull();
  });
});
