import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { eventually } from '../../../test/support/eventually.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../test/support/mission.js';
import type { EndpointPatch } from '#contracts';
import { SecretBox } from '#tenancy';
import { createEndpoint, deleteEndpoint, postMessage, recoverEndpoint, updateEndpoint } from './index.js';

const secretBox = new SecretBox('ab'.repeat(32));
const ENDPOINT = {
  url: 'https://example.com/hook',
  eventTypes: ['message.*'],
  missionId: null,
  includeResult: false,
  description: '',
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

/** A message that has been written and not committed yet; `commit` lets it go on. */
async function underWay(mission: TestMission): Promise<{ commit: () => Promise<void> }> {
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  let written = (): void => undefined;
  const isWritten = new Promise<void>((resolve) => (written = resolve));
  const command = mission.run(async (tx) => {
    await postMessage(tx, mission.id, { text: 'At the same moment.', trusted: true }, A_KEY);
    written();
    await held;
  });
  await isWritten;
  return {
    commit: async () => {
      letGo();
      await command;
    },
  };
}

/** How many wait for a lock. */
const countWaiting = async (): Promise<number> => {
  const { rows } = await database.owner.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.length;
};

/** What is done, and whether it is done yet. */
function watched(work: Promise<unknown>): { readonly over: Promise<unknown>; isOver: boolean } {
  const watch = { over: work.finally(() => (watch.isOver = true)), isOver: false };
  return watch;
}

const toldOf = (mission: TestMission) =>
  mission.query(
    `SELECT event_type FROM webhook_delivery
      WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND event_type = 'message.received'`,
  );

describe('an endpoint that is changed and then recovered', () => {
  it.each<[string, EndpointPatch, EndpointPatch]>([
    ['enabled', { state: 'disabled' }, { state: 'enabled' }],
    ['subscribed to more', { event_types: ['task.*'] }, { event_types: ['message.*'] }],
  ])('has a delivery of what was committed in the meantime, when it was %s', async (_, before, patch) => {
    const mission = await aMission(database);
    const { id: endpointId } = await mission.run((tx) => createEndpoint(tx, secretBox, ENDPOINT));
    await mission.run((tx) => updateEndpoint(tx, endpointId, before));
    const message = await underWay(mission);
    const recovered = watched(
      mission
        .run((tx) => updateEndpoint(tx, endpointId, patch))
        .then(() => mission.run((tx) => recoverEndpoint(tx, endpointId, new Date(0)))),
    );
    await eventually(
      'it was recovered, or waits',
      async () => recovered.isOver || (await countWaiting()) === 1,
    );
    await message.commit();
    await recovered.over;
    expect(await toldOf(mission)).toEqual([{ event_type: 'message.received' }]);
  });
});

describe('an endpoint that is made and then recovered', () => {
  it.each(['the tenant', 'the mission'])(
    'has a delivery of what was committed in the meantime, when it is one of %s',
    async (whose) => {
      const mission = await aMission(database);
      const missionId = whose === 'the mission' ? mission.id : null;
      const message = await underWay(mission);
      const recovered = watched(
        mission
          .run((tx) => createEndpoint(tx, secretBox, { ...ENDPOINT, missionId }))
          .then(({ id }) => mission.run((tx) => recoverEndpoint(tx, id, new Date(0)))),
      );
      await eventually(
        'it was recovered, or waits',
        async () => recovered.isOver || (await countWaiting()) === 1,
      );
      await message.commit();
      await recovered.over;
      expect(await toldOf(mission)).toEqual([{ event_type: 'message.received' }]);
    },
  );
});

describe('an endpoint that is changed while commands go on', () => {
  it('waits for those under way and is not overtaken by those that begin meanwhile', async () => {
    const mission = await aMission(database);
    const other = await aMission(database, {}, mission.tenantId);
    const { id: endpointId } = await mission.run((tx) => createEndpoint(tx, secretBox, ENDPOINT));
    await mission.run((tx) => updateEndpoint(tx, endpointId, { state: 'disabled' }));
    const message = await underWay(mission);
    const enabled = watched(mission.run((tx) => updateEndpoint(tx, endpointId, { state: 'enabled' })));
    await eventually('it waits', async () => (await countWaiting()) === 1);
    const later = watched(other.say('And this.'));
    await eventually('the next waits too', async () => later.isOver || (await countWaiting()) === 2);
    expect([enabled.isOver, later.isOver]).toEqual([false, false]);
    await message.commit();
    await Promise.all([enabled.over, later.over]);
    expect(await toldOf(mission)).toEqual([{ event_type: 'message.received' }]);
  });

  it('waits for nobody where it is to hear no more than before', async () => {
    const mission = await aMission(database);
    const { id: endpointId } = await mission.run((tx) => createEndpoint(tx, secretBox, ENDPOINT));
    const message = await underWay(mission);
    await mission.run((tx) => updateEndpoint(tx, endpointId, { state: 'disabled', description: 'Later.' }));
    await message.commit();
  });

  it('has no row written by a command that does not send to it', async () => {
    const mission = await aMission(database);
    const { id: endpointId } = await mission.run((tx) =>
      createEndpoint(tx, secretBox, { ...ENDPOINT, eventTypes: ['task.completed'] }),
    );
    const row = () =>
      mission.query(
        `SELECT xmin, xmax FROM webhook_endpoint WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND id = $3`,
        [endpointId],
      );
    const before = await row();
    await mission.say('Nothing for it.');
    expect(await row()).toEqual(before);
  });

  it('is removed without a failure of the commands under way', async () => {
    const mission = await aMission(database);
    const { id: endpointId } = await mission.run((tx) => createEndpoint(tx, secretBox, ENDPOINT));
    const message = await underWay(mission);
    const removed = watched(mission.run((tx) => deleteEndpoint(tx, endpointId)));
    await eventually('it waits', async () => removed.isOver || (await countWaiting()) === 1);
    expect(removed.isOver).toBe(false);
    await message.commit();
    await removed.over;
    expect(await toldOf(mission)).toEqual([]);
  });
});
