import { Controller, Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import type { z } from 'zod';
import {
  callbackSchema,
  pageOf,
  scheduleInputSchema,
  schedulePatchSchema,
  scheduleSchema,
  type Schedule,
  type ScheduledTask,
  type ScheduleInput,
  type SchedulePatch,
} from '#contracts';
import { Transactions, type Tx } from '#database';
import {
  createSchedule,
  deleteSchedule,
  ensureCallbackEndpoints,
  listSchedules,
  lockSchedule,
  readSchedule,
  updateSchedule,
  type NewCallback,
  type Resource,
} from '#ledger';
import { recordAudit, SecretBox } from '#tenancy';
import { fieldsOf } from '../audit/fields-of.js';
import { CHECK_WEBHOOK_URL, type CheckWebhookUrl } from '../dependencies.js';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { requireMatch, twoPartTag } from '../edge/entity-tag.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { firstCallback } from '../endpoints/endpoints.view.js';
import { requireWebhookUrl } from '../edge/webhook-url.js';
import { changeableView, scheduleView } from './schedules.view.js';

/** A callback address that is new to the mission shows its secret here, this once. */
const changedScheduleSchema = scheduleSchema
  .extend({ callback: callbackSchema.optional() })
  .meta({ id: 'ChangedSchedule' });

@Controller('v1')
export class SchedulesController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(SecretBox) private readonly secretBox: SecretBox,
    @Inject(CHECK_WEBHOOK_URL) private readonly checkWebhookUrl: CheckWebhookUrl,
  ) {}

  @Get('missions/:id/schedules')
  @Route({
    summary: 'List schedules, newest first',
    access: ['tasks:read'],
    subject: 'mission',
    answer: pageOf(scheduleSchema),
  })
  async listSchedules(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @QueryOf(pageQuery) query: z.output<typeof pageQuery>,
  ) {
    const page = { after: readTimeCursor(query.cursor), take: query.limit + 1 };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listSchedules(tx, mission.id, page),
    );
    return toPage(rows, query.limit, { view: scheduleView, cursor: timeCursor });
  }

  @Post('missions/:id/schedules')
  @Route({
    summary: 'Make a task come again, at most once a minute',
    access: ['tasks:write'],
    subject: 'mission',
    status: 201,
    answer: changedScheduleSchema,
  })
  async createSchedule(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @JsonBody(scheduleInputSchema) input: ScheduleInput,
  ) {
    requireWebhookUrl(this.checkWebhookUrl, input.task.callback_url, '/task/callback_url');
    return this.commands.run(call, async (tx) => {
      const id = await createSchedule(tx, mission.id, input, call.actor);
      const callbacks = await this.ensureCallback(tx, mission.id, input.task);
      const after = await readView(tx, id);
      await recordAudit(tx, { actor: call.actor, action: 'schedule.created', subjectId: after.id, after });
      return { status: 201, body: { ...after, ...firstCallback(callbacks) } };
    });
  }

  @Get('schedules/:id')
  @Route({ summary: 'Read a schedule', access: ['tasks:read'], subject: 'schedule', answer: scheduleSchema })
  async readSchedule(@CurrentCall() call: Call, @Subject() schedule: Resource) {
    return tagged(
      call,
      await this.transactions.inTransaction(call.tenantId, (tx) => readView(tx, schedule.id)),
    );
  }

  @Patch('schedules/:id')
  @Route({
    summary: 'Change, pause or resume a schedule',
    access: ['tasks:write'],
    subject: 'schedule',
    answer: changedScheduleSchema,
  })
  async updateSchedule(
    @CurrentCall() call: Call,
    @Subject() schedule: Resource,
    @JsonBody(schedulePatchSchema) patch: SchedulePatch,
  ) {
    requireWebhookUrl(this.checkWebhookUrl, patch.task?.callback_url, '/task/callback_url');
    const changed = await this.transactions.inTransaction(call.tenantId, async (tx) => {
      const locked = await lockSchedule(tx, schedule.id);
      const before = scheduleView(locked);
      requireMatch(call.request, changeableView(before));
      await updateSchedule(tx, schedule.id, patch, call.actor);
      const callbacks = await this.ensureCallback(tx, locked.missionId, patch.task);
      const after = await readView(tx, schedule.id);
      await recordAudit(tx, {
        actor: call.actor,
        action: 'schedule.updated',
        subjectId: after.id,
        before: fieldsOf(before, patch),
        after: fieldsOf(after, patch),
      });
      return { after, callbacks };
    });
    return { ...tagged(call, changed.after), ...firstCallback(changed.callbacks) };
  }

  @Delete('schedules/:id')
  @Route({
    summary: 'Remove a schedule; the tasks that it made stay',
    access: ['tasks:write'],
    subject: 'schedule',
    status: 204,
    answer: null,
  })
  async deleteSchedule(@CurrentCall() call: Call, @Subject() schedule: Resource): Promise<void> {
    await this.transactions.inTransaction(call.tenantId, async (tx) => {
      const before = scheduleView(await lockSchedule(tx, schedule.id));
      await deleteSchedule(tx, schedule.id, call.actor);
      await recordAudit(tx, { actor: call.actor, action: 'schedule.removed', subjectId: before.id, before });
    });
  }

  /** Its tasks will ask for this address when nobody is there who could be refused. */
  private async ensureCallback(
    tx: Tx,
    missionId: string,
    task: ScheduledTask | undefined,
  ): Promise<NewCallback[]> {
    const url = task?.callback_url ?? null;
    return ensureCallbackEndpoints(tx, this.secretBox, missionId, url === null ? [] : [url]);
  }
}

function tagged(call: Call, schedule: Schedule): Schedule {
  call.response.setHeader('ETag', twoPartTag(changeableView(schedule), schedule));
  return schedule;
}

async function readView(tx: Tx, scheduleId: string): Promise<Schedule> {
  return scheduleView(await readSchedule(tx, scheduleId));
}
