import { McpServer, ResourceNotFoundError, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { storableText, type Json, type Scope } from '#contracts';
import type { Tx } from '#database';
import type { Logger } from '#telemetry';
import type { ResourceKind } from '#ledger';
import { toProblem } from '../edge/to-problem.js';
import { withFewIssues } from './few-issues.js';
import { handOverText } from './hand-over.js';
import type { McpTool } from './mcp-tool.js';
import type { Reach } from './reach.js';
import { MCP_TOOLS } from './tool-list.js';
import { missionStatus } from './tools/missions.js';
import { waveContext } from './tools/steering.js';
import { readTask } from './tools/tasks.js';

const OBJECTIVE_CHARACTERS_MAX = 2_000;
const INSTRUCTIONS =
  'Wavekeeper keeps long-lived work out of long conversations: missions hold tasks, short-lived conductors plan and review them, workers do them. Submit work as tasks, read mission_status now and then, and answer questions only with what the person has said. Answers are short; a next_cursor reads on.';

/** The tools, resources and prompts of one request. Nothing lives longer than it: whoever asks again is asked for the key again. */
export function mcpServer(
  reach: Reach,
  about: { readonly version: string; readonly logger: Logger },
): McpServer {
  const server = new McpServer(
    { name: 'wavekeeper', title: 'Wavekeeper', version: about.version },
    { instructions: INSTRUCTIONS },
  );
  for (const tool of MCP_TOOLS) addTool(server, tool, { reach, logger: about.logger });
  for (const resource of RESOURCES) addResource(server, resource, { reach, logger: about.logger });
  server.registerPrompt(
    'hand_over',
    {
      title: 'Hand over',
      description: 'Turns this conversation’s open work into a mission.',
      argsSchema: z.object({
        objective: storableText(OBJECTIVE_CHARACTERS_MAX).optional().describe('what the mission is for'),
      }),
    },
    ({ objective }) => ({
      messages: [{ role: 'user', content: { type: 'text', text: handOverText(objective) } }],
    }),
  );
  return server;
}

interface Serving {
  readonly reach: Reach;
  readonly logger: Logger;
}

function addTool(server: McpServer, tool: McpTool, serving: Serving): void {
  const { name, title, description, input, effect } = tool;
  const annotations = {
    readOnlyHint: effect === 'reads',
    destructiveHint: effect === 'ends',
    idempotentHint: effect === 'reads',
    openWorldHint: false,
  };
  const inputSchema = withFewIssues(input);
  server.registerTool(name, { title, description, inputSchema, annotations }, async (given) => {
    try {
      serving.reach.require(tool.scopes);
      return { content: [{ type: 'text', text: JSON.stringify(await tool.run(serving.reach, given)) }] };
    } catch (error) {
      return {
        content: [{ type: 'text', text: JSON.stringify(refusal(error, serving.logger)) }],
        isError: true,
      };
    }
  });
}

/** Something with an address of its own, for clients that attach instead of calling. */
interface McpResource {
  readonly name: string;
  readonly kind: ResourceKind;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly read: (tx: Tx, id: string) => Promise<Json>;
}

const RESOURCES: readonly McpResource[] = [
  {
    name: 'missions',
    kind: 'mission',
    description: 'Where a mission stands',
    scopes: ['missions:read'],
    read: missionStatus,
  },
  {
    name: 'tasks',
    kind: 'task',
    description: 'A task with its result',
    scopes: ['tasks:read'],
    read: readTask,
  },
  {
    name: 'waves',
    kind: 'wave',
    description: 'What a wave saw',
    scopes: ['missions:read'],
    read: waveContext,
  },
];

function addResource(server: McpServer, resource: McpResource, { reach, logger }: Serving): void {
  const template = new ResourceTemplate(`wavekeeper://${resource.name}/{id}`, { list: undefined });
  const about = { description: resource.description, mimeType: 'application/json' };
  server.registerResource(resource.name, template, about, async (uri, { id }) => {
    try {
      reach.require(resource.scopes);
      const value = await reach.run(async (tx) =>
        resource.read(tx, (await reach.find(tx, resource.kind, String(id))).id),
      );
      return { contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify(value) }] };
    } catch (error) {
      const { code, message } = refusal(error, logger);
      throw code === 'not_found' ? new ResourceNotFoundError(uri.href, message) : new Error(message);
    }
  });
}

/** What the caller may know of an error: what the REST API would answer. */
function refusal(error: unknown, logger: Logger): { readonly code: string; readonly message: string } {
  const problem = toProblem(error);
  if (problem.status >= 500) logger.error({ err: error }, 'an MCP request failed');
  return { code: problem.code, message: problem.message };
}
