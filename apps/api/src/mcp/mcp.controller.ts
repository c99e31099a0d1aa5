import { All, Controller, Inject, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { Transactions } from '#database';
import type { Logger } from '#telemetry';
import { LOGGER } from '../dependencies.js';
import { CurrentCall, type Call } from '../edge/call.js';
import { ApiProblem } from '../edge/problem.js';
import { parseJson, readBody } from '../edge/read-body.js';
import { Route } from '../edge/route.js';
import { LocalHostGuard } from './local-host.guard.js';
import { mcpServer } from './mcp-server.js';
import { Reach } from './reach.js';

const BODY_BYTES_MAX = 1_024 * 1_024;
const VERSION = '1';

/**
 * The Model Context Protocol over HTTP, without sessions: each POST carries one message, is authenticated by its key and
 * served by itself, in the protocol of 2026-07-28 as in those of 2025. It is no part of the OpenAPI document, which has no
 * words for JSON-RPC.
 */
@Controller('mcp')
@UseGuards(LocalHostGuard)
export class McpController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @All()
  @Route({
    summary: 'The Model Context Protocol',
    access: ['missions:read', 'missions:write', 'messages:write', 'tasks:read', 'tasks:write'],
    narrowsToMission: true,
    answer: null,
  })
  async answerMessage(@CurrentCall() call: Call, @Res() response: Response): Promise<void> {
    const body =
      call.request.method === 'POST' ? parseJson(await readBody(call.request, BODY_BYTES_MAX)) : undefined;
    // else one request could do the work of thousands, and be counted as one
    if (Array.isArray(body)) throw new ApiProblem(400, 'batch_refused', 'Send one message a request.');
    const report = (error: Error) => this.logger.warn({ err: error }, 'an MCP message was refused');
    const reach = new Reach(call, this.transactions);
    const handler = createMcpHandler(() => mcpServer(reach, { version: VERSION, logger: this.logger }), {
      maxSubscriptions: 0, // nothing here changes by itself: a stream would only be held open
      onerror: report,
    });
    await toNodeHandler(handler, { onerror: report })(call.request, response, body);
  }
}
