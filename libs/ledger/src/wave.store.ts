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

/**
 * Writes down what an ended wave has used, also when a call comes back after its end: 1. the sum of its settled calls,
 * failed ones included; 2. of those that were answered what the picture of the mission is made of, where the builder's
 * own measure of its sections becomes the provider's tokens by what the provider counted the same request to be.
 */
export async function sumWaveUsage(tx: Tx, waveId: string): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE wave w
       SET requests = c.requests, peak_request_tokens = c.peak, input_tokens = c.input, cache_write_tokens = c.cache_write,
           cache_read_tokens = c.cache_read, output_tokens = c.output, cost_usd = c.cost,
           turns = c.turns, read_tokens = c.read, first_tokens = c.first, last_tokens = c.last, last_output_tokens = c.last_output,
           prefix_tokens = coalesce(c.first * s.prefix / nullif(s.total, 0), 0)::int,
           news_tokens = coalesce(c.first * s.news / nullif(s.total, 0), 0)::int
      FROM (
       SELECT count(*)::int AS requests, coalesce(max(tokens), 0)::int AS peak,
              coalesce(sum(input_tokens), 0)::int AS input, coalesce(sum(cache_write_tokens), 0)::int AS cache_write,
              coalesce(sum(cache_read_tokens), 0)::int AS cache_read, coalesce(sum(output_tokens), 0)::int AS output,
              coalesce(sum(cost_usd), 0) AS cost,
              count(*) FILTER (WHERE answered)::int AS turns,
              coalesce(sum(tokens) FILTER (WHERE answered), 0)::int AS read,
              coalesce((array_agg(tokens ORDER BY sent_at, id) FILTER (WHERE answered))[1], 0) AS first,
              coalesce((array_agg(tokens ORDER BY sent_at DESC, id DESC) FILTER (WHERE answered))[1], 0) AS last,
              coalesce((array_agg(output_tokens ORDER BY sent_at DESC, id DESC) FILTER (WHERE answered))[1], 0) AS last_output
         FROM model_call k
        CROSS JOIN LATERAL (SELECT input_tokens + cache_write_tokens + cache_read_tokens AS tokens) t
        CROSS JOIN LATERAL (SELECT k.state = 'settled' AND t.tokens > 0 AS answered) a
        WHERE k.tenant_id = ${tx.tenantId}::uuid AND k.wave_id = ${waveId}::uuid AND k.state <> 'sent'
          AND k.mission_id = (SELECT mission_id FROM wave WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${waveId}::uuid)) c
     CROSS JOIN (
       SELECT sum(tokens)::float8 AS total, sum(tokens) FILTER (WHERE name IN ('Z0', 'Z1', 'Z2', 'Z3')) AS prefix,
              sum(tokens) FILTER (WHERE name = 'Z7') AS news
         FROM wave_context x
        CROSS JOIN LATERAL jsonb_to_recordset(x.manifest -> 'sections') AS section (name text, tokens int)
        WHERE x.tenant_id = ${tx.tenantId}::uuid AND x.wave_id = ${waveId}::uuid) s
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

/** What a wave saw, block by block. */
export interface ShownContext {
  readonly manifest: Omit<ContextManifest, 'wave_id' | 'requests' | 'requests_kept' | 'rebuild'>;
  /** Of the first request as the builder made it. */
  readonly requestSha256: string;
}

/** Its bytes as they are read again. */
export interface KeptBytes {
  readonly inputJson: string;
  /** The exact bodies sent. */
  readonly requests: readonly Json[];
}

/** The same with the bytes, kept so that they can be made again. */
export interface StoredContext extends ShownContext {
  /** The builder's input, canonical JSON. */
  readonly inputJson: string;
  /** The exact bodies sent, canonical JSON of an array. */
  readonly requestsJson: string;
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
    create: { ...columns, keptSince: tx.now, tenantId: tx.tenantId, waveId },
    update: { ...columns, keptSince: tx.now },
  });
}

/** Null for a wave that was ended before it asked anything; without `kept` when its bytes have been let go since. */
export async function readWaveContext(
  tx: Tx,
  waveId: string,
): Promise<(ShownContext & { readonly kept: KeptBytes | null }) | null> {
  const row = await tx.db.waveContext.findUnique({
    where: { tenantId_waveId: { tenantId: tx.tenantId, waveId } },
  });
  if (row === null) return null;
  const { inputGzip, requestsGzip, requestSha256 } = row;
  return {
    manifest: row.manifest as unknown as ShownContext['manifest'], // written only by saveWaveContext
    requestSha256,
    kept:
      inputGzip === null || requestsGzip === null
        ? null
        : {
            inputJson: gunzipSync(inputGzip).toString(),
            requests: JSON.parse(gunzipSync(requestsGzip).toString()) as Json[],
          },
  };
}
