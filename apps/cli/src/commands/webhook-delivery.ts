import { Option, type Command } from 'commander';
import type { z } from 'zod';
import { DELIVERY_STATES, type deliverySchema } from '#contracts';
import type { Session } from '../session.js';
import { count, oneLine, table } from '../text-layout.js';
import { cursorOption, jsonOption, limitOption, type PageOptions } from './options.js';

const ANSWER_CHARACTERS = 60;

type Delivery = z.output<typeof deliverySchema>;
interface ListOptions extends PageOptions {
  readonly endpoint?: string;
  readonly state?: string;
}

export function addDeliveryCommands(webhook: Command, session: Session): void {
  webhook
    .command('deliveries')
    .description('what was sent, newest first, and what came of it')
    .option('--endpoint <id>', 'only to this endpoint')
    .addOption(new Option('--state <state>', 'only those in this state').choices(DELIVERY_STATES))
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(jsonOption())
    .action((options: ListOptions) => listDeliveries(session, options));
  webhook
    .command('redeliver')
    .argument('<id>', 'whd_…')
    .description('try a delivery once more, whatever became of it')
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: true }) => {
      const delivery = await (await session.client()).redeliver(id);
      if (options.json) session.terminal.printJson(delivery);
      else showDelivery(session, delivery);
    });
  webhook
    .command('recover')
    .argument('<endpoint>', 'whe_…')
    .requiredOption('--since <time>', 'such as 2026-11-25T08:00:00Z')
    .description('send an endpoint all that was given up or never sent since a time')
    .addOption(jsonOption())
    .action((id: string, options: { since: string; json?: true }) => recover(session, id, options));
}

async function listDeliveries(session: Session, options: ListOptions): Promise<void> {
  const page = await (
    await session.client()
  ).listDeliveries({
    endpoint_id: options.endpoint,
    state: options.state,
    limit: options.limit,
    cursor: options.cursor,
  });
  if (options.json) return session.terminal.printJson(page);
  if (page.data.length === 0) return session.terminal.note('No deliveries fit.');
  session.terminal.print(table(page.data.map(deliveryRow)).join('\n'));
  if (page.next_cursor !== null) session.terminal.note(`more: --cursor ${page.next_cursor}`);
}

/** Asks until all is brought back: each answer is bounded. */
async function recover(
  session: Session,
  id: string,
  options: { readonly since: string; readonly json?: true },
): Promise<void> {
  const client = await session.client();
  let recovered = 0;
  for (let more = true; more;) {
    const answer = await client.recoverEndpoint(id, options.since);
    recovered += answer.recovered;
    more = answer.has_more && answer.recovered > 0;
    session.terminal.progress(`${count(recovered, 'webhook')} so far`);
  }
  session.terminal.progress('');
  if (options.json) return session.terminal.printJson({ recovered });
  session.terminal.print(`${count(recovered, 'webhook')} will be sent again.`);
}

export function showDelivery(session: Session, delivery: Delivery): void {
  session.terminal.print(deliveryRow(delivery).join('  '));
}

/** `whd_…  dead (exhausted)  task.completed  10 tries  500 …`: the last answer is text from outside. */
function deliveryRow(delivery: Delivery): string[] {
  const last = delivery.tries.at(-1);
  const answer =
    last === undefined ? '' : `${last.status ?? ''} ${last.error ?? last.response_excerpt ?? ''}`;
  return [
    delivery.id,
    delivery.dead_reason === null ? delivery.state : `${delivery.state} (${delivery.dead_reason})`,
    delivery.event_type,
    delivery.tries.length === 1 ? '1 try' : `${delivery.tries.length} tries`,
    oneLine(answer, ANSWER_CHARACTERS),
  ];
}
