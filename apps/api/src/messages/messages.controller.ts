import { Controller, Get, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { messageInputSchema, messageSchema, pageOf, type MessageInput } from '#contracts';
import { Transactions } from '#database';
import { listMessages, postMessage, readMessage, type Resource } from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { numberCursor, pageQuery, readNumberCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { messageOf } from './message-of.js';
import { messageView } from './messages.view.js';

const messagesQuery = pageQuery.extend({
  order: z.enum(['asc', 'desc']).default('asc').describe('desc: the newest first; a cursor is of its order'),
});

@Controller('v1/missions/:id/messages')
export class MessagesController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
  ) {}

  @Post()
  @Route({
    summary: 'Put a message into the inbox',
    access: ['messages:write', 'missions:write'],
    subject: 'mission',
    status: 202,
    answer: messageSchema,
  })
  async postMessage(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @JsonBody(messageInputSchema) input: MessageInput,
  ) {
    return this.commands.run(call, async (tx) => {
      const id = await postMessage(tx, mission.id, messageOf(input, call), call.actor);
      return { status: 202, body: messageView(await readMessage(tx, id)) };
    });
  }

  @Get()
  @Route({
    summary: 'List messages, oldest first unless asked otherwise, with what their wave decided',
    access: ['missions:read'],
    subject: 'mission',
    answer: pageOf(messageSchema),
  })
  async listMessages(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @QueryOf(messagesQuery) query: z.output<typeof messagesQuery>,
  ) {
    const page = { order: query.order, fromSeq: readNumberCursor(query.cursor), take: query.limit + 1 };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listMessages(tx, mission.id, page),
    );
    return toPage(rows, query.limit, { view: messageView, cursor: (row) => numberCursor(row.seq) });
  }
}
