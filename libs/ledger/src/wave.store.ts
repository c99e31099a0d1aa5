import { gunzipSync, gzipSync } from 'node:zlib';
import type { ContextManifest, DecisionRecord, Json, WaveState, WaveTrigger } from '#contracts';
import { type Prisma, type Tx } from '#database';
import { notFound } from './errors.js';

type StoredWave = Prisma.WaveGetPayload<Record<string, never>>;
export type WaveRow = Omit<StoredWave, 'state'> & { state: WaveState };

/** What a wave came to, as its row keeps it. */
export interface WaveOutcome {
  readonly state: 'committed' | 'aborted';
  readonly stopReason: string;
  readonly endedAt: Date;
  readonly handoffNote: string | null;
  readonly decisions: readonly DecisionRecord[];
}

export async function insertWave(
  tx: Tx,
  wave: {
    readonly id: string;
    readonly missionId: string;
    readonly number: number;
    readonly epoch: number;
    readonly trigger: WaveTrigger;
    readonly model: string;
    readonly budgetTokens: number;
  },
): Promise<void> {
  await tx.db.wave.create({ data: { ...wave, tenantId: tx.tenantId, state: 'running', startedAt: tx.now } });
}

async function readWave(tx: Tx, waveId: string): Promise<WaveRow> {
  const stored = await tx.db.wave.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: waveId } },
  });
  if (stored === null) throw notFound('wave');
  return { ...stored, state: stored.state as WaveState }; // a CHECK constraint keeps it in the set
}

/** Writes down what an ended wave has used: the sum of its settled calls, also of one that comes back after its end. */
export async function sumWaveUsage(tx: Tx, waveId: string): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE wave w
       SET requests = c.requests, peak_request_tokens = c.peak, input_tokens = c.input, cache_write_tokens = c.cache_write,
           cache_read_tokens = c.cache_read, output_tokens = c.output, cost_usd = c.cost
      FROM (SELECT count(*)::int AS requests,
                   coalesce(max(input_tokens + cache_write_tokens + cache_read_tokens), 0)::int AS peak,
                   coalesce(sum(input_tokens), 0)::int AS input, coalesce(sum(cache_write_tokens), 0)::int AS cache_write,
                   coalesce(sum(cache_read_tokens), 0)::int AS cache_read, coalesce(sum(output_tokens), 0)::int AS output,
                   coalesce(sum(cost_usd), 0) AS cost
              FROM model_call
             WHERE tenant_id = ${tx.tenantId}::uuid AND wave_id = ${waveId}::uuid AND state <> 'sent') c
     WHERE w.tenant_id = ${tx.tenantId}::uuid AND w.id = ${waveId}::uuid AND w.state <> 'running'`;
}

/** Ends a wave with its outcome; what it used is the sum of its model calls, failed ones included. */
export async function endWave(tx: Tx, waveId: string, outcome: WaveOutcome): Promise<WaveRow> {
  await tx.db.wave.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: waveId } },
    data: { ...outcome, decisions: outcome.decisions },
  });
  await sumWaveUsage(tx, waveId);
  return readWave(tx, waveId);
}

/**
 * Prolongs a wave's lease, 1. only for the wave that runs, 2. only in its own epoch, 3. even when it has run out, as
 * long as nobody has taken it. Answers the mission's state, or null when the wave has been fenced off.
 */
export async function prolongWaveLease(
  tx: Tx,
  wave: {
    readonly missionId: string;
    readonly waveId: string;
    readonly epoch: number;
    readonly leaseMs: number;
  },
): Promise<string | null> {
  const [row] = await tx.db.$queryRaw<{ state: string }[]>`
    UPDATE mission
       SET wave_lease_until = clock_timestamp() + make_interval(secs => ${wave.leaseMs}::float8 / 1000)
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${wave.missionId}::uuid
       AND wave_id = ${wave.waveId}::uuid AND epoch = ${wave.epoch}
    RETURNING state`;
  return row?.state ?? null;
}

/** What a wave saw, kept so that the same bytes can be made again. */
export interface StoredContext {
  readonly manifest: Omit<ContextManifest, 'wave_id' | 'requests' | 'rebuild'>;
  /** The builder's input, canonical JSON. */
  readonly inputJson: string;
  /** The exact bodies sent, canonical JSON of an array. */
  readonly requestsJson: string;
  /** Of the first request as the builder made it. */
  readonly requestSha256: string;
}

export async function saveWaveContext(tx: Tx, waveId: string, context: StoredContext): Promise<void> {
  const columns = {
    inputGzip: gzipSync(context.inputJson),
    requestsGzip: gzipSync(context.requestsJson),
    requestSha256: context.requestSha256,
    manifest: context.manifest as unknown as Prisma.InputJsonValue,
  };
  await tx.db.waveContext.upsert({
    where: { tenantId_waveId: { tenantId: tx.tenantId, waveId } },
    create: { ...columns, tenantId: tx.tenantId, waveId },
    update: columns,
  });
}

/** Null for a wave that was ended before it asked anything. */
export async function readWaveContext(
  tx: Tx,
  waveId: string,
): Promise<(StoredContext & { requests: Json[] }) | null> {
  const row = await tx.db.waveContext.findUnique({
    where: { tenantId_waveId: { tenantId: tx.tenantId, waveId } },
  });
  if (row === null) return null;
  const requestsJson = gunzipSync(row.requestsGzip).toString();
  return {
    manifest: row.manifest as unknown as StoredContext['manifest'], // written only by saveWaveContext
    inputJson: gunzipSync(row.inputGzip).toString(),
    requestsJson,
    requests: JSON.parse(requestsJson) as Json[],
    requestSha256: row.requestSha256,
  };
}
