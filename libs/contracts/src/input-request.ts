import { z } from 'zod';
import { idSchema } from './ids.js';
import { storableText } from './text.js';

export const INPUT_REQUEST_KINDS = ['approval', 'choice', 'text'] as const;
export type InputRequestKind = (typeof INPUT_REQUEST_KINDS)[number];
export const INPUT_REQUEST_STATES = ['open', 'answered', 'expired'] as const;
export const inputRequestStateSchema = z.enum(INPUT_REQUEST_STATES);
export type InputRequestState = (typeof INPUT_REQUEST_STATES)[number];
/** Who asks: a conductor, a hold of the mission, or the mission's approval policy. */
export const INPUT_REQUEST_SUBJECTS = ['question', 'hold', 'dispatch', 'completion'] as const;
export type InputRequestSubject = (typeof INPUT_REQUEST_SUBJECTS)[number];
/** What becomes of a request that nobody answers in time and that has no default. */
export const TIMEOUT_ACTIONS = ['hold', 'fail'] as const;
export type TimeoutAction = (typeof TIMEOUT_ACTIONS)[number];
/** What becomes of any request with a deadline: its default answers it, or one of those. */
const TIMEOUT_OUTCOMES = ['default', ...TIMEOUT_ACTIONS] as const;
export type TimeoutOutcome = (typeof TIMEOUT_OUTCOMES)[number];

/** Questions of conductors that one mission may have open; requests of holds and of the policy are bounded by what they are about. */
export const QUESTIONS_OPEN_MAX = 20;
export const INPUT_PROMPT_CHARACTERS_MAX = 2_000;
export const INPUT_OPTIONS_MAX = 10;
export const INPUT_OPTION_CHARACTERS_MAX = 200;
export const ANSWER_CHARACTERS_MAX = 4_000;
/** So short that no loop of asking and timing out is cheap, so long that a holiday fits. */
export const DEADLINE_MINUTES_MIN = 5;
export const DEADLINE_MINUTES_MAX = 43_200;

export const APPROVE = 'approve';
export const REJECT = 'reject';

const optionSchema = z.object({ value: z.string(), label: z.string() });
export type InputOption = z.infer<typeof optionSchema>;
export const inputOptionsSchema = z.array(optionSchema);

export const inputRequestSchema = z
  .object({
    id: idSchema('inputRequest'),
    ref: z.string(),
    mission_id: idSchema('mission'),
    task_id: idSchema('task').nullable().describe('the task that waits, when it is one'),
    kind: z.enum(INPUT_REQUEST_KINDS),
    about: z.enum(INPUT_REQUEST_SUBJECTS),
    prompt: z.string(),
    options: inputOptionsSchema,
    deadline_at: z.iso.datetime().nullable(),
    default: z.string().nullable(),
    on_timeout: z
      .enum(TIMEOUT_OUTCOMES)
      .nullable()
      .describe('what happens at the deadline: its default is taken, its mission is held, its tasks fail'),
    state: inputRequestStateSchema,
    answer: z.object({ value: z.string(), comment: z.string().nullable() }).nullable(),
    blocks: z.array(idSchema('task')),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'InputRequest' });
export type InputRequest = z.infer<typeof inputRequestSchema>;

export const answerInputSchema = z
  .strictObject({
    value: storableText(ANSWER_CHARACTERS_MAX, 1),
    comment: storableText(ANSWER_CHARACTERS_MAX).nullable().default(null),
  })
  .meta({ id: 'AnswerInput' });
export type AnswerInput = z.infer<typeof answerInputSchema>;

export const ANSWER_LINK_SECONDS_MIN = 60;
const ANSWER_LINK_SECONDS_DEFAULT = 3 * 24 * 60 * 60;
export const ANSWER_LINK_SECONDS_MAX = 30 * 24 * 60 * 60;

export const answerLinkInputSchema = z
  .strictObject({
    expires_in_seconds: z
      .int()
      .min(ANSWER_LINK_SECONDS_MIN)
      .max(ANSWER_LINK_SECONDS_MAX)
      .default(ANSWER_LINK_SECONDS_DEFAULT)
      .describe('how long the link may be opened; never beyond the question’s own deadline'),
  })
  .prefault({})
  .meta({ id: 'AnswerLinkInput' });
export type AnswerLinkInput = z.infer<typeof answerLinkInputSchema>;

export const answerLinkSchema = z
  .object({
    path: z.string().describe('to open in a browser on this service; whoever has it can answer, once'),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'AnswerLink' });
