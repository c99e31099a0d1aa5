import { Webhook } from 'standardwebhooks';
import { verifyWebhook } from './webhook.js';

const secret = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`;
const body = JSON.stringify({ type: 'task.completed', timestamp: 'now', data: { seq: 3 } });

function signed(at = new Date()): Record<string, string> {
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
  };
}
const asFetch = (headers: Record<string, string>, text = body) =>
  new Request('http://here.example/hook', { method: 'POST', headers, body: text });

describe('verifyWebhook', () => {
  it('returns the body of a webhook that the service has signed, from a Request or from Node’s own', async () => {
    expect(await verifyWebhook(asFetch(signed()), secret)).toEqual(JSON.parse(body));
    const headers = Object.fromEntries(
      Object.entries(signed()).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect(await verifyWebhook({ headers, body: Buffer.from(body) }, secret)).toEqual(JSON.parse(body));
  });

  it('refuses a body that was altered, a signature that is missing or of another secret, and one that is old', async () => {
    const other = `whsec_${Buffer.from('another secret, as long').toString('base64')}`;
    const refused = [
      verifyWebhook(asFetch(signed(), body.replace('3', '4')), secret),
      verifyWebhook(asFetch({}), secret),
      verifyWebhook(asFetch(signed()), other),
      verifyWebhook(asFetch(signed(new Date(Date.now() - 3_600_000))), secret),
    ];
    for (const one of refused) await expect(one).rejects.toThrow();
  });
});
