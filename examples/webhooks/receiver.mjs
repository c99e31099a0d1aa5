// Receives webhooks, verifies them, and does each once.
//   WEBHOOK_SECRET=whsec_… PORT=8080 node examples/webhooks/receiver.mjs
import { createServer } from 'node:http';
import process from 'node:process';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const seen = new Set(); // a table of yours, with what each event led to in the same transaction

const server = createServer(async (request, response) => {
  let body = ''; // the bytes as they came: parsed and written again they would not verify
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  let event;
  try {
    event = webhook.verify(body, request.headers); // also refuses what is older than five minutes
  } catch {
    response.writeHead(401).end();
    return;
  }
  const id = request.headers['webhook-id'];
  if (!seen.has(id)) {
    seen.add(id);
    process.stdout.write(`${event.type} ${event.data.mission_id} ${event.data.seq}\n`);
  }
  response.writeHead(204).end(); // at once: long work belongs into a queue of yours
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => process.stdout.write('ready\n'));
