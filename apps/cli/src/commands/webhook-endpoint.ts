import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { endpointSchema } from '#contracts';
import { abortAfter } from '#sdk';
import type { ApiClient } from '../api-client.js';
import { EXIT } from '../exit-codes.js';
import type { Session } from '../session.js';
import { oneLine, table } from '../text-layout.js';
import { collect, cursorOption, jsonOption, limitOption, type PageOptions } from './options.js';
import { showDelivery } from './webhook-delivery.js';

const URL_CHARACTERS = 80;
/** A test is one try; a receiver has 15 s for it, and its turn may take a sweep to come. */
const TEST_WAIT_MS_MAX = 30_000;
const TEST_ASK_MS = 500;

type Endpoint = z.output<typeof endpointSchema>;
interface JsonOptions {
  readonly json?: true;
}
interface CreateOptions extends JsonOptions {
  readonly event?: string[];
  readonly mission?: string;
  readonly includeResult?: true;
  readonly description: string;
}

export function addEndpointCommands(webhook: Command, session: Session): void {
  const endpoint = webhook.command('endpoint').description('addresses that webhooks are sent to');
  endpoint
    .command('create')
    .argument('<url>')
    .description('send webhooks to an address; prints the secret that signs them, this once')
    .option('--event <pattern>', 'a type, a family such as "task.*", or "*"; repeat for more', collect)
    .option('--mission <id>', 'only of this mission')
    .option('--include-result', 'with the result of a completed task, up to 16 kB')
    .option('--description <text>', 'a word to yourself', '')
    .addOption(jsonOption())
    .action((url: string, options: CreateOptions) => createEndpoint(session, url, options));
  endpoint
    .command('list')
    .description('endpoints, newest first, and how they have answered lately')
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(jsonOption())
    .action((options: PageOptions) => listEndpoints(session, options));
  endpoint
    .command('test')
    .argument('<id>', 'whe_…')
    .description('send one test and wait for what comes of it; ends with 1 when it is not taken')
    .addOption(jsonOption())
    .action((id: string, options: JsonOptions) => testEndpoint(session, id, options));
  endpoint
    .command('rotate-secret')
    .argument('<id>', 'whe_…')
    .description('make a new secret, printed this once; the old one signs beside it for a day')
    .addOption(jsonOption())
    .action(async (id: string, options: JsonOptions) => {
      showEndpoint(session, await (await session.client()).rotateEndpointSecret(id), options);
    });
  for (const [action, description] of Object.entries(CHANGES))
    endpoint
      .command(action)
      .argument('<id>', 'whe_…')
      .description(description)
      .addOption(jsonOption())
      .action(async (id: string, options: JsonOptions) => {
        const state = action === 'enable' ? 'enabled' : 'disabled';
        showEndpoint(session, await (await session.client()).changeEndpoint(id, { state }), options);
      });
}

const CHANGES = {
  enable: 'send to it (again); what waits goes out',
  disable: 'send nothing new to it; what waits keeps waiting',
} as const;

async function createEndpoint(session: Session, url: string, options: CreateOptions): Promise<void> {
  const client = await session.client();
  const made = await client.createEndpoint({
    url,
    event_types: options.event ?? ['*'],
    mission_id: options.mission ?? null,
    include_result: options.includeResult ?? false,
    description: options.description,
  });
  showEndpoint(session, made, options);
}

async function listEndpoints(session: Session, options: PageOptions): Promise<void> {
  const page = await (await session.client()).listEndpoints({ limit: options.limit, cursor: options.cursor });
  if (options.json) return session.terminal.printJson(page);
  if (page.data.length === 0)
    return session.terminal.note('No endpoints. Make one: wavekeeper webhook endpoint create URL');
  session.terminal.print(table(page.data.map(endpointRow)).join('\n'));
  if (page.next_cursor !== null) session.terminal.note(`more: --cursor ${page.next_cursor}`);
}

async function testEndpoint(session: Session, id: string, options: JsonOptions): Promise<void> {
  const client = await session.client();
  const { delivery_id: deliveryId } = await client.testEndpoint(id);
  const delivery = await outcomeOf(client, deliveryId);
  if (options.json) session.terminal.printJson(delivery);
  else showDelivery(session, delivery);
  if (delivery.state === 'pending') session.exitCode = EXIT.timedOut;
  else if (delivery.state === 'dead') session.exitCode = EXIT.failure;
}

/** The delivery of a test when its try has ended, or as it is when the time is up. */
async function outcomeOf(client: ApiClient, deliveryId: string) {
  const timeout = abortAfter(TEST_WAIT_MS_MAX);
  for (;;) {
    const delivery = await client.getDelivery(deliveryId);
    if (delivery.state !== 'pending') return delivery;
    const waited = await delay(TEST_ASK_MS, true, { signal: timeout }).catch(() => false);
    if (!waited) return delivery;
  }
}

function showEndpoint(session: Session, endpoint: Endpoint, options: JsonOptions): void {
  if (options.json) return session.terminal.printJson(endpoint);
  session.terminal.print(endpointRow(endpoint).join('  '));
  if (endpoint.secret === undefined) return;
  session.terminal.print(endpoint.secret);
  session.terminal.note('Keep the secret: it is not shown again.');
}

/** `whe_…  enabled  task.*  https://…`, with why it is disabled or how it fails. */
function endpointRow(endpoint: Endpoint): string[] {
  const { failures_in_a_row: failures, next_probe_at: probeAt } = endpoint.health;
  const trouble =
    failures === 0 ? '' : ` (${failures} failures in a row${probeAt === null ? '' : ', circuit open'})`;
  const reason = endpoint.disabled_reason === null ? '' : ` (${endpoint.disabled_reason})`;
  return [
    endpoint.id,
    `${endpoint.state}${reason}${trouble}`,
    endpoint.event_types.join(','),
    oneLine(endpoint.url, URL_CHARACTERS),
  ];
}
