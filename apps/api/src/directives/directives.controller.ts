import { Controller, Get, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import { directiveInputSchema, directiveSchema, pageOf } from '#contracts';
import { Transactions } from '#database';
import {
  addDirective,
  listDirectives,
  listNotes,
  moveDirective,
  proposeDirective,
  readDirective,
  readMissionStatus,
  type Resource,
} from '#ledger';
import { recordAudit } from '#tenancy';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { numberCursor, pageQuery, readNumberCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { requireRoom } from './require-room.js';
import { directiveView, noteSchema, noteView } from './registers.view.js';

type PageQuery = z.output<typeof pageQuery>;

const AUDITED = {
  accept: 'directive.accepted',
  reject: 'directive.rejected',
  retire: 'directive.retired',
} as const;

@Controller('v1')
export class DirectivesController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
  ) {}

  @Get('missions/:id/directives')
  @Route({
    summary: 'List directives, oldest first',
    access: ['missions:read'],
    subject: 'mission',
    answer: pageOf(directiveSchema),
  })
  async listDirectives(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @QueryOf(pageQuery) query: PageQuery,
  ) {
    const page = { afterNumber: readNumberCursor(query.cursor) ?? 0, take: query.limit + 1 };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listDirectives(tx, mission.id, page),
    );
    return toPage(rows, query.limit, { view: directiveView, cursor: (row) => numberCursor(row.number) });
  }

  @Post('missions/:id/directives')
  @Route({
    summary: 'Add a standing instruction, kept verbatim, or propose one',
    access: ['missions:write'],
    subject: 'mission',
    status: 201,
    answer: directiveSchema,
  })
  async addDirective(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @JsonBody(directiveInputSchema) input: z.output<typeof directiveInputSchema>,
  ) {
    return this.commands.run(call, async (tx) => {
      requireRoom((await readMissionStatus(tx, mission.id)).policy, input.text, '/text');
      const add = input.state === 'accepted' ? addDirective : proposeDirective;
      const id = await add(tx, mission.id, input.text, call.actor);
      const after = directiveView(await readDirective(tx, id));
      await recordAudit(tx, { actor: call.actor, action: 'directive.added', subjectId: after.id, after });
      return { status: 201, body: after };
    });
  }

  @Post('directives/:id/accept')
  @Route({
    summary: 'Accept a proposed directive',
    access: ['missions:write'],
    subject: 'directive',
    answer: directiveSchema,
  })
  async acceptDirective(@CurrentCall() call: Call, @Subject() directive: Resource) {
    return this.move(call, directive, 'accept');
  }

  @Post('directives/:id/reject')
  @Route({
    summary: 'Reject a proposed directive',
    access: ['missions:write'],
    subject: 'directive',
    answer: directiveSchema,
  })
  async rejectDirective(@CurrentCall() call: Call, @Subject() directive: Resource) {
    return this.move(call, directive, 'reject');
  }

  @Post('directives/:id/retire')
  @Route({
    summary: 'End a directive',
    access: ['missions:write'],
    subject: 'directive',
    answer: directiveSchema,
  })
  async retireDirective(@CurrentCall() call: Call, @Subject() directive: Resource) {
    return this.move(call, directive, 'retire');
  }

  @Get('missions/:id/notes')
  @Route({
    summary: 'List what the conductors noted, oldest first',
    access: ['missions:read'],
    subject: 'mission',
    answer: pageOf(noteSchema),
  })
  async listNotes(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @QueryOf(pageQuery) query: PageQuery,
  ) {
    const page = { afterNumber: readNumberCursor(query.cursor) ?? 0, take: query.limit + 1 };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listNotes(tx, mission.id, page),
    );
    return toPage(rows, query.limit, { view: noteView, cursor: (row) => numberCursor(row.number) });
  }

  private move(call: Call, directive: Resource, action: 'accept' | 'reject' | 'retire') {
    return this.commands.run(call, async (tx) => {
      const before = await readDirective(tx, directive.id);
      if (action === 'accept' && directive.missionId !== null)
        requireRoom((await readMissionStatus(tx, directive.missionId)).policy, before.text, '/text');
      await moveDirective(tx, directive.id, action, call.actor);
      const after = directiveView(await readDirective(tx, directive.id));
      await recordAudit(tx, {
        actor: call.actor,
        action: AUDITED[action],
        subjectId: after.id,
        before: { state: before.state },
        after: { state: after.state, text: after.text },
      });
      return { status: 200, body: after };
    });
  }
}
