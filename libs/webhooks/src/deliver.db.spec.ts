import { Webhook } from 'standardwebhooks';
import { encodeId } from '#contracts';
import type { Ring, Tx } from '#database';
import { silentLogger } from '#telemetry';
import { aDelivery, anEndpoint, aTenant } from '../test/builders.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { eventually } from '../../../test/support/eventually.js';
import { answers, openReceiver, type Receiver } from '../test/receiver.js';
import { endpointSecretPlace } from '#ledger';
import { SealBrokenError } from '#tenancy';
import { Deliver, type DeliverDependencies } from './deliver.js';
import { newWebhookSecret } from './domain/sign.js';
import { parseAllowedNetworks } from './domain/target.js';
import { SafeFetch } from './safe-fetch.js';

const secretOf = (byte: number): string => newWebhookSecret((size) => new Uint8Array(size).fill(byte));
const secret = secretOf(1);
const previousSecret = secretOf(2);

interface DeliveryRow {
  readonly state: string;
  readonly dead_reason: string | null;
  readonly try_count: number;
  readonly next_try_at: Date | null;
  /** From the last try to the next. */
  readonly delay_ms: number | null;
  readonly tries: readonly { status: number | null; error: string | null }[];
}

let database: TestDatabase;
let receiver: Receiver;
let safeFetch: SafeFetch;
let tenantId: string;
let disabledEndpoints: string[];
let rings: Ring[];
let stopHearing: () => void;

const aSender = (overrides: Partial<DeliverDependencies> = {}): Deliver =>
  new Deliver({
    transactions: database.transactions,
    safeFetch,
    openSecret: (_, sealed) => Promise.resolve(Buffer.from(sealed).toString('utf8')),
    scheduleSeconds: [0, 5, 300],
    slots: 8,
    onEndpointDisabled: (tx: Tx, endpointId: string, reason: string) => {
      disabledEndpoints.push(`${tx.tenantId}/${endpointId} ${reason}`);
      return Promise.resolve();
    },
    random: () => 0.5,
    logger: silentLogger,
    ...overrides,
  });

const anEndpointHere = (fields = {}): Promise<string> =>
  anEndpoint(database, tenantId, { url: receiver.url, secret, ...fields });

