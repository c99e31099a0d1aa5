import { createHmac } from 'node:crypto';

/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;
const SECRET_PREFIX = 'whsec_';

export interface SigningInput {
  /** The event's TypeID: the same on every try and redelivery, so that a receiver can tell a repetition. */
  readonly id: string;
  /** The time of this try, not of the event: receivers refuse what is minutes old, to stop replays. */
  readonly at: Date;
  /** The body exactly as it is sent. */
  readonly body: string;
  /** `whsec_…`; each adds a signature, and a receiver accepts the message when one of them fits. */
  readonly secrets: readonly string[];
}

export interface SignatureHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** The three headers of Standard Webhooks, with one `v1` signature (HMAC-SHA256) per secret. */
export function signatureHeaders({ id, at, body, secrets }: SigningInput): SignatureHeaders {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

/** A fresh `whsec_…`; `random` gives that many random bytes. */
export function newWebhookSecret(random: (size: number) => Uint8Array): string {
  return SECRET_PREFIX + Buffer.from(random(SECRET_BYTES)).toString('base64');
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
}
