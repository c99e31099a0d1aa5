import { z } from 'zod';
import {
  messageInputSchema,
  missionInputSchema,
  missionStatusSchema,
  usdSchema,
  type Json,
  type MessageInput,
  type Mission,
} from '#contracts';
import type { Tx } from '#database';
import { createMission, listMissions, listWaves, postMessage, readMessage, readMissionStatus } from '#ledger';
import { requireRoomForAll } from '../../directives/require-room.js';
import { readTimeCursor, timeCursor } from '../../edge/page.js';
import { messageOf } from '../../messages/message-of.js';
import { messageView } from '../../messages/messages.view.js';
import { missionView } from '../../missions/missions.view.js';
import { gaugeView, waveView } from '../../waves/waves.view.js';
import { boundedPage, excerpt } from '../bounded-answer.js';
import { defineTool } from '../mcp-tool.js';
import type { Reach } from '../reach.js';
import { missionId, pageFields, TITLE_BYTES } from './fields.js';

const STATUS_TITLE_BYTES = 160;
const STATUS_NOTE_BYTES = 400;
const { title, objective, directives, acceptance_criteria: criteria } = missionInputSchema.shape;

export const createMissionTool = defineTool({
  name: 'create_mission',
  title: 'Create a mission',
  description:
    'Starts a mission: a long-lived objective to which tasks are submitted. Directives are standing instructions, kept verbatim in every request of its conductors.',
  scopes: ['missions:write'],
  effect: 'adds',
  input: z.strictObject({
    title,
    objective,
    directives,
    acceptance_criteria: criteria,
    limit_usd: usdSchema.optional().describe('the most that it may spend'),
  }),
  async run(reach, { limit_usd: limitUsd, ...given }) {
    reach.requireWholeTenant();
    const input = missionInputSchema.parse({
      ...given,
      budget: limitUsd === undefined ? {} : { limit_usd: limitUsd },
    });
    requireRoomForAll(input);
    return reach.run(async (tx) => {
      const id = await createMission(tx, input, reach.call.actor);
      return missionLine(missionView(await readMissionStatus(tx, id)));
    });
  },
});

export const listMissionsTool = defineTool({
  name: 'list_missions',
  title: 'List missions',
  description: 'Missions, newest first, one line each.',
  scopes: ['missions:read'],
  effect: 'reads',
  input: z.strictObject({ state: missionStatusSchema.optional(), ...pageFields }),
  async run(reach, { state, limit, cursor }) {
    const page = {
      status: state ?? null,
      onlyId: reach.call.boundMissionId,
      after: readTimeCursor(cursor),
      take: limit + 1,
    };
    const rows = await reach.run((tx) => listMissions(tx, page));
    return boundedPage(rows, limit, { view: (row) => missionLine(missionView(row)), cursor: timeCursor });
  },
});

export const missionStatusTool = defineTool({
  name: 'mission_status',
  title: 'Where a mission stands',
  description:
    'Tasks by state, the conductor’s context, money, open questions and the last hand-off note, in fewer than 1,000 tokens however large the mission is.',
  scopes: ['missions:read'],
  effect: 'reads',
  input: z.strictObject({ mission_id: missionId }),
  run: (reach, { mission_id: id }) =>
    reach.run(async (tx) => missionStatus(tx, (await reach.find(tx, 'mission', id)).id)),
});

export const sendMessageTool = defineTool({
  name: 'send_message',
  title: 'Say something to a mission',
  description:
    'Puts a message into the mission’s inbox; its next wave reads it first when the key may change missions. Use it for corrections and news, not for work: work is a task.',
  scopes: ['messages:write', 'missions:write'],
  effect: 'adds',
  input: z.strictObject({ mission_id: missionId, ...messageInputSchema.shape }),
  run: (reach, { mission_id: id, ...input }) => sendMessage(reach, id, input),
});

async function sendMessage(reach: Reach, id: string, input: MessageInput): Promise<Json> {
  return reach.run(async (tx) => {
    const mission = await reach.find(tx, 'mission', id);
    const posted = await postMessage(tx, mission.id, messageOf(input, reach.call), reach.call.actor);
    const { id: messageId, seq, trusted } = messageView(await readMessage(tx, posted));
    return { id: messageId, seq, trusted };
  });
}

/** Also what the resource of a mission shows. */
export async function missionStatus(tx: Tx, id: string): Promise<Json> {
  const read = await readMissionStatus(tx, id);
  const [last] = await listWaves(tx, id, { number: null, beforeNumber: null, take: 1 });
  const mission = missionView(read);
  const { context, spill, next_wave_at: nextWaveAt } = gaugeView(read, null);
  const wave = last === undefined ? null : waveView(last);
  return {
    id: mission.id,
    title: excerpt(mission.title, STATUS_TITLE_BYTES),
    state: mission.state,
    holds: mission.holds,
    tasks: mission.counts,
    questions_open: read.requestsOpen,
    budget: mission.budget,
    conductor: { epoch: mission.conductor.epoch, context, spill, next_wave_at: nextWaveAt },
    last_wave: wave && {
      id: wave.id,
      number: wave.number,
      state: wave.state,
      handoff_note: wave.handoff_note === null ? null : excerpt(wave.handoff_note, STATUS_NOTE_BYTES),
    },
  };
}

function missionLine(mission: Mission) {
  const { id, state, counts } = mission;
  return { id, title: excerpt(mission.title, TITLE_BYTES), state, tasks: counts };
}
