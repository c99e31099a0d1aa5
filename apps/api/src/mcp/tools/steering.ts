import { z } from 'zod';
import { answerInputSchema, rotationInputSchema, type InputRequest, type Json } from '#contracts';
import type { Tx } from '#database';
import { listInputRequests, readWaveContext, readWaveWithDecisions } from '#ledger';
import { readTimeCursor, timeCursor } from '../../edge/page.js';
import { answerRequest } from '../../input-requests/answer-request.js';
import { inputRequestView } from '../../input-requests/input-requests.view.js';
import { rotateAudited } from '../../waves/rotate-audited.js';
import { waveView } from '../../waves/waves.view.js';
import { boundedPage, excerpt } from '../bounded-answer.js';
import { defineTool } from '../mcp-tool.js';
import { missionId, pageFields } from './fields.js';

const PROMPT_BYTES = 2_000;
const OPTION_VALUE_BYTES = 400;
const OPTION_LABEL_BYTES = 100;
const NOTE_BYTES = 1_200;

export const listQuestionsTool = defineTool({
  name: 'list_questions',
  title: 'What people are asked',
  description:
    'Questions that nobody has answered yet, newest first. Only the tasks that one names wait for it.',
  scopes: ['missions:read'],
  effect: 'reads',
  input: z.strictObject({ mission_id: missionId.optional(), ...pageFields }),
  async run(reach, { mission_id: mission, limit, cursor }) {
    const page = { after: readTimeCursor(cursor), take: limit + 1 };
    const rows = await reach.run(async (tx) =>
      listInputRequests(tx, { missionId: await reach.missionFilter(tx, mission), state: 'open' }, page),
    );
    return boundedPage(rows, limit, {
      view: (row) => questionView(inputRequestView(row)),
      cursor: timeCursor,
    });
  },
});

export const answerQuestionTool = defineTool({
  name: 'answer_question',
  title: 'Answer a question',
  description:
    'Answers for a person: approve or reject, the value of one of the options, or their words. Ask the person first; the first answer wins.',
  scopes: ['missions:write', 'messages:write'],
  effect: 'adds',
  input: z.strictObject({ question_id: z.string().max(100).describe('inp_…'), ...answerInputSchema.shape }),
  run: (reach, { question_id: id, ...answer }) =>
    reach.run(async (tx) => {
      const request = await reach.find(tx, 'inputRequest', id);
      const { id: answered, state } = await answerRequest(tx, request.id, answer, reach.call);
      return { id: answered, state };
    }),
});

export const rotateConductorTool = defineTool({
  name: 'rotate_conductor',
  title: 'Start a fresh conductor',
  description:
    'Archives the conductor and starts a fresh one from the ledger: for a mission that repeats itself or has gone astray. Nothing that is committed is lost.',
  scopes: ['missions:write'],
  effect: 'ends',
  input: z.strictObject({ mission_id: missionId, ...rotationInputSchema.shape }),
  run: (reach, { mission_id: id, ...rotation }) =>
    reach.run(async (tx) => {
      const mission = await reach.find(tx, 'mission', id);
      return rotateAudited(tx, mission.id, rotation, reach.call.actor);
    }),
});

export const waveContextTool = defineTool({
  name: 'wave_context',
  title: 'What a wave saw',
  description:
    'The sections of the request that a wave was given: tokens, blocks, and what was left out. mission_status names the last wave.',
  scopes: ['missions:read'],
  effect: 'reads',
  input: z.strictObject({ wave_id: z.string().max(100).describe('wav_…') }),
  run: (reach, { wave_id: id }) =>
    reach.run(async (tx) => waveContext(tx, (await reach.find(tx, 'wave', id)).id)),
});

/** Also what the resource of a wave shows. A wave that ended before it asked anything has no sections. */
export async function waveContext(tx: Tx, id: string): Promise<Json> {
  const wave = waveView(await readWaveWithDecisions(tx, id));
  const manifest = (await readWaveContext(tx, id))?.manifest ?? null;
  return {
    id: wave.id,
    number: wave.number,
    state: wave.state,
    trigger: wave.trigger,
    stop_reason: wave.stop_reason,
    decisions: wave.decisions.length,
    usage: wave.usage,
    handoff_note: wave.handoff_note === null ? null : excerpt(wave.handoff_note, NOTE_BYTES),
    context: manifest && {
      budget_tokens: manifest.budget_tokens,
      target_tokens: manifest.target_tokens,
      total_tokens: manifest.total_tokens,
      counted_tokens: manifest.counted_tokens,
      sections: manifest.sections.map(({ name, title, tokens, ceiling, blocks, omitted }) => ({
        name,
        title,
        tokens,
        ceiling,
        blocks: blocks.length,
        omitted: omitted.reduce((sum, { count }) => sum + count, 0),
      })),
    },
  };
}

function questionView(request: InputRequest) {
  const { id, mission_id: mission, kind, options, deadline_at: deadlineAt, blocks } = request;
  return {
    id,
    mission_id: mission,
    kind,
    prompt: excerpt(request.prompt, PROMPT_BYTES),
    options: options.map(({ value, label }) => ({
      value: excerpt(value, OPTION_VALUE_BYTES),
      ...(label === value ? {} : { label: excerpt(label, OPTION_LABEL_BYTES) }),
    })),
    deadline_at: deadlineAt,
    blocks: blocks.length,
  };
}
