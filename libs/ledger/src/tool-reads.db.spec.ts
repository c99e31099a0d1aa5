import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { A_WORKER, aMission, type TestMission } from '../../../test/support/mission.js';
import { toAccept, toHandOff, toNote } from '../../../test/support/writes.js';
import { completeAttempt } from './end-attempt.js';
import { searchNotes, searchTasks } from './tool-reads.store.js';

describe('what a conductor finds by words', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const findNotes = (mission: TestMission, query: string, offset = 0) =>
    mission.run((tx) => searchNotes(tx, mission.id, { query, offset }));

  async function noting(mission: TestMission, ...texts: readonly string[]): Promise<void> {
    await mission.say('Take a note.');
    await mission.wave(...texts.map((text) => toNote(text, 'decision')), toHandOff());
  }

  it('finds a note in force however many there are, and none that was superseded', async () => {
    const mission = await aMission(database);
    await noting(
      mission,
      ...Array.from({ length: 120 }, (_note, index) => `Decision ${index} about the pier.`),
    );
    await mission.say('Take another.');
    await mission.wave({
      tool: 'note',
      input: { entries: [{ kind: 'decision', text: 'The pier is of oak.', supersedes: 'N1' }] },
    });

    expect(await findNotes(mission, 'decision 7 about')).toMatchObject({
      total: 1,
      found: [{ ref: 'N8', facts: { kind: 'decision' }, outside: { text: 'Decision 7 about the pier.' } }],
    });
    expect(await findNotes(mission, 'Decision 0 about')).toEqual({ total: 0, found: [] });
    const last = await findNotes(mission, '', 100);
    expect(last.total).toBe(120);
    expect(last.found).toHaveLength(20);
    expect(last.found.at(-1)?.ref).toBe('N121');
  });

  it('finds nothing of another mission or another tenant', async () => {
    const mission = await aMission(database);
    await noting(mission, 'Use piles.');
    const neighbour = await aMission(database, {}, mission.tenantId);
    const stranger = await aMission(database);

    expect(await findNotes(neighbour, 'piles')).toEqual({ total: 0, found: [] });
    expect(await stranger.run((tx) => searchNotes(tx, mission.id, { query: 'piles', offset: 0 }))).toEqual({
      total: 0,
      found: [],
    });
  });

  it('names the artifacts of a task that it finds, so that one more read reaches them', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn('Survey the sea bed');
    await mission.run((tx) =>
      completeAttempt(
        tx,
        attempt.attemptId,
        {
          leaseToken: attempt.leaseToken,
          result: { summary: 'Surveyed.', output: 'mud '.repeat(1_000), artifacts: [] },
        },
        A_WORKER,
      ),
    );
    await mission.wave(toAccept('T1'), toHandOff());

    const { found } = await mission.run((tx) =>
      searchTasks(tx, mission.id, { query: 'sea bed', state: null, offset: 0 }),
    );

    expect(found).toMatchObject([{ ref: 'T1', facts: { artifacts: [expect.stringMatching(/^art_/)] } }]);
  });
});
