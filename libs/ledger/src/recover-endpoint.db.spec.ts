import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { eventually } from '../../../test/support/eventually.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../test/support/mission.js';
import type { EndpointPatch } from '#contracts';
import { SecretBox } from '#tenancy';
import { createEndpoint, postMessage, recoverEndpoint, updateEndpoint } from './index.js';

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

const isAnyoneWaiting = async (): Promise<boolean> => {
  const { rows } = await database.owner.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
};

describe('an endpoint that is changed and then recovered', () => {
  it.each<[string, EndpointPatch, EndpointPatch]>([
    ['enabled', { state: 'disabled' }, { state: 'enabled' }],
    ['subscribed to more', { event_types: ['task.*'] }, { event_types: ['message.*'] }],
  ])('has a delivery of what was committed in the meantime, when it was %s', async (_, before, patch) => {
    const mission = await aMission(database);
    const { id: endpointId } = await mission.run((tx) => createEndpoint(tx, secretBox, ENDPOINT));
    await mission.run((tx) => updateEndpoint(tx, endpointId, before));
    const message = await underWay(mission);
    let isRecovered = false;
    const recovered = mission
      .run((tx) => updateEndpoint(tx, endpointId, patch))
      .then(() => mission.run((tx) => recoverEndpoint(tx, endpointId, new Date(0))))
      .then(() => (isRecovered = true));
    await eventually('it was recovered, or waits', async () => isRecovered || (await isAnyoneWaiting()));
    await message.commit();
    await recovered;
    const told = await mission.query(
      `SELECT event_type FROM webhook_delivery WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND event_type = 'message.received'`,
    );
    expect(told).toEqual([{ event_type: 'message.received' }]);
  });
});
