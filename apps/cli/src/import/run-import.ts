import { setTimeout as delay } from 'node:timers/promises';
import { PAGE_LIMIT_MAX, TASKS_PER_REQUEST_MAX, type MessageInput, type Mission } from '#contracts';
import type { ApiClient } from '../api-client.js';
import type { ImportPlan, PlannedTask } from './plan.js';

const MISSION_PAGES_MAX = 100;
/** Half of what a request may carry. */
const PAGE_CHARACTERS_MAX = 4 * 1_024 * 1_024;
/** How long the first wave is waited for, to see what it was given. */
const FIRST_WAVE_MS = 20_000;
const LOOK_MS = 500;

/** What came of an import. `afterTokens` are those of the mission's last request; null when it has not asked anything yet. */
export interface ImportOutcome {
  readonly mission_id: string;
  readonly existing: boolean;
  readonly tasks: { readonly created: number; readonly existing: number; readonly refused: number };
  /** Those of this run; whoever reads them accepts or rejects them. */
  readonly directives_proposed: number;
  readonly before_tokens: number | null;
  readonly after_tokens: number | null;
}

/**
 * Makes a plan a mission, or goes on where an earlier import of the same source stopped: the mission is found by its
 * import key, tasks by their keys, messages by their texts.
 */
export async function runImport(client: ApiClient, plan: ImportPlan): Promise<ImportOutcome> {
  const known = await findMission(client, plan.importKey);
  const mission = known ?? (await createMission(client, plan));
  const tasks = { created: 0, existing: 0, refused: 0 };
  for (const page of pagesOf(plan.tasks))
    for (const answer of await client.submitTasks(mission.id, page))
      tasks['problem' in answer ? 'refused' : answer.existing ? 'existing' : 'created'] += 1;
  const proposed = await proposeNew(client, mission.id, plan.directives);
  await sayNew(client, mission.id, plan.messages);
  return {
    mission_id: mission.id,
    existing: known !== null,
    tasks,
    directives_proposed: proposed,
    before_tokens: plan.beforeTokens,
    after_tokens: await firstTokens(client, mission.id),
  };
}

function createMission(client: ApiClient, plan: ImportPlan): Promise<Mission> {
  return client.createMission({
    title: plan.title,
    objective: plan.objective,
    metadata: { import_key: plan.importKey },
  });
}

async function findMission(client: ApiClient, importKey: string): Promise<Mission | null> {
  let cursor: string | undefined;
  for (let page = 0; page < MISSION_PAGES_MAX; page += 1) {
    const { data, next_cursor: next } = await client.listMissions({ limit: PAGE_LIMIT_MAX, cursor });
    const found = data.find(
      ({ metadata, state }) =>
        metadata['import_key'] === importKey && state !== 'canceled' && state !== 'archived',
    );
    if (found !== undefined) return found;
    if (next === null) return null;
    cursor = next;
  }
  return null;
}

/** Pages that one request takes: by their number, and by their size. */
export function pagesOf(tasks: readonly PlannedTask[]): PlannedTask[][] {
  const pages: PlannedTask[][] = [];
  let characters = 0;
  for (const task of tasks) {
    const size = JSON.stringify(task).length;
    const page = pages.at(-1);
    characters += size;
    if (page !== undefined && page.length < TASKS_PER_REQUEST_MAX && characters <= PAGE_CHARACTERS_MAX)
      page.push(task);
    else {
      pages.push([task]);
      characters = size;
    }
  }
  return pages;
}

/** Proposes what the mission has not been told of, whatever has become of it there. */
async function proposeNew(client: ApiClient, missionId: string, texts: readonly string[]): Promise<number> {
  if (texts.length === 0) return 0;
  const known = new Set((await client.listAllDirectives(missionId)).map(({ text }) => text));
  const missing = texts.filter((text) => !known.has(text));
  for (const text of missing) await client.addDirective(missionId, { text, state: 'proposed' });
  return missing.length;
}

/** Says what has not been said in the mission yet, by an import or by anybody. */
async function sayNew(
  client: ApiClient,
  missionId: string,
  messages: readonly MessageInput[],
): Promise<void> {
  if (messages.length === 0) return;
  const missing = new Set(messages);
  for await (const { text } of client.eachMessage(missionId))
    for (const message of missing) if (message.text === text) missing.delete(message);
  for (const message of missing) await client.postMessage(missionId, message);
}

async function firstTokens(client: ApiClient, missionId: string): Promise<number | null> {
  for (let waitedMs = 0; waitedMs <= FIRST_WAVE_MS; waitedMs += LOOK_MS) {
    const { context, wave, next_wave_at: nextWaveAt } = await client.getConductor(missionId);
    if (context.tokens > 0) return context.tokens;
    if (wave === null && nextWaveAt === null) return null;
    await delay(LOOK_MS);
  }
  return null;
}
