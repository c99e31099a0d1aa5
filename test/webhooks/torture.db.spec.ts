import { Webhook } from 'standardwebhooks';
import { decodeId, webhookBodySchema } from '#contracts';
import { createEndpoint, emitTenantEvent } from '#ledger';
import { silentLogger } from '#telemetry';
import { SecretBox } from '#tenancy';
import { Deliver, parseAllowedNetworks, SafeFetch } from '#webhooks';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { expectInvariants } from '../support/invariants.js';
import { aMission } from '../support/mission.js';
import {
  MISBEHAVIOURS,
  openTortureReceiver,
  type Misbehaviour,
  type TortureReceiver,
} from './torture-receivers.js';

// A thousand messages to receivers that do everything a receiver can do to its sender.

const MESSAGES = 110;
/** Of what takes a whole deadline each time there are fewer. */
const MESSAGES_TO_THE_SLOW = 3;
const SLOW: readonly Misbehaviour[] = ['never_answers', 'drips_headers', 'drips_body'];
/** So long is waited for those that never end, and for all others. */
const DEADLINE_OF_THE_SLOW_MS = 1_000;
const DEADLINE_MS = 15_000;
const SENDERS = 16;
const FRESH_MS = 10_000;

interface Endpoint {
  readonly id: string;
  readonly secret: string;
  readonly receiver: TortureReceiver;
}

interface Ended {
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly state: string;
  readonly dead_reason: string | null;
  readonly tries: readonly {
    readonly status: number | null;
    readonly error: string | null;
    readonly at: string;
  }[];
}

const kinds = Object.keys(MISBEHAVIOURS) as Misbehaviour[];
const secretBox = new SecretBox('cd'.repeat(32));
const endpoints = new Map<Misbehaviour, Endpoint>();
let database: TestDatabase;
let ended: readonly Ended[];

const endedAt = (kind: Misbehaviour): readonly Ended[] =>
  ended.filter(({ endpoint_id: id }) => id === endpoints.get(kind)?.id);
/** How each delivery to an endpoint ended, each way once. */
const waysOf = (kind: Misbehaviour): string[] => [
  ...new Set(
    endedAt(kind).map(({ state, dead_reason: reason, tries }) =>
      [state, reason, ...tries.map(({ status, error }) => error ?? status)].join(' '),
    ),
  ),
];

async function sendEverything(): Promise<void> {
  const allowedNetworks = parseAllowedNetworks(['127.0.0.0/8']);
  const patient = new SafeFetch({ allowedNetworks, deadlineMs: DEADLINE_MS });
  const impatient = new SafeFetch({ allowedNetworks, deadlineMs: DEADLINE_OF_THE_SLOW_MS });
  const slowUrls = new Set(SLOW.map((kind) => endpoints.get(kind)?.receiver.url));
  const deliver = new Deliver({
    transactions: database.transactions,
    safeFetch: { post: (post) => (slowUrls.has(post.url) ? impatient : patient).post(post) },
    openSecret: (tx, sealed, place) => secretBox.open(tx, sealed, place),
    scheduleSeconds: [0, 0],
    slots: 2 * SENDERS, // any of them may be with an endpoint that is not proven
    onEndpointDisabled: (tx, endpointId, reason) =>
      emitTenantEvent(tx, {
        type: 'endpoint.disabled',
        actor: { kind: 'system', id: null },
        data: { endpoint_id: endpointId, reason },
      }),
    random: Math.random,
    logger: silentLogger,
  });
  const drain = async (): Promise<void> => {
    while (await deliver.run());
  };
  do {
    await Promise.all(Array.from({ length: SENDERS }, drain));
    // what was told to wait, as if the time had passed
    await database.owner.query(`UPDATE webhook_delivery SET next_try_at = now() WHERE state = 'pending'`);
  } while (await somethingIsPending());
  await Promise.all([patient.close(), impatient.close()]);
}

async function somethingIsPending(): Promise<boolean> {
  const { rowCount } = await database.owner.query(
    `SELECT FROM webhook_delivery WHERE state = 'pending' LIMIT 1`,
  );
  return rowCount === 1;
}

