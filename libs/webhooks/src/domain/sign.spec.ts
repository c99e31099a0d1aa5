import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { newWebhookSecret, signatureHeaders } from './sign.js';

const aSecret = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => newWebhookSecret(() => bytes));
const anId = fc.stringMatching(/^evt_[0-9a-z]{26}$/);
const aBody = fc.json();
/** The reference verifier compares with its own clock and accepts 300 s to both sides. */
const aRecentTime = fc
  .integer({ min: -240, max: 240 })
  .map((seconds) => new Date(Date.now() + seconds * 1_000));

describe('signatureHeaders', () => {
  it('agrees with the reference implementation for every id, time, body and secret', () => {
    fc.assert(
      fc.property(anId, fc.date({ noInvalidDate: true }), aBody, aSecret, (id, at, body, secret) => {
        expect(signatureHeaders({ id, at, body, secrets: [secret] })['webhook-signature']).toBe(
          new Webhook(secret).sign(id, at, body),
        );
      }),
    );
  });

  it('is accepted by a receiver that knows either secret during a rotation', () => {
    fc.assert(
      fc.property(anId, aRecentTime, aBody, aSecret, aSecret, (id, at, body, current, previous) => {
        const headers = { ...signatureHeaders({ id, at, body, secrets: [current, previous] }) };
        for (const secret of [current, previous])
          expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
      }),
    );
  });

  it('is refused by a receiver when id, time, body or secret was tampered with', () => {
    fc.assert(
      fc.property(anId, aRecentTime, aBody, aSecret, aSecret, (id, at, body, secret, otherSecret) => {
        fc.pre(secret !== otherSecret);
        const headers = { ...signatureHeaders({ id, at, body, secrets: [secret] }) };
        const later = String(Number(headers['webhook-timestamp']) + 1);
        const receiver = new Webhook(secret);
        expect(() => receiver.verify(`${body} `, headers)).toThrow('No matching signature');
        expect(() => receiver.verify(body, { ...headers, 'webhook-id': `${id}0` })).toThrow('No matching');
        expect(() => receiver.verify(body, { ...headers, 'webhook-timestamp': later })).toThrow(
          'No matching',
        );
        expect(() => new Webhook(otherSecret).verify(body, headers)).toThrow('No matching signature');
      }),
    );
  });
});

describe('newWebhookSecret', () => {
  it('is whsec_ and the base64 of 32 random bytes', () => {
    const sizes: number[] = [];
    const secret = newWebhookSecret((size) => {
      sizes.push(size);
      return new Uint8Array(size).fill(255);
    });
    expect(sizes).toEqual([32]);
    expect(secret).toBe(`whsec_${'/'.repeat(42)}8=`);
  });
});