const deliveryRow = async (id: string): Promise<DeliveryRow> => {
  const { rows } = await database.owner.query<DeliveryRow>(
    `SELECT state, dead_reason, try_count, next_try_at,
            (extract(epoch FROM next_try_at - (SELECT max(at) FROM webhook_try WHERE delivery_id = delivery.id)) * 1000)::int
              AS delay_ms,
            (SELECT coalesce(json_agg(json_build_object('status', status, 'error', error) ORDER BY number), '[]')
               FROM webhook_try WHERE delivery_id = delivery.id) AS tries
       FROM webhook_delivery delivery WHERE id = $1`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('there is no such delivery');
  return row;
};

/** The only endpoint. */
const endpointRow = async (): Promise<Record<string, unknown>> => {
  const { rows } = await database.owner.query<Record<string, unknown>>(
    `SELECT state, disabled_reason, failures_in_a_row, probe_at, failing_since IS NOT NULL AS is_failing, proven,
            extract(epoch FROM probe_at - clock_timestamp())::int AS probe_in_seconds
       FROM webhook_endpoint`,
  );
  return rows[0] ?? {};
};
const HEALTHY = {
  state: 'enabled',
  failures_in_a_row: 0,
  probe_at: null,
  is_failing: false,
  proven: true,
};

/** As if the circuit had been open for its time. */
const makeProbeDue = (): Promise<unknown> =>
  database.owner.query(`UPDATE webhook_endpoint SET probe_at = clock_timestamp() WHERE probe_at IS NOT NULL`);

const ask = (deliveryId: string): Promise<unknown> =>
  database.owner.query('UPDATE webhook_delivery SET extra_try_at = clock_timestamp() WHERE id = $1', [
    deliveryId,
  ]);

const makeDue = (): Promise<unknown> =>
  database.owner.query(`UPDATE webhook_delivery SET next_try_at = clock_timestamp() WHERE state = 'pending'`);

/** Sends what is due. */
const drain = async (deliver: Deliver): Promise<void> => {
  while (await deliver.run());
};

/** Sends all, as if the times between tries and probes had passed. */
const runUntilIdle = async (deliver: Deliver): Promise<void> => {
  while (await deliver.run()) {
    await makeDue();
    await makeProbeDue();
  }
};

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

beforeEach(async () => {
  await database.owner.query('DELETE FROM tenant');
  tenantId = await aTenant(database);
  receiver = await openReceiver();
  safeFetch = new SafeFetch({ allowedNetworks: parseAllowedNetworks(['127.0.0.0/8']), deadlineMs: 2_000 });
  disabledEndpoints = [];
  rings = [];
  stopHearing = database.transactions.onCommit((more) => rings.push(...more));
});

afterEach(async () => {
  stopHearing();
  await safeFetch.close();
  await receiver.close();
});

describe('Deliver', () => {
  it('says so when nothing is due', async () => {
    expect(await aSender().run()).toBe(false);
  });

  it('sends the stored payload, signed, under the id of its event', async () => {
    const payload = '{"type":"endpoint.test","data":{"text":"é☃"}}';
    const { id, eventId } = await aDelivery(database, tenantId, await anEndpointHere(), { payload });
    expect(await aSender().run()).toBe(true);
    expect(await deliveryRow(id)).toMatchObject({
      state: 'delivered',
      tries: [{ status: 200, error: null }],
    });
    const [request] = receiver.requests;
    expect(request?.headers).toMatchObject({
      'webhook-id': encodeId('event', eventId),
      'content-type': 'application/json',
    });
    expect(new Webhook(secret).verify(request?.body ?? '', request?.headers ?? {})).toEqual(
      JSON.parse(payload),
    );
  });

  it('signs with both secrets during a rotation, and with the new one alone after it', async () => {
    const rotating = { previousSecret, previousSecretForSeconds: 60 };
    await aDelivery(database, tenantId, await anEndpointHere(rotating));
    await aDelivery(
      database,
      tenantId,
      await anEndpointHere({ previousSecret, previousSecretForSeconds: -1 }),
    );
    await runUntilIdle(aSender());
    const accepts = (key: string) =>
      receiver.requests.map(({ body, headers }) => {
        try {
          new Webhook(key).verify(body, headers);
          return true;
        } catch {
          return false;
        }
      });
    expect(accepts(secret)).toEqual([true, true]);
    expect(accepts(previousSecret).sort()).toEqual([false, true]);
  });

  it('opens a secret as what it was sealed for', async () => {
    const endpointId = await anEndpointHere();
    await aDelivery(database, tenantId, endpointId);
    const opened: string[] = [];
    await aSender({ openSecret: (_, __, place) => (opened.push(place), Promise.resolve(secret)) }).run();
    expect(opened).toEqual([endpointSecretPlace(tenantId, endpointId)]);
    expect(opened).toEqual([`${tenantId}|webhook_endpoint|${endpointId}|secret`]);
  });

  it.each([
    [500, {}, 5_000],
    [301, { location: 'http://127.0.0.1:9/' }, 5_000],
    [404, {}, 5_000],
    [429, { 'retry-after': '90' }, 90_000],
  ])('tries again after %i %j', async (status, headers, delayMs) => {
    receiver.behave(answers(status, headers));
    const { id } = await aDelivery(database, tenantId, await anEndpointHere());
    expect(await aSender().run()).toBe(true);
    const row = await deliveryRow(id);
    expect(row).toMatchObject({ state: 'pending', try_count: 1, tries: [{ status, error: null }] });
    expect(row.delay_ms).toBeGreaterThanOrEqual(delayMs);
  });

  it('rings for what is due next, and once more for a next try that is near', async () => {
    receiver.behave(answers(500));
    await aDelivery(database, tenantId, await anEndpointHere());
    await aSender().run();
    expect(rings).toEqual([
      { ticket: 'delivery', delayMs: 0 },
      { ticket: 'delivery', delayMs: 5_000 },
    ]);
    rings = [];
    await makeDue();
    await aSender().run(); // the third try is 300 s away
    expect(rings).toEqual([{ ticket: 'delivery', delayMs: 0 }]);
  });

  it('delivers to a receiver that recovers, under the same id each time', async () => {
    receiver.behave((response, request, nth) => answers(nth < 3 ? 503 : 200)(response, request, nth));
    const { id } = await aDelivery(database, tenantId, await anEndpointHere());
    await runUntilIdle(aSender());
    expect(await deliveryRow(id)).toMatchObject({
      state: 'delivered',
      tries: [{ status: 503 }, { status: 503 }, { status: 200 }],
    });
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('gives up at the end of the schedule', async () => {
    receiver.behave((response) => response.socket?.resetAndDestroy());
    const { id } = await aDelivery(database, tenantId, await anEndpointHere());
    await runUntilIdle(aSender());
    expect(await deliveryRow(id)).toMatchObject({
      state: 'dead',
      next_try_at: null,
      tries: Array(3).fill({ status: null, error: 'connection_lost' }) as object[],
    });
  });

  it('disables an endpoint that is gone, once, and gives up what waits for it', async () => {
    receiver.behave(answers(410));
    const endpointId = await anEndpointHere();
    const first = await aDelivery(database, tenantId, endpointId, { dueInSeconds: -9 });
    const second = await aDelivery(database, tenantId, endpointId);
    await runUntilIdle(aSender());
    expect(disabledEndpoints).toEqual([`${tenantId}/${endpointId} gone`]);
    expect(await deliveryRow(first.id)).toMatchObject({ state: 'dead', dead_reason: 'gone' });
    expect(await deliveryRow(second.id)).toMatchObject({
      state: 'dead',
      dead_reason: 'endpoint_disabled',
      try_count: 0,
    });
    expect(await endpointRow()).toMatchObject({ state: 'disabled', disabled_reason: 'gone' });
  });

  it('opens the circuit after five failures in a row: what waits costs no try, and one probe goes out at a time', async () => {
    receiver.behave(answers(500));
    const endpointId = await anEndpointHere();
    for (let count = 0; count < 8; count += 1) await aDelivery(database, tenantId, endpointId);
    const deliver = aSender();
    await drain(deliver);
    expect(receiver.requests).toHaveLength(5);
    const opened = await endpointRow();
    expect(opened).toMatchObject({ state: 'enabled', failures_in_a_row: 5 });
    expect(opened['probe_in_seconds']).toBeGreaterThan(50);
    expect(opened['probe_in_seconds']).toBeLessThanOrEqual(60);
    const { rows } = await database.owner.query('SELECT FROM webhook_delivery WHERE try_count = 0');
    expect(rows).toHaveLength(3);

    await makeProbeDue();
    await Promise.all(Array.from({ length: 6 }, () => deliver.run()));
    expect(receiver.requests).toHaveLength(6);
    expect(await endpointRow()).toMatchObject({ failures_in_a_row: 6 });
  });

  it('closes the circuit with the first success, and sends what has waited', async () => {
    receiver.behave((response, request, nth) => answers(nth <= 5 ? 503 : 200)(response, request, nth));
    const endpointId = await anEndpointHere();
    for (let count = 0; count < 8; count += 1) await aDelivery(database, tenantId, endpointId);
    const deliver = aSender();
    await drain(deliver);
    await makeProbeDue();
    await drain(deliver);
    expect(await endpointRow()).toMatchObject(HEALTHY);
    expect(receiver.requests).toHaveLength(8); // five failures wait for their own next try
  });

  it('counts failures of an endpoint in a row only', async () => {
    receiver.behave((response, request, nth) => answers(nth % 4 === 0 ? 200 : 500)(response, request, nth));
    const endpointId = await anEndpointHere();
    for (let count = 0; count < 12; count += 1) await aDelivery(database, tenantId, endpointId);
    await drain(aSender());
    expect(receiver.requests).toHaveLength(12);
    expect(await endpointRow()).toMatchObject(HEALTHY);
  });

  it('never lets a broken endpoint hold up another, of its tenant or of another one', async () => {
    const broken = await openReceiver();
    broken.behave(() => undefined); // never answers
    const slow = await anEndpoint(database, tenantId, { url: broken.url, secret });
    for (let count = 0; count < 12; count += 1)
      await aDelivery(database, tenantId, slow, { dueInSeconds: -900 });
    const otherTenantId = await aTenant(database);
    const healthy = [
      await aDelivery(database, tenantId, await anEndpointHere()),
      await aDelivery(
        database,
        otherTenantId,
        await anEndpoint(database, otherTenantId, { url: receiver.url, secret }),
      ),
    ];
    const waiting = new SafeFetch({
      allowedNetworks: parseAllowedNetworks(['127.0.0.0/8']),
      deadlineMs: 60_000,
    });
    const held = Array.from({ length: 6 }, () => aSender({ safeFetch: waiting }).run()); // all slots there are
    await eventually('both are delivered', async () => {
      const rows = await Promise.all(healthy.map(({ id }) => deliveryRow(id)));
      return rows.every(({ state }) => state === 'delivered');
    });
    expect(broken.requests.length).toBeLessThanOrEqual(4);
    await waiting.close();
    await Promise.all(held);
    await broken.close();
  });

  it('never has more than half of its senders with unproven endpoints, however many claim at once', async () => {
    const release: (() => void)[] = [];
    receiver.behave((response, request, nth) =>
      release.push(() => {
        answers(200)(response, request, nth);
      }),
    );
    for (let count = 0; count < 8; count += 1)
      await aDelivery(database, tenantId, await anEndpointHere({ proven: false }));
    const deliver = aSender({ slots: 8 });
    let passedOver = 0;
    const runs = Array.from({ length: 8 }, () =>
      deliver.run().then((sent) => {
        if (!sent) passedOver += 1;
      }),
    );
    await eventually('four hold a sender, the others are passed over', () =>
      Promise.resolve(release.length + passedOver === 8),
    );
    expect(release).toHaveLength(4);

    receiver.behave(answers(200));
    for (const answer of release) answer();
    await Promise.all(runs);
    await drain(deliver); // every place was given back
    expect(receiver.requests).toHaveLength(8);
  });

  it('disables an endpoint that has only failed for five days, and says why', async () => {
    receiver.behave(answers(500));
    const endpointId = await anEndpointHere({ failuresInARow: 9, failingForDays: 5, probeInSeconds: -1 });
    const { id } = await aDelivery(database, tenantId, endpointId);
    await aSender().run();
    expect(disabledEndpoints).toEqual([`${tenantId}/${endpointId} failing`]);
    expect(await endpointRow()).toMatchObject({ state: 'disabled', disabled_reason: 'failing' });
    expect(await deliveryRow(id)).toMatchObject({ state: 'dead', dead_reason: 'endpoint_disabled' });
  });

  it('gives up what was in flight when its endpoint was given up, and disables it once', async () => {
    const endpointId = await anEndpointHere();
    const deliveries = [];
    for (let count = 0; count < 4; count += 1)
      deliveries.push(await aDelivery(database, tenantId, endpointId));
    const release: (() => void)[] = [];
    receiver.behave((response, request, nth) => {
      release.push(() => answers(nth === 1 ? 410 : 500)(response, request, nth));
      if (release.length === 4) for (const answer of release) answer();
    });
    const deliver = aSender();
    await Promise.all(Array.from({ length: 4 }, () => deliver.run()));
    expect(disabledEndpoints).toHaveLength(1);
    const reasons = [];
    for (const { id } of deliveries) reasons.push((await deliveryRow(id)).dead_reason);
    expect(reasons.filter((reason) => reason === 'gone')).toHaveLength(1);
    await drain(deliver);
    expect(receiver.requests).toHaveLength(4);
  });

  describe('an endpoint that moves while a try is under way', () => {
    /** Answers so once what is done to the endpoint has been done. */
    const answersAfter = (change: string, status: number): void =>
      receiver.behave((response, request, nth) => {
        void database.owner.query(`UPDATE webhook_endpoint SET ${change}`).then(() => {
          answers(status)(response, request, nth);
        });
      });
    const MOVED = `url = 'https://example.com/new'`;

    it.each([410, 500])(
      'is not judged by the %i of its old address, and its delivery is due at the new one',
      async (status) => {
        answersAfter(MOVED, status);
        const { id } = await aDelivery(database, tenantId, await anEndpointHere(), { tryCount: 2 }); // its last try
        await aSender().run();
        expect(disabledEndpoints).toEqual([]);
        expect(await endpointRow()).toMatchObject(HEALTHY);
        const row = await deliveryRow(id);
        expect(row).toMatchObject({ state: 'pending', dead_reason: null, tries: [{ status }] });
        expect(rings).toContainEqual({ ticket: 'delivery', delayMs: 0 });

        await database.owner.query('UPDATE webhook_endpoint SET url = $1', [receiver.url]);
        receiver.behave(answers(500));
        await drain(aSender());
        expect(await deliveryRow(id)).toMatchObject({
          state: 'dead',
          dead_reason: 'exhausted',
          try_count: 4,
        });
      },
    );

    it('takes what it got at the old address as delivered', async () => {
      answersAfter(MOVED, 200);
      const { id } = await aDelivery(database, tenantId, await anEndpointHere());
      await aSender().run();
      expect(await deliveryRow(id)).toMatchObject({ state: 'delivered' });
    });

    it('leaves nothing waiting when it was given up at its new address', async () => {
      answersAfter(`${MOVED}, state = 'disabled', disabled_reason = 'gone'`, 500);
      const { id } = await aDelivery(database, tenantId, await anEndpointHere());
      await aSender().run();
      expect(await deliveryRow(id)).toMatchObject({ state: 'dead', dead_reason: 'endpoint_disabled' });
    });
  });

  it('keeps nothing of an endpoint that is gone when recording it fails', async () => {
    receiver.behave(answers(410));
    const { id } = await aDelivery(database, tenantId, await anEndpointHere());
    const failing = aSender({ onEndpointDisabled: () => Promise.reject(new Error('the ledger refuses')) });
    await expect(failing.run()).rejects.toThrow('the ledger refuses');
    expect(await deliveryRow(id)).toMatchObject({ state: 'pending', tries: [] });
    const { rows } = await database.owner.query('SELECT state FROM webhook_endpoint');
    expect(rows).toEqual([{ state: 'enabled' }]);
  });

  it('records nothing when the lease was lost while sending', async () => {
    receiver.behave((response, request, nth) => {
      void database.owner
        .query(`UPDATE webhook_delivery SET lease_token = 'of another sender'`)
        .then(() => answers(200)(response, request, nth));
    });
    const { id } = await aDelivery(database, tenantId, await anEndpointHere());
    expect(await aSender().run()).toBe(true);
    expect(await deliveryRow(id)).toMatchObject({ state: 'pending', try_count: 0, tries: [] });
    expect(rings).toEqual([]);
  });

  it('never sends unsigned: a secret that cannot be opened is a failed try', async () => {
    const { id } = await aDelivery(database, tenantId, await anEndpointHere());
    const deliver = aSender({
      openSecret: () => Promise.reject(new SealBrokenError()),
    });
    expect(await deliver.run()).toBe(true);
    expect(receiver.requests).toHaveLength(0);
    expect((await deliveryRow(id)).tries).toEqual([{ status: null, error: 'secret_unreadable' }]);
    expect(await endpointRow()).toMatchObject(HEALTHY); // it was not asked
  });

  it('records a target that is not allowed, and never reaches it', async () => {
    const { id } = await aDelivery(database, tenantId, await anEndpointHere());
    const guarded = new SafeFetch({ allowedNetworks: [] });
    await aSender({ safeFetch: guarded }).run();
    await guarded.close();
    expect(receiver.requests).toHaveLength(0);
    expect((await deliveryRow(id)).tries).toEqual([{ status: null, error: 'address_not_allowed' }]);
  });

  describe('a try that somebody asked for', () => {
    it('goes to a disabled endpoint, once, under the same event id and signed with the secret of now', async () => {
      const { id, eventId } = await aDelivery(database, tenantId, await anEndpointHere());
      await aSender().run();
      const rotated = secretOf(3);
      await database.owner.query(
        `UPDATE webhook_endpoint SET state = 'disabled', disabled_reason = 'by_request', secret_sealed = $1`,
        [Buffer.from(rotated)],
      );
      await ask(id);
      await drain(aSender());
      const [first, again, ...more] = receiver.requests;
      expect(more).toEqual([]);
      expect(again?.headers['webhook-id']).toBe(encodeId('event', eventId));
      expect(again?.body).toBe(first?.body);
      expect(() => new Webhook(rotated).verify(again?.body ?? '', again?.headers ?? {})).not.toThrow();
      expect(await deliveryRow(id)).toMatchObject({ state: 'delivered', try_count: 2 });
    });

    it.each([500, 410])(
      'that fails with %i changes neither a delivered delivery nor its endpoint',
      async (status) => {
        const { id } = await aDelivery(database, tenantId, await anEndpointHere());
        await aSender().run();
        receiver.behave(answers(status));
        for (let count = 0; count < 7; count += 1) {
          await ask(id);
          await drain(aSender());
        }
        expect(receiver.requests).toHaveLength(8);
        expect(await deliveryRow(id)).toMatchObject({ state: 'delivered', try_count: 8, next_try_at: null });
        expect(await endpointRow()).toMatchObject(HEALTHY);
        expect(disabledEndpoints).toEqual([]);
      },
    );

    it('brings a dead delivery to its receiver, past an open circuit', async () => {
      receiver.behave(answers(500));
      const { id } = await aDelivery(database, tenantId, await anEndpointHere(), { tryCount: 2 });
      await aSender().run();
      expect(await deliveryRow(id)).toMatchObject({ state: 'dead', dead_reason: 'exhausted' });
      await database.owner.query(
        `UPDATE webhook_endpoint SET failures_in_a_row = 5, failing_since = now(), probe_at = now() + interval '1 hour'`,
      );
      receiver.behave(answers(200));
      await ask(id);
      await drain(aSender());
      expect(await deliveryRow(id)).toMatchObject({ state: 'delivered', dead_reason: null });
      expect(await endpointRow()).toMatchObject({ failures_in_a_row: 5 });
    });

    it('takes no try from the schedule', async () => {
      receiver.behave(answers(500));
      const { id } = await aDelivery(database, tenantId, await anEndpointHere());
      await aSender().run();
      await ask(id);
      await aSender().run();
      await makeDue();
      await runUntilIdle(aSender());
      expect(await deliveryRow(id)).toMatchObject({ state: 'dead', try_count: 4 }); // three of the schedule
    });
  });
});
