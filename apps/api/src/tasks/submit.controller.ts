import { Controller, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  callbackSchema,
  decodeId,
  submittedTasksSchema,
  taskBatchSchema,
  taskInputSchema,
  taskSchema,
  type SubmittedTask,
} from '#contracts';
import type { Tx } from '#database';
import {
  ensureCallbackEndpoints,
  ensureDefaultMission,
  readTaskWithAttempts,
  submitTasks,
  type NewCallback,
  type Resource,
} from '#ledger';
import { SecretBox } from '#tenancy';
import { CHECK_WEBHOOK_URL, type CheckWebhookUrl } from '../dependencies.js';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { DocumentedBody } from '../edge/input.js';
import { callbackView, firstCallback } from '../endpoints/endpoints.view.js';
import { ApiProblem } from '../edge/problem.js';
import { requestStateOf } from '../edge/request-state.js';
import { Route } from '../edge/route.js';
import { CommandRunner, type Reply } from '../edge/run-command.js';
import { readSubmission, type Submission } from './submission.js';
import { taskView } from './tasks.view.js';

const SUBMISSION_BODIES = {
  'application/json': z.union([taskInputSchema, taskBatchSchema]),
  'application/x-ndjson': z.string().describe('one task a line'),
};
const submittedSchema = taskSchema
  .extend({ existing: z.boolean(), callback: callbackSchema.optional() })
  .meta({ id: 'CreatedTask' });
const SUBMIT = {
  access: ['tasks:write'],
  status: 201,
  answer: submittedSchema,
  alsoAnswers: { 200: submittedTasksSchema },
} as const;

@Controller('v1')
export class SubmitController {
  constructor(
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(SecretBox) private readonly secretBox: SecretBox,
    @Inject(CHECK_WEBHOOK_URL) private readonly checkWebhookUrl: CheckWebhookUrl,
  ) {}

  @Post('missions/:id/tasks')
  @Route({ ...SUBMIT, summary: 'Submit one task or up to 1,000 to a mission', subject: 'mission' })
  @DocumentedBody(SUBMISSION_BODIES)
  async submitTasks(@CurrentCall() call: Call, @Subject() mission: Resource) {
    return this.submit(call, () => Promise.resolve(mission.id));
  }

  @Post('tasks')
  @Route({ ...SUBMIT, summary: 'Submit tasks to the default mission' })
  @DocumentedBody(SUBMISSION_BODIES)
  async submitTasksToDefaultMission(@CurrentCall() call: Call) {
    return this.submit(call, (tx) => ensureDefaultMission(tx, call.actor));
  }

  private async submit(call: Call, missionOf: (tx: Tx) => Promise<string>): Promise<unknown> {
    const submission = await readSubmission(call.request, this.checkWebhookUrl);
    requestStateOf(call.request).body = submission.body;
    return this.commands.run(call, async (tx) => {
      const missionId = await missionOf(tx);
      const submitted = await submitTasks(tx, missionId, submission.items, call.actor);
      const urls = callbackUrls(submission, submitted);
      const callbacks = await ensureCallbackEndpoints(tx, this.secretBox, missionId, urls);
      return submission.isBatch ? replyForMany(submitted, callbacks) : replyForOne(tx, submitted, callbacks);
    });
  }
}

/** A single task is answered whole; its problem is the request's. */
async function replyForOne(
  tx: Tx,
  [submitted]: readonly SubmittedTask[],
  callbacks: readonly NewCallback[],
): Promise<Reply> {
  if (submitted === undefined) throw new Error('the ledger answered nothing for one task');
  if ('problem' in submitted) {
    const { code, message, pointer } = submitted.problem;
    throw new ApiProblem(422, code, message, {
      errors: pointer === null ? [] : [{ pointer, code, message }],
    });
  }
  const id = decodeId('task', submitted.id);
  if (id === null) throw new Error('the ledger answered something that is no task id');
  const task = taskView(await readTaskWithAttempts(tx, id));
  return {
    status: 201,
    body: { ...task, existing: submitted.existing, ...firstCallback(callbacks) },
  };
}

function replyForMany(submitted: readonly SubmittedTask[], callbacks: readonly NewCallback[]): Reply {
  const added = callbacks.length === 0 ? {} : { callbacks: callbacks.map(callbackView) };
  return { status: 200, body: { data: submitted, ...added } };
}

/** Those of the tasks that are new: what was there already keeps its own, and what was refused has none. */
function callbackUrls({ items }: Submission, submitted: readonly SubmittedTask[]): string[] {
  return items.flatMap((item, index) => {
    const answer = submitted[index];
    const isNew = answer !== undefined && 'existing' in answer && !answer.existing;
    return 'task' in item && isNew ? (item.task.callback_url ?? []) : [];
  });
}
