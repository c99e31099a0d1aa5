import { expectTokens } from '#conductor';
import {
  listMessages,
  listTaskEvents,
  listWorkers,
  postMessage,
  previewRotation,
  readContextSeries,
  readNeighbourhood,
  readRecentContexts,
  rotateConductor,
} from '#ledger';
import { createTestDatabase } from './support/database.js';
import { A_KEY, aMission, aTenant, rowIdOf, type TestMission } from './support/mission.js';
import { startRelay } from './support/relay.js';
import { toAccept } from './support/writes.js';

const database = await createTestDatabase();
/** Two tasks done one after another, each in waves of its own, and one that nobody works on. */
let mission: TestMission;
beforeAll(async () => {
  const relay = await startRelay(database.transactions);
  mission = await aMission(database, { policy: { workers: ['builtin', 'build'] } });
  for (const task of [{ title: 'In hand', worker: 'build' }, { title: 'One' }, { title: 'Two' }]) {
    await mission.submit(task);
    await relay.settle();
  }
  await relay.close();
});
afterAll(() => database.drop());

function rotate(reason: string) {
  return mission.run((tx) =>
    rotateConductor(
      tx,
      mission.id,
      { reason, mode: 'now', keep_note: false },
      { actor: A_KEY, expectTokens },
    ),
  );
}

describe('the series of a mission', () => {
  it('has every wave that asked, what it carried, and what one conversation would have carried', async () => {
    const series = await mission.run((tx) => readContextSeries(tx, mission.id));
    const waves = await mission.waves();
    expect(series.points.map(({ number }) => number)).toEqual(waves.map(({ number }) => number));
    expect(series.points.map(({ peakTokens }) => peakTokens)).toEqual(
      waves.map(({ peak_request_tokens: peak }) => peak),
    );
    expect(series.turns).toBe(waves.reduce((sum, { requests }) => sum + Number(requests), 0));
    const carried = series.points.map(({ conversationTokens }) => conversationTokens);
    expect(carried).toEqual([...carried].sort((a, b) => a - b));
    expect(carried[0]).toBeGreaterThan(1_000);
    expect(series.readTokens).toBeGreaterThan(0);
    expect(series.compactions).toBe(0);
  });

  it('marks the rotations that a person asked for', async () => {
    const before = await mission.waves();
    await rotate('a new plan');
    const { rotations } = await mission.run((tx) => readContextSeries(tx, mission.id));
    expect(rotations).toMatchObject([{ number: before.length, reason: 'a new plan' }]);
  });

  it('is made of the same waves as the row of sparklines', async () => {
    const { points } = await mission.run((tx) => readContextSeries(tx, mission.id));
    const recent = await mission.run((tx) => readRecentContexts(tx, [mission.id]));
    expect(recent).toEqual([{ missionId: mission.id, tokens: points.map(({ peakTokens }) => peakTokens) }]);
  });

  it('opens no manifest, however many waves there were', async () => {
    const series = await mission.run((tx) => readContextSeries(tx, mission.id));
    const emptied = await database.owner.query(
      `UPDATE wave_context SET manifest = '{}' WHERE tenant_id = $1`,
      [mission.tenantId],
    );
    expect(emptied.rowCount).toBe(series.points.length);
    expect(await mission.run((tx) => readContextSeries(tx, mission.id))).toEqual(series);
  });

  it('of another tenant is empty', async () => {
    const stranger = await aTenant(database.transactions);
    await database.transactions.inTransaction(stranger, async (tx) => {
      expect((await readContextSeries(tx, mission.id)).points).toEqual([]);
      expect(await readRecentContexts(tx, [mission.id])).toEqual([]);
      expect(await listWorkers(tx, null)).toEqual([]);
    });
  });
});

describe('what a rotation would come to', () => {
  it('is what it comes to, and looking changes nothing', async () => {
    const before = await mission.row();
    const preview = await mission.run((tx) =>
      previewRotation(tx, mission.id, { keepNote: false }, expectTokens),
    );
    expect(await mission.row()).toEqual(before);
    const rotated = await rotate('');
    expect(preview).toMatchObject({
      before_tokens: rotated.before_tokens,
      expected_tokens: rotated.expected_tokens,
      kept: { open_tasks: 1, inbox: 0 },
      dropped: { running_wave: null },
    });
  });
});

describe('the messages of a mission', () => {
  it('are read from either end, page after page, each once', async () => {
    const heard = await aMission(database);
    for (const text of ['one', 'two', 'three'])
      await heard.run((tx) => postMessage(tx, heard.id, { text, trusted: true }, A_KEY));
    const read = async (order: 'asc' | 'desc') => {
      const texts: string[] = [];
      for (let fromSeq: number | null = null; ;) {
        const page: Parameters<typeof listMessages>[2] = { order, fromSeq, take: 2 };
        const messages = await heard.run((tx) => listMessages(tx, heard.id, page));
        texts.push(...messages.map(({ text }) => text));
        const last = messages.at(-1);
        if (last === undefined) return texts;
        fromSeq = last.seq;
      }
    };
    expect(await read('asc')).toEqual(['one', 'two', 'three']);
    expect(await read('desc')).toEqual(['three', 'two', 'one']);
  });
});

describe('a task, looked at', () => {
  it('stands among what it needs and what needs it, two steps far', async () => {
    const chain = await aMission(database);
    const titles = ['a', 'b', 'c', 'd', 'e', 'f'];
    const submitted = await chain.submit(
      ...titles.map((title, place) => ({ title, key: title, depends_on: titles.slice(place - 1, place) })),
    );
    const near = await chain.run((tx) => readNeighbourhood(tx, rowIdOf(submitted[2])));
    expect(near.map(({ title }) => title)).toEqual(['c', 'b', 'd', 'a', 'e']);
    expect(near.find(({ title }) => title === 'd')?.dependsOn).toEqual([rowIdOf(submitted[2])]);
    expect(near.find(({ title }) => title === 'a')?.dependsOn).toEqual([]);
  });

  it('has the events that speak of it, in order, and its worker is listed', async () => {
    const watched = await aMission(database);
    const attempt = await watched.workingOn('Sand');
    await watched.complete(attempt);
    await watched.wave(toAccept('T1'));
    await watched.submit('Another');
    const { id } = await watched.task('T1');
    const events = await watched.run((tx) => listTaskEvents(tx, String(id), { afterSeq: 0, take: 100 }));
    const seqs = events.map(({ seq }) => seq ?? 0);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(events[0]?.type).toBe('task.created');
    expect(events.map(({ type }) => type)).toContain('task.completed');
    expect(await watched.run((tx) => listWorkers(tx, watched.id))).toMatchObject([
      { pool: 'builtin', worker: 'a worker', working: 0, succeeded: 1, failed: 0, expired: 0 },
    ]);
  });
});
