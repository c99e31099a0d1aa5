import { Webhook } from 'standardwebhooks';
import type { WebhookBody } from './generated/index.js';

/** A request as frameworks hand it over: the body has to be as it arrived, not parsed and written again. */
export interface RawRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string | Uint8Array;
}

/**
 * The body of a webhook whose signature (Standard Webhooks) and time hold. Throws `WebhookVerificationError` otherwise. The
 * same webhook may arrive more than once: its `webhook-id` is the same then.
 */
export async function verifyWebhook(request: Request | RawRequest, secret: string): Promise<WebhookBody> {
  const { body, header } = request instanceof Request ? await ofFetch(request) : ofRaw(request);
  const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const headers = Object.fromEntries(signed.map((name) => [name, header(name)]));
  return new Webhook(secret).verify(body, headers) as WebhookBody; // the service signs nothing else
}

interface Received {
  readonly body: string | Buffer;
  readonly header: (name: string) => string;
}

async function ofFetch(request: Request): Promise<Received> {
  return { body: await request.text(), header: (name) => request.headers.get(name) ?? '' };
}

function ofRaw({ headers, body }: RawRequest): Received {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    body: typeof body === 'string' ? body : Buffer.from(body),
    header: (name) => {
      const value = byName.get(name);
      return typeof value === 'string' ? value : (value?.[0] ?? '');
    },
  };
}
