import { createServer } from 'node:http';
import { verifyWebhook } from '@wavekeeper/sdk';

const secret = process.env.WEBHOOK_SECRET; // of POST /v1/webhook-endpoints, shown once

createServer(async (request, response) => {
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks); // as it arrived: the signature is of these bytes
    const webhook = await verifyWebhook({ headers: request.headers, body }, secret);
    console.log(webhook.type, webhook.data.task_id ?? webhook.data.mission_id);
    response.writeHead(204).end();
  } catch {
    response.writeHead(401).end();
  }
}).listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => console.log('listening'));
