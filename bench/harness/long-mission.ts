import { encodeId, scopeSchema } from '#contracts';
import type { Transactions } from '#database';
import { rebuildDigests } from '#ledger';
import { createApiKey } from '#tenancy';
import { BenchMission } from './bench-mission.js';
import { insertFinished } from './finished-tasks.store.js';
import { insertPastMessages, insertPastWaves, newestWave } from './past-waves.store.js';

export interface Past {
  readonly waves: number;
  readonly tasks: number;
  readonly messages: number;
}

export interface LongMission {
  /** As the API names it. */
  readonly missionId: string;
  /** A key of its tenant, with all scopes. */
  readonly apiKey: string;
}

/** A mission that is at work, has played a few waves, and has a long past besides. */
export async function aLongMission(transactions: Transactions, past: Past): Promise<LongMission> {
  const mission = await BenchMission.begin(transactions, { title: 'The photo archive' });
  try {
    await mission.arrive(
      ['Name', 'Date', 'File'].map((title) => ({ title, metadata: { outcome: 'Done.' } })),
    );
    await mission.conduct();
    await mission.work(({ task }) => task.title !== 'File'); // so that the mission goes on
    await mission.conduct();
  } finally {
    await mission.end();
  }
  const { missionId } = mission;
  await mission.run(async (tx) => {
    await insertFinished(tx, missionId, past.tasks);
    await insertPastWaves(tx, await newestWave(tx, missionId), past.waves);
    await insertPastMessages(tx, missionId, past.messages);
    await rebuildDigests(tx, missionId);
  });
  const key = { name: 'bench', missionId: null, expiresAt: null, environment: 'local' } as const;
  const { apiKey } = await mission.run((tx) => createApiKey(tx, { ...key, scopes: scopeSchema.options }));
  return { missionId: encodeId('mission', missionId), apiKey };
}
