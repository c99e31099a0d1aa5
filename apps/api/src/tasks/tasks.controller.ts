import { Controller, Get, Inject, Patch, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  eventSchema,
  neighbourhoodSchema,
  pageOf,
  storableText,
  taskPatchSchema,
  taskSchema,
  taskStateSchema,
  taskSummarySchema,
  type TaskPatch,
} from '#contracts';
import { Transactions, type Tx } from '#database';
import {
  cancelTask,
  listTaskEvents,
  listTasks,
  lockMissionStatus,
  readNeighbourhood,
  readTaskWithAttempts,
  retryTask,
  updateTask,
  type Resource,
} from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { requireMatch } from '../edge/entity-tag.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { missionsAsked } from '../edge/mission-named.js';
import {
  numberCursor,
  pageQuery,
  readNumberCursor,
  readTimeCursor,
  timeCursor,
  toPage,
} from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { eventView } from '../events/events.view.js';
import { neighbourhoodView, taskSummaryView, taskView } from './tasks.view.js';

const QUERY_CHARACTERS_MAX = 200;
const listQuery = pageQuery.extend({
  mission_id: z.string().optional(),
  state: taskStateSchema.optional(),
  q: storableText(QUERY_CHARACTERS_MAX).optional().describe('words of the title, an id, a ref or a key'),
});

@Controller('v1/tasks')
export class TasksController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
  ) {}

  @Get()
  @Route({
    summary: 'List tasks, newest first',
    access: ['tasks:read'],
    narrowsToMission: true,
    answer: pageOf(taskSummarySchema),
  })
  async listTasks(@CurrentCall() call: Call, @QueryOf(listQuery) query: z.output<typeof listQuery>) {
    const asked = missionsAsked(call, query.mission_id);
    if (asked === 'none') return { data: [], next_cursor: null };
    const page = { after: readTimeCursor(query.cursor), take: query.limit + 1 };
    const filter = {
      ...asked,
      state: query.state ?? null,
      query: query.q === undefined || query.q.trim() === '' ? null : query.q.trim(),
    };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) => listTasks(tx, filter, page));
    return toPage(rows, query.limit, { view: taskSummaryView, cursor: timeCursor });
  }

  @Get(':id')
  @Route({
    summary: 'Read a task with its attempts',
    access: ['tasks:read'],
    subject: 'task',
    answer: taskSchema,
  })
  async readTask(@CurrentCall() call: Call, @Subject() task: Resource) {
    return this.transactions.inTransaction(call.tenantId, (tx) => readView(tx, task.id));
  }

  @Get(':id/events')
  @Route({
    summary: 'List the events of a task, in order',
    access: ['tasks:read'],
    subject: 'task',
    answer: pageOf(eventSchema),
  })
  async listTaskEvents(
    @CurrentCall() call: Call,
    @Subject() task: Resource,
    @QueryOf(pageQuery) query: z.output<typeof pageQuery>,
  ) {
    const page = { afterSeq: readNumberCursor(query.cursor) ?? 0, take: query.limit + 1 };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listTaskEvents(tx, task.id, page),
    );
    return toPage(rows, query.limit, { view: eventView, cursor: (row) => numberCursor(row.seq ?? 0) });
  }

  @Get(':id/neighbourhood')
  @Route({
    summary: 'The tasks around a task: what it depends on and what depends on it, two steps far',
    access: ['tasks:read'],
    subject: 'task',
    answer: neighbourhoodSchema,
  })
  async readNeighbourhood(@CurrentCall() call: Call, @Subject() task: Resource) {
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) => readNeighbourhood(tx, task.id));
    return neighbourhoodView(rows);
  }

  @Patch(':id')
  @Route({
    summary: 'Change a task that has not started',
    access: ['tasks:write'],
    subject: 'task',
    answer: taskSchema,
  })
  async updateTask(
    @CurrentCall() call: Call,
    @Subject() task: Resource,
    @JsonBody(taskPatchSchema) patch: TaskPatch,
  ) {
    return this.transactions.inTransaction(call.tenantId, async (tx) => {
      if (task.missionId !== null) await lockMissionStatus(tx, task.missionId);
      requireMatch(call.request, await readView(tx, task.id));
      await updateTask(tx, task.id, patch, call.actor);
      return readView(tx, task.id);
    });
  }

  @Post(':id/cancel')
  @Route({
    summary: 'Cancel a task, and its attempt at work',
    access: ['tasks:write'],
    subject: 'task',
    answer: taskSchema,
  })
  async cancelTask(@CurrentCall() call: Call, @Subject() task: Resource) {
    return this.commands.run(call, async (tx) => {
      await cancelTask(tx, task.id, call.actor);
      return { status: 200, body: await readView(tx, task.id) };
    });
  }

  @Post(':id/retry')
  @Route({
    summary: 'Queue a failed or canceled task again',
    access: ['tasks:write'],
    subject: 'task',
    answer: taskSchema,
  })
  async retryTask(@CurrentCall() call: Call, @Subject() task: Resource) {
    return this.commands.run(call, async (tx) => {
      await retryTask(tx, task.id, call.actor);
      return { status: 200, body: await readView(tx, task.id) };
    });
  }
}

async function readView(tx: Tx, taskId: string) {
  return taskView(await readTaskWithAttempts(tx, taskId));
}
