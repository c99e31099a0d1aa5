import { Webhook } from 'standardwebhooks';
import { WebhookReceiver, type ReceivedWebhook } from './webhook-receiver.js';

const SECRET = `whsec_${Buffer.from('a secret of 24 bytes, yes').toString('base64')}`;
const BODY = JSON.stringify({
  type: 'task.completed',
  timestamp: '2026-11-23T10:00:00Z',
  data: {
    mission_id: 'msn_1',
    seq: 4,
    task_id: 'tsk_1',
    state: 'completed',
    url: 'http://127.0.0.1:7070/v1/tasks/tsk_1',
  },
});

let receiver: WebhookReceiver;
let received: ReceivedWebhook[];
beforeEach(async () => {
  received = [];
  receiver = await WebhookReceiver.listen(0);
  receiver.trust(SECRET);
  receiver.onWebhook((webhook) => received.push(webhook));
});
afterEach(() => receiver.close());

async function send(id: string, parts: { body?: string; at?: Date; secret?: string } = {}): Promise<number> {
  const at = parts.at ?? new Date();
  const response = await fetch(receiver.url, {
    method: 'POST',
    body: parts.body ?? BODY,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(parts.secret ?? SECRET).sign(id, at, BODY),
    },
  });
  return response.status;
}

describe('WebhookReceiver', () => {
  test('accepts what verifies and counts a repeated webhook once', async () => {
    await expect(send('evt_1')).resolves.toBe(204);
    await expect(send('evt_1')).resolves.toBe(204);
    expect([...receiver.delivered]).toEqual(['evt_1']);
    expect([...receiver.verified]).toEqual(['evt_1']);
    expect(received[0]?.body?.type).toBe('task.completed');
  });

  test.each([
    ['altered text', { body: BODY.replace('tsk_1', 'tsk_2') }],
    ['another secret', { secret: `whsec_${Buffer.from('another secret, 24 bytes.').toString('base64')}` }],
    ['an old time', { at: new Date(Date.now() - 3_600_000) }],
  ])('refuses %s, and counts it as delivered but not as verified', async (_name, parts) => {
    await expect(send('evt_1', parts)).resolves.toBe(401);
    expect(receiver.delivered.size).toBe(1);
    expect(receiver.verified.size).toBe(0);
    expect(received[0]).toMatchObject({ id: 'evt_1', body: null });
  });

  test('refuses everything until it knows a secret', async () => {
    const fresh = await WebhookReceiver.listen(0);
    const response = await fetch(fresh.url, { method: 'POST', body: BODY });
    expect(response.status).toBe(401);
    await fresh.close();
  });

  test('resolves once all that is owed has verified, and stops waiting when told', async () => {
    const all = receiver.verifiedAll(['evt_1', 'evt_2'], new AbortController().signal);
    await send('evt_2');
    await send('evt_1');
    await expect(all).resolves.toBe(true);
    await expect(receiver.verifiedAll(['evt_3'], AbortSignal.abort())).resolves.toBe(false);
  });
});
