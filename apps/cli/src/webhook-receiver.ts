import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { webhookBodySchema, type WebhookBody } from '#contracts';

const BODY_BYTES_MAX = 2 * 1_048_576;

/** One arrival: `body` is null when the signature, the time or the shape does not hold. */
export interface ReceivedWebhook {
  readonly id: string;
  readonly body: WebhookBody | null;
  /** Why it is not trusted; null when it is. */
  readonly problem: string | null;
}

/**
 * A local endpoint that verifies Standard Webhooks signatures: 204 to what verifies, 401 to the rest. The same webhook
 * may arrive several times; what counts are distinct ids.
 */
export class WebhookReceiver {
  readonly #server: Server;
  readonly #arrivals = new EventEmitter<{ webhook: [ReceivedWebhook] }>();
  readonly #delivered = new Set<string>();
  readonly #verified = new Set<string>();
  #webhook: Webhook | null = null;

  private constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  /** Listens on the loopback address; port 0 picks a free one. */
  static async listen(port: number): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(port, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/`;
  }

  /** Ids of all that arrived, trusted or not. */
  get delivered(): ReadonlySet<string> {
    return this.#delivered;
  }

  get verified(): ReadonlySet<string> {
    return this.#verified;
  }

  /** The secret is known only after the endpoint was created with the receiver's address. */
  trust(secret: string): void {
    this.#webhook = new Webhook(secret);
  }

  onWebhook(listener: (webhook: ReceivedWebhook) => void): void {
    this.#arrivals.on('webhook', listener);
  }

  /** Resolves once every id has arrived and verified: true; false when the signal aborts first. */
  async verifiedAll(ids: readonly string[], signal: AbortSignal): Promise<boolean> {
    while (!ids.every((id) => this.#verified.has(id))) {
      const arrived = await once(this.#arrivals, 'webhook', { signal }).catch(() => null);
      if (arrived === null) return false;
    }
    return true;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const payload = await readBody(request);
      if (payload === null) return void response.writeHead(413).end();
      const received = this.#verify(request, payload);
      this.#delivered.add(received.id);
      if (received.problem === null) this.#verified.add(received.id);
      response.writeHead(received.problem === null ? 204 : 401).end();
      this.#arrivals.emit('webhook', received);
    } catch {
      // The sender went away in the middle; it will come again.
      response.destroy();
    }
  }

  #verify(request: IncomingMessage, payload: string): ReceivedWebhook {
    const id = headerOf(request, 'webhook-id');
    if (this.#webhook === null) return { id, body: null, problem: 'no secret is known yet' };
    try {
      const verified = this.#webhook.verify(payload, {
        'webhook-id': id,
        'webhook-timestamp': headerOf(request, 'webhook-timestamp'),
        'webhook-signature': headerOf(request, 'webhook-signature'),
      });
      return { id, body: webhookBodySchema.parse(verified), problem: null };
    } catch (error) {
      return { id, body: null, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