beforeAll(async () => {
  database = await createTestDatabase();
  const busy = await aMission(database);
  const quiet = await aMission(database, {}, busy.tenantId);
  for (const kind of kinds) {
    const receiver = await openTortureReceiver(kind);
    const made = await database.transactions.inTransaction(busy.tenantId, (tx) =>
      createEndpoint(tx, secretBox, {
        url: receiver.url,
        eventTypes: ['message.received', 'endpoint.disabled'],
        missionId: SLOW.includes(kind) ? quiet.id : null,
        includeResult: false,
        description: kind,
      }),
    );
    endpoints.set(kind, { ...made, receiver });
  }
  for (let count = 0; count < MESSAGES; count += 1) await busy.say(`message ${count}`);
  for (let count = 0; count < MESSAGES_TO_THE_SLOW; count += 1) await quiet.say(`message ${count}`);
  await sendEverything();
  const { rows } = await database.owner.query<Ended>(
    `SELECT endpoint_id, event_id, state, dead_reason,
            (SELECT coalesce(json_agg(json_build_object('status', status, 'error', error, 'at', at) ORDER BY number), '[]')
               FROM webhook_try t WHERE t.delivery_id = d.id) AS tries
       FROM webhook_delivery d`,
  );
  ended = rows;
});

afterAll(async () => {
  for (const { receiver } of endpoints.values()) await receiver.close();
  await database.drop();
});

describe('a thousand messages to receivers that misbehave', () => {
  it('are each delivered, or given up for a reason', async () => {
    expect(ended.length).toBeGreaterThanOrEqual(1_000);
    for (const { state, dead_reason: reason } of ended)
      expect([state, reason === null]).toEqual(state === 'delivered' ? ['delivered', true] : ['dead', false]);
    await expectInvariants(database);
  });

  it.each<[Misbehaviour, string[]]>([
    ['answers_200', ['delivered  200']],
    ['answers_500', ['dead exhausted 500 500']],
    ['answers_301', ['dead exhausted 301 301']],
    ['answers_429', ['dead exhausted 429 429']],
    ['recovers', ['delivered  503 204']],
    ['resets', ['dead exhausted connection_lost connection_lost']],
    ['streams_1_gib', ['delivered  response_too_large']],
    ['never_answers', ['dead exhausted timeout timeout']],
    ['drips_headers', ['dead exhausted timeout timeout']],
    ['drips_body', ['delivered  timeout']],
  ])('at one that %s end as %j', (kind, ways) => {
    expect(waysOf(kind)).toEqual(ways);
  });

  it('at one that is no HTTP end as exhausted, with the word for it', () => {
    expect(waysOf('is_no_http')).toEqual([expect.stringMatching(/^dead exhausted (failed\S* ?\S* ?){2}$/)]);
  });

  it('at one that is gone end at once, with those that were in flight then', () => {
    const gone = endedAt('answers_410');
    const { arrivals = [] } = endpoints.get('answers_410')?.receiver ?? {};
    expect(arrivals.length).toBeLessThanOrEqual(4);
    expect(gone.filter(({ dead_reason: reason }) => reason === 'gone')).toHaveLength(arrivals.length);
    expect(new Set(gone.map(({ dead_reason: reason }) => reason))).toEqual(
      new Set(['gone', 'endpoint_disabled']),
    );
    const told = endpoints
      .get('answers_200')
      ?.receiver.arrivals.filter(({ body }) => body.includes('"gone"'));
    expect(told).toHaveLength(1);
  });

  it.each(kinds)(
    'at one that %s verify with the reference library, under a stable id and a fresh time',
    (kind) => {
      const { secret = '', receiver } = endpoints.get(kind) ?? {};
      const tries = new Map(endedAt(kind).map((delivery) => [delivery.event_id, delivery.tries]));
      const arrived = new Map<string, number>();
      for (const { atMs, headers, body } of receiver?.arrivals ?? []) {
        const verified = webhookBodySchema.parse(new Webhook(secret).verify(body, headers));
        expect(verified.type).toMatch(/^(message\.received|endpoint\.disabled)$/);
        const ageMs = atMs - Number(headers['webhook-timestamp']) * 1_000;
        expect(Math.abs(ageMs)).toBeLessThan(FRESH_MS);
        const eventId = decodeId('event', headers['webhook-id'] ?? '') ?? '';
        arrived.set(eventId, (arrived.get(eventId) ?? 0) + 1);
      }
      for (const [eventId, count] of arrived) expect(tries.get(eventId)).toHaveLength(count);
    },
  );
});
