import { Webhook } from 'standardwebhooks';
import { decodeId, encodeId } from '#contracts';
import type { Ring, Tx } from '#database';
import { silentLogger } from '#telemetry';
import { aDelivery, anEndpoint, aTenant } from '../test/builders.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
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
    `SELECT state, try_count, next_try_at,
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

const makeDue = (): Promise<unknown> =>
  database.owner.query(`UPDATE webhook_delivery SET next_try_at = clock_timestamp() WHERE state = 'pending'`);

/** Sends what is due. */
const drain = async (deliver: Deliver): Promise<void> => {
  while (await deliver.run());
};

/** Sends all, as if the times between tries had passed. */
const runUntilIdle = async (deliver: Deliver): Promise<void> => {
  while (await deliver.run()) await makeDue();
};

const somethingIsPending = async (): Promise<boolean> => {
  const { rowCount } = await database.owner.query(
    `SELECT FROM webhook_delivery WHERE state = 'pending' LIMIT 1`,
  );
  return rowCount === 1;
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

  it('disables an endpoint that is gone, once, and leaves its other deliveries waiting', async () => {
    receiver.behave(answers(410));
    const endpointId = await anEndpointHere();
    const first = await aDelivery(database, tenantId, endpointId, { dueInSeconds: -9 });
    const second = await aDelivery(database, tenantId, endpointId);
    await runUntilIdle(aSender());
    expect(disabledEndpoints).toEqual([`${tenantId}/${endpointId}`]);
    expect((await deliveryRow(first.id)).state).toBe('dead');
    expect(await deliveryRow(second.id)).toMatchObject({ state: 'pending', try_count: 0 });
    const { rows } = await database.owner.query('SELECT state FROM webhook_endpoint');
    expect(rows).toEqual([{ state: 'disabled' }]);
  });

  it('never disables an endpoint that has moved since: its old address is gone, not the endpoint', async () => {
    receiver.behave((response, request, nth) => {
      void database.owner
        .query(`UPDATE webhook_endpoint SET url = 'https://example.com/new'`)
        .then(() => answers(410)(response, request, nth));
    });
    await aDelivery(database, tenantId, await anEndpointHere());
    await aSender().run();
    expect(disabledEndpoints).toEqual([]);
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
  });

  it('records a target that is not allowed, and never reaches it', async () => {
    const { id } = await aDelivery(database, tenantId, await anEndpointHere());
    const guarded = new SafeFetch({ allowedNetworks: [] });
    await aSender({ safeFetch: guarded }).run();
    await guarded.close();
    expect(receiver.requests).toHaveLength(0);
    expect((await deliveryRow(id)).tries).toEqual([{ status: null, error: 'address_not_allowed' }]);
  });

  it('brings every delivery to an end in spite of a receiver that misbehaves in all ways', async () => {
    const misbehaviours = [
      answers(500),
      answers(301, { location: receiver.url }),
      answers(429, { 'retry-after': '1' }),
      answers(200, {}, 'x'.repeat(100_000)),
      answers(204),
      (response: Parameters<ReturnType<typeof answers>>[0]) => response.socket?.resetAndDestroy(),
      (response: Parameters<ReturnType<typeof answers>>[0]) =>
        response.socket?.end('not HTTP at all\r\n\r\n'),
      () => undefined,
    ];
    receiver.behave((response, request, nth) =>
      misbehaviours[nth % misbehaviours.length]?.(response, request, nth),
    );
    const impatient = new SafeFetch({
      allowedNetworks: parseAllowedNetworks(['127.0.0.0/8']),
      deadlineMs: 150,
    });
    const endpointIds = [await anEndpointHere(), await anEndpointHere(), await anEndpointHere()];
    const eventIds: string[] = [];
    for (const endpointId of endpointIds)
      for (let count = 0; count < 20; count += 1)
        eventIds.push((await aDelivery(database, tenantId, endpointId)).eventId);

    const deliver = aSender({ safeFetch: impatient, scheduleSeconds: [0, 0, 0, 0] });
    while (await somethingIsPending()) {
      await makeDue();
      await Promise.all(Array.from({ length: 8 }, () => drain(deliver)));
    }
    await impatient.close();

    const { rows } = await database.owner.query<{ state: string; tries: number; successes: number }>(
      `SELECT state, try_count AS tries,
              (SELECT count(*)::int FROM webhook_try
                WHERE delivery_id = delivery.id AND status BETWEEN 200 AND 299) AS successes
         FROM webhook_delivery delivery`,
    );
    expect(rows).toHaveLength(60);
    for (const { state, tries, successes } of rows)
      expect({ state, successes, tries: tries <= 4 }).toEqual(
        successes === 1
          ? { state: 'delivered', successes: 1, tries: true }
          : { state: 'dead', successes: 0, tries: true },
      );
    const receivedEvents = receiver.requests.map(({ headers }) =>
      decodeId('event', headers['webhook-id'] ?? ''),
    );
    expect(new Set(receivedEvents)).toEqual(new Set(eventIds));
    for (const { body, headers } of receiver.requests)
      expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
  });
});
