import { once } from 'node:events';
import type { Command } from 'commander';
import type { Session } from '../session.js';
import { oneLine } from '../text-layout.js';
import { WebhookReceiver, type ReceivedWebhook } from '../webhook-receiver.js';
import { integerBetween } from './options.js';
import { addDeliveryCommands } from './webhook-delivery.js';
import { addEndpointCommands } from './webhook-endpoint.js';

const PORT_DEFAULT = 7071;
const PORT_MAX = 65_535;
const PROBLEM_CHARACTERS = 120;

export function addWebhookCommands(program: Command, session: Session): void {
  const webhook = program.command('webhook').description('what the service sends, and to whom');
  addEndpointCommands(webhook, session);
  addDeliveryCommands(webhook, session);
  webhook
    .command('listen')
    .description('print each webhook that arrives here and whether its signature holds')
    .requiredOption('--secret <whsec>', 'the secret that creating or rotating the endpoint returned')
    .option(
      '--port <port>',
      'port on 127.0.0.1; 0 picks a free one',
      integerBetween(0, PORT_MAX),
      PORT_DEFAULT,
    )
    .action((options: { secret: string; port: number }) => listen(session, options));
}

async function listen(session: Session, options: { secret: string; port: number }): Promise<void> {
  const stop = session.takeOverSignals();
  const receiver = await WebhookReceiver.listen(options.port);
  try {
    receiver.trust(options.secret);
    receiver.onWebhook((webhook) => session.terminal.print(webhookLine(webhook)));
    session.terminal.note(`Listening on ${receiver.url}. Ctrl-C stops.`);
    if (!stop.stopping.aborted) await once(stop.stopping, 'abort');
  } finally {
    await receiver.close();
  }
  session.exitCode = stop.exitCode;
}

/** `verified  task.completed  evt_…  tsk_…  completed`, or `REFUSED  evt_…  why`. */
function webhookLine(webhook: ReceivedWebhook): string {
  const id = oneLine(webhook.id, PROBLEM_CHARACTERS) || '(no webhook-id)';
  if (webhook.body === null) return `REFUSED   ${id}  ${oneLine(webhook.problem ?? '', PROBLEM_CHARACTERS)}`;
  const { type, data } = webhook.body;
  const subject = [data.task_id ?? data.mission_id, data.state].filter(
    (part) => part !== undefined && part !== null,
  );
  return ['verified', type, id, ...subject].map((part) => oneLine(part, PROBLEM_CHARACTERS)).join('  ');
}
