import { z } from 'zod';
import { idSchema } from './ids.js';
import { poolSchema } from './policy.js';
import { jsonSchema, storableText } from './text.js';

export const ATTEMPT_STATES = ['offered', 'leased', 'succeeded', 'failed', 'expired', 'canceled'] as const;
export const attemptStateSchema = z.enum(ATTEMPT_STATES);
export type AttemptState = (typeof ATTEMPT_STATES)[number];

export const LEASE_SECONDS_DEFAULT = 60;
export const CLAIM_WAIT_SECONDS_MAX = 30;
export const CLAIMS_PER_REQUEST_MAX = 20;
export const RESULT_SUMMARY_CHARACTERS_MAX = 4_000;

export const artifactSchema = z
  .object({
    id: idSchema('artifact'),
    name: z.string(),
    media_type: z.string(),
    size_bytes: z.int(),
    sha256: z.string(),
  })
  .meta({ id: 'Artifact' });
export type Artifact = z.infer<typeof artifactSchema>;

export const ARTIFACT_BYTES_MAX = 64 * 1_024 * 1_024;
export const ARTIFACTS_PER_ATTEMPT_MAX = 50;
export const ARTIFACT_BYTES_PER_ATTEMPT_MAX = 256 * 1_024 * 1_024;

/** What a worker hands in. `output` is any JSON; `artifacts` name uploads by id. */
export const resultInputSchema = z
  .strictObject({
    summary: storableText(RESULT_SUMMARY_CHARACTERS_MAX),
    output: jsonSchema.default(null),
    artifacts: z.array(z.string()).max(ARTIFACTS_PER_ATTEMPT_MAX).default([]),
  })
  .meta({ id: 'ResultInput' });
export type ResultInput = z.infer<typeof resultInputSchema>;

export const taskResultSchema = z
  .object({ summary: z.string(), output: jsonSchema, artifacts: z.array(artifactSchema) })
  .meta({ id: 'TaskResult' });
export type TaskResult = z.infer<typeof taskResultSchema>;

export const attemptErrorSchema = z
  .strictObject({ message: storableText(4_000, 1), retryable: z.boolean().default(true) })
  .meta({ id: 'AttemptError' });
export type AttemptError = z.infer<typeof attemptErrorSchema>;

export const attemptUsageSchema = z
  .strictObject({
    input_tokens: z.int().min(0).default(0),
    output_tokens: z.int().min(0).default(0),
    cost_usd: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,9})?$/, 'a decimal string in USD')
      .default('0'),
  })
  .meta({ id: 'AttemptUsage' });
export type AttemptUsage = z.infer<typeof attemptUsageSchema>;

export const attemptSchema = z
  .object({
    id: idSchema('attempt'),
    task_id: idSchema('task'),
    number: z.int(),
    state: attemptStateSchema,
    pool: z.string(),
    worker: z.string().nullable(),
    lease_expires_at: z.iso.datetime().nullable(),
    started_at: z.iso.datetime().nullable(),
    ended_at: z.iso.datetime().nullable(),
    result: taskResultSchema.nullable(),
    late_result: taskResultSchema.nullable(),
    error: attemptErrorSchema.nullable(),
    usage: attemptUsageSchema.nullable(),
    progress: z.number().nullable().describe('what its worker last said, 0 to 1'),
    message: z.string().nullable().describe('what its worker last said it is doing'),
  })
  .meta({ id: 'Attempt' });
export type Attempt = z.infer<typeof attemptSchema>;

export const claimInputSchema = z
  .strictObject({
    pool: poolSchema,
    max: z.int().min(1).max(CLAIMS_PER_REQUEST_MAX).default(1),
    wait_seconds: z.int().min(0).max(CLAIM_WAIT_SECONDS_MAX).default(0),
    lease_seconds: z.int().min(10).max(3_600).default(LEASE_SECONDS_DEFAULT),
    worker: storableText(200, 1).default('worker'),
  })
  .meta({ id: 'ClaimInput' });
export type ClaimInput = z.infer<typeof claimInputSchema>;

/** All that a worker is told about its task: enough to do it without reading anything else. */
export const briefSchema = z
  .object({
    mission: z.object({ title: z.string(), objective: z.string() }),
    directives: z.array(z.object({ ref: z.string(), text: z.string() })),
    task: z.object({
      ref: z.string(),
      title: z.string(),
      instructions: z.string(),
      acceptance_criteria: z.array(z.string()),
    }),
    dependencies: z.array(z.object({ ref: z.string(), title: z.string(), summary: z.string() })),
    attempt: z.object({ number: z.int(), idempotency_key: z.string(), feedback: z.string().nullable() }),
    outcome: jsonSchema.optional().describe('metadata.outcome of the task, for the built-in worker'),
  })
  .meta({ id: 'Brief' });
export type Brief = z.infer<typeof briefSchema>;

export const leaseTokenSchema = storableText(200, 1);
export const heartbeatInputSchema = z
  .strictObject({
    lease_token: leaseTokenSchema,
    progress: z.number().min(0).max(1).optional(),
    message: storableText(500).optional(),
  })
  .meta({ id: 'HeartbeatInput' });
export const heartbeatSchema = z.object({ lease_expires_at: z.iso.datetime() }).meta({ id: 'Heartbeat' });
/** Beside the bytes, in the query: what they are called, and what they have to add up to. */
export const artifactQuerySchema = z.object({
  lease_token: leaseTokenSchema,
  name: storableText(200, 1).default('artifact'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .toLowerCase()
    .optional()
    .describe('in hex; 422 when the bytes that arrive have another'),
});
export const completeInputSchema = z
  .strictObject({
    lease_token: leaseTokenSchema,
    result: resultInputSchema,
    usage: attemptUsageSchema.optional(),
  })
  .meta({ id: 'CompleteInput' });
export const failInputSchema = z
  .strictObject({
    lease_token: leaseTokenSchema,
    error: attemptErrorSchema,
    usage: attemptUsageSchema.optional(),
  })
  .meta({ id: 'FailInput' });
export const releaseInputSchema = z
  .strictObject({ lease_token: leaseTokenSchema })
  .meta({ id: 'ReleaseInput' });
