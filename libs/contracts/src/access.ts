import { z } from 'zod';
import { idSchema } from './ids.js';
import { scopeSchema } from './tenant.js';
import { jsonSchema } from './text.js';

const OVERLAP_SECONDS_DEFAULT = 24 * 60 * 60;
const OVERLAP_SECONDS_MAX = 30 * 24 * 60 * 60;
const CREDENTIAL_CHARACTERS_MAX = 200;

/** A credential is printable and of one line: it goes into a header. */
const credentialSchema = z
  .string()
  .min(1)
  .max(CREDENTIAL_CHARACTERS_MAX)
  .regex(/^[\x21-\x7e]+$/, 'is not printable ASCII without spaces');

export const rerollInputSchema = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(OVERLAP_SECONDS_MAX)
      .default(OVERLAP_SECONDS_DEFAULT)
      .describe('how long the old key goes on working; 0 ends it now'),
  })
  .prefault({})
  .meta({ id: 'RerollInput' });

/** Signing in takes a key, or the token of a link that was made with one. */
export const signInInputSchema = z
  .union([z.strictObject({ api_key: credentialSchema }), z.strictObject({ token: credentialSchema })])
  .meta({ id: 'SignInInput' });
export type SignInInput = z.infer<typeof signInInputSchema>;

export const sessionSchema = z
  .object({
    id: idSchema('session').nullable().describe('null when the key itself was sent'),
    tenant_id: idSchema('tenant'),
    api_key_id: idSchema('apiKey'),
    scopes: z.array(scopeSchema),
    mission_id: idSchema('mission').nullable(),
    expires_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Session' });

export const signInLinkSchema = z
  .object({
    path: z.string().describe('to open in a browser on this service; works once'),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'SignInLink' });

export const MODEL_PROVIDERS = ['anthropic'] as const;
export type ModelProvider = (typeof MODEL_PROVIDERS)[number];
export const modelCredentialInputSchema = z
  .strictObject({ api_key: credentialSchema })
  .meta({ id: 'ModelCredentialInput' });

/** Every act that is remembered with who did it. */
export const AUDIT_ACTIONS = [
  'tenant.created',
  'tenant.updated',
  'api_key.created',
  'api_key.rerolled',
  'api_key.revoked',
  'session.created',
  'session.ended',
  'sign_in_link.created',
  'model_credential.set',
  'model_credential.removed',
  'endpoint.created',
  'endpoint.updated',
  'endpoint.removed',
  'endpoint.secret_rotated',
  'endpoint.recovered',
  'delivery.redelivered',
  'mission.updated',
  'mission.paused',
  'mission.resumed',
  'mission.canceled',
  'mission.archived',
  'budget.set',
  'conductor.rotated',
  'input_request.answered',
  'answer_link.created',
  'directive.added',
  'directive.accepted',
  'directive.rejected',
  'directive.retired',
  'schedule.created',
  'schedule.updated',
  'schedule.removed',
] as const;
export const auditActionSchema = z.enum(AUDIT_ACTIONS);
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** A program with a key, a person who signed in with it, or the operator. */
export const auditActorSchema = z.object({
  kind: z.enum(['key', 'person', 'operator']),
  id: idSchema('apiKey').nullable().describe('the key; null for the operator'),
});
export type AuditActor = z.infer<typeof auditActorSchema>;

export const auditEntrySchema = z
  .object({
    id: idSchema('auditEntry'),
    actor: auditActorSchema,
    action: auditActionSchema,
    subject_id: z.string().nullable(),
    before: jsonSchema.describe('what was there of what changed; null when nothing was'),
    after: jsonSchema,
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'AuditEntry' });
