import { silentLogger } from '#telemetry';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { aMission } from '../../../test/support/mission.js';
import { EventNotices, tellOfEvents, type CommittedEvents } from './index.js';

let database: TestDatabase;
let notices: EventNotices;
let stopTelling: () => void;
beforeAll(async () => {
  database = await createTestDatabase();
  notices = new EventNotices(database.url, silentLogger);
  stopTelling = tellOfEvents(database.transactions, silentLogger);
});
afterAll(async () => {
  stopTelling();
  await notices.close();
  await database.drop();
});

/** The next notice that fits. */
const heard = (fits: (events: CommittedEvents | null) => boolean) =>
  new Promise<CommittedEvents | null>((resolve) => {
    const stop = notices.subscribe((events) => {
      if (!fits(events)) return;
      stop();
      resolve(events);
    });
  });

describe('notices of events', () => {
  it('say after a commit which mission has events up to where, and nothing of what is rolled back', async () => {
    await heard((events) => events === null);
    const mission = await aMission(database);
    const rolledBack = await aMission(database);
    const strangers: unknown[] = [];
    const stop = notices.subscribe((events) => events?.seq === 9_999 && strangers.push(events));
    await rolledBack
      .run((tx) => {
        tx.tellOfEvents(rolledBack.id, 9_999);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    const next = heard((events) => events?.missionId === mission.id && events.seq === 2);
    await mission.submit('A');
    expect(await next).toEqual({ tenantId: mission.tenantId, missionId: mission.id, seq: 2 });
    stop();
    expect(strangers).toEqual([]);
  });

  it('come again after the connection was lost, and first say that some may have been missed', async () => {
    const mission = await aMission(database);
    const missed = heard((events) => events === null);
    await database.owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'wavekeeper_notices' AND datname = current_database()`,
    );
    expect(await missed).toBeNull();
    const next = heard((events) => events?.missionId === mission.id);
    await mission.submit('A');
    expect(await next).toMatchObject({ missionId: mission.id });
  });

  it('are not made of what somebody else says on their channel', async () => {
    const mission = await aMission(database);
    for (const text of ['', 'no json', '[[1]]'])
      await database.owner.query(`SELECT pg_notify('wavekeeper_events', $1)`, [text]);
    const next = heard((events) => events?.missionId === mission.id);
    await mission.submit('A');
    expect(await next).toMatchObject({ missionId: mission.id });
  });
});
