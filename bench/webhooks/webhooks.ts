import { setTimeout as pause } from 'node:timers/promises';
import { missionInputSchema, type Actor } from '#contracts';
import type { Transactions } from '#database';
import { createEndpoint, createMission, emitTenantEvent, listDeliveries, postMessage } from '#ledger';
import { silentLogger } from '#telemetry';
import { createTenant, SecretBox } from '#tenancy';
import { Deliver, parseAllowedNetworks, SafeFetch } from '#webhooks';
import type { Run } from '../harness/benchmark.js';
import { atMost, type Outcome } from '../harness/outcome.js';
import { Bell } from './bell.js';
import { openReceivers, type BenchReceivers, type ReceiverKind } from './receivers.js';

const CLIENT: Actor = { kind: 'key', id: 'key_bench' };
/** What the service has by default. */
const SLOTS = 64;
const SCHEDULE_SECONDS = [0, 5, 300];
const TENANTS = 5;
/** Each tenant of the second phase has so many endpoints that fail, and so many that never answer. */
const BROKEN_OF_EACH_KIND = 4;
const MESSAGE_EVERY_MS = 500;
const MESSAGES = 30;
const FIRST_TRY_P95_MS_MAX = 1_000;
/** Both phases share two processors with Postgres, and the second has nine times the deliveries. */
const RATIO_MAX = 4;
const LEAST_MS = 25;

interface Place {
  readonly tenantId: string;
  readonly missionId: string;
  readonly healthyEndpointId: string;
}
interface Phase {
  readonly first_tries: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
}
interface Parts {
  readonly transactions: Transactions;
  readonly secretBox: SecretBox;
  readonly receivers: BenchReceivers;
}

/**
 * From the write of a webhook to its first try, at healthy endpoints alone and at healthy endpoints of tenants that also
 * have endpoints that fail or never answer. `size`: messages a tenant.
 */
export async function benchWebhooks({ transactions, size, say }: Run): Promise<Outcome> {
  const parts = { transactions, secretBox: new SecretBox('ab'.repeat(32)), receivers: await openReceivers() };
  const messages = size ?? MESSAGES;
  try {
    say('healthy endpoints alone');
    const alone = await runPhase(parts, messages, 0);
    say('healthy endpoints beside broken ones');
    const beside = await runPhase(parts, messages, BROKEN_OF_EACH_KIND);
    return outcomeOf(alone, beside, messages);
  } finally {
    await parts.receivers.close();
  }
}

function outcomeOf(alone: Phase, beside: Phase, messages: number): Outcome {
  const ratio = rounded(Math.max(beside.p95_ms, LEAST_MS) / Math.max(alone.p95_ms, LEAST_MS));
  const row = (name: string, phase: Phase) => [name, phase.first_tries, phase.p50_ms, phase.p95_ms];
  return {
    report: {
      slots: SLOTS,
      tenants: TENANTS,
      broken_endpoints: 2 * TENANTS * BROKEN_OF_EACH_KIND,
      alone,
      beside,
    },
    tables: [
      {
        title: `${TENANTS} tenants, ${messages} messages each, ${SLOTS} slots; then with ${2 * BROKEN_OF_EACH_KIND} broken endpoints each`,
        rows: [
          ['healthy endpoints', 'webhooks', 'first try p50 ms', 'p95 ms'],
          row('alone', alone),
          row('beside broken ones', beside),
        ],
      },
    ],
    checks: [
      atMost(
        'p95 from the write to the first try, ms, beside broken endpoints',
        beside.p95_ms,
        FIRST_TRY_P95_MS_MAX,
      ),
      atMost('the same, times that of healthy endpoints alone', ratio, RATIO_MAX),
    ],
  };
}

async function runPhase(parts: Parts, messages: number, brokenOfEachKind: number): Promise<Phase> {
  const { transactions } = parts;
  const places: Place[] = [];
  for (let made = 0; made < TENANTS; made += 1) places.push(await aPlace(parts, brokenOfEachKind));
  const safeFetch = new SafeFetch({ allowedNetworks: parseAllowedNetworks(['127.0.0.0/8']) });
  const deliver = aSender(parts, safeFetch);
  const bell = new Bell(transactions, SLOTS, () => deliver.run());
  const client = async (place: Place): Promise<void> => {
    for (let sent = 0; sent < messages; sent += 1) {
      await transactions.inTransaction(place.tenantId, (tx) =>
        postMessage(tx, place.missionId, { text: `message ${sent}`, trusted: true }, CLIENT),
      );
      await pause(MESSAGE_EVERY_MS);
    }
  };
  await Promise.all(places.map(client));
  await safeFetch.close(); // what never answers is given up
  await bell.stop();
  const waits = await Promise.all(places.map((place) => waitsOf(transactions, place)));
  const sorted = waits.flat().toSorted((a, b) => a - b);
  return { first_tries: sorted.length, p50_ms: at(sorted, 0.5), p95_ms: at(sorted, 0.95) };
}

function aSender({ transactions, secretBox }: Parts, safeFetch: SafeFetch): Deliver {
  return new Deliver({
    transactions,
    safeFetch,
    openSecret: (tx, sealed, place) => secretBox.open(tx, sealed, place),
    slots: SLOTS,
    scheduleSeconds: SCHEDULE_SECONDS,
    onEndpointDisabled: (tx, endpointId, reason) =>
      emitTenantEvent(tx, {
        type: 'endpoint.disabled',
        actor: { kind: 'system', id: null },
        data: { endpoint_id: endpointId, reason },
      }),
    random: Math.random,
    logger: silentLogger,
  });
}

/** From each write to its first try, by the database's clock; until now, where there was none. */
async function waitsOf(
  transactions: Transactions,
  { tenantId, healthyEndpointId }: Place,
): Promise<number[]> {
  return transactions.inTransaction(tenantId, async (tx) => {
    const filter = { endpointId: healthyEndpointId, state: null, missionId: null };
    const deliveries = await listDeliveries(tx, filter, { after: null, take: 10_000 });
    return deliveries.map(({ createdAt, tries }) => (tries[0]?.at ?? tx.now).getTime() - createdAt.getTime());
  });
}

/** A tenant with a mission, one healthy endpoint, and so many broken ones of each kind. */
async function aPlace(parts: Parts, brokenOfEachKind: number): Promise<Place> {
  const { transactions } = parts;
  const limits = { requests_per_minute: 0 };
  const { row } = await transactions.inSystemTransaction((system) =>
    createTenant(system, { name: 'bench', limits, environment: 'local' }),
  );
  const missionId = await transactions.inTransaction(row.id, (tx) =>
    createMission(tx, missionInputSchema.parse({ title: 'A mission' }), CLIENT),
  );
  const kinds: ReceiverKind[] = ['failing', 'hanging'];
  for (let made = 0; made < brokenOfEachKind; made += 1)
    for (const kind of kinds) await anEndpoint(parts, row.id, kind);
  return { tenantId: row.id, missionId, healthyEndpointId: await anEndpoint(parts, row.id, 'healthy') };
}

async function anEndpoint(
  { transactions, secretBox, receivers }: Parts,
  tenantId: string,
  kind: ReceiverKind,
): Promise<string> {
  const { id } = await transactions.inTransaction(tenantId, (tx) =>
    createEndpoint(tx, secretBox, {
      url: receivers.urls[kind],
      eventTypes: ['message.received'],
      missionId: null,
      includeResult: false,
      description: kind,
    }),
  );
  return id;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
