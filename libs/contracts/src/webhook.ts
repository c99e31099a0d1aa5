import { z } from 'zod';
import { EVENT_TYPES, eventTypeSchema } from './event.js';
import { idSchema } from './ids.js';
import { jsonSchema, storableText } from './text.js';

export const ENDPOINTS_PER_TENANT_MAX = 20;

const FAMILIES = new Set(EVENT_TYPES.map((type) => type.split('.')[0] ?? type));

/** `task.completed`, a family `task.*`, or everything `*`. */
export const eventPatternSchema = z
  .string()
  .refine(
    (text) =>
      text === '*' ||
      eventTypeSchema.safeParse(text).success ||
      (text.endsWith('.*') && FAMILIES.has(text.slice(0, -2))),
    { error: 'is neither an event type, a family such as "task.*", nor "*"' },
  );

/** True when an endpoint's pattern covers the event type. */
export function matchesEventPattern(pattern: string, type: string): boolean {
  return (
    pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)))
  );
}

const endpointFields = {
  url: z.url().max(2_000),
  event_types: z.array(eventPatternSchema).min(1).max(60),
  mission_id: idSchema('mission').nullable(),
  include_result: z.boolean(),
  description: storableText(500),
};

export const endpointInputSchema = z
  .strictObject({
    url: endpointFields.url,
    event_types: endpointFields.event_types.default(['*']),
    mission_id: endpointFields.mission_id.default(null),
    include_result: endpointFields.include_result.default(false),
    description: endpointFields.description.default(''),
  })
  .meta({ id: 'EndpointInput' });
export type EndpointInput = z.infer<typeof endpointInputSchema>;

export const endpointPatchSchema = z
  .strictObject({
    url: endpointFields.url,
    event_types: endpointFields.event_types,
    include_result: endpointFields.include_result,
    description: endpointFields.description,
    state: z.enum(['enabled', 'disabled']),
  })
  .partial()
  .meta({ id: 'EndpointPatch' });
export type EndpointPatch = z.infer<typeof endpointPatchSchema>;

/** Why an endpoint is disabled: somebody asked for it, its receiver said 410, or it has only failed for five days. */
const DISABLED_REASONS = ['by_request', 'gone', 'failing'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

export const endpointSchema = z
  .object({
    id: idSchema('endpoint'),
    url: z.string(),
    event_types: z.array(z.string()),
    mission_id: idSchema('mission').nullable(),
    include_result: z.boolean(),
    description: z.string(),
    state: z.enum(['enabled', 'disabled']),
    disabled_reason: z.enum(DISABLED_REASONS).nullable(),
    is_callback: z.boolean().describe('made from a callback_url: hears only of what named the address'),
    health: z.object({
      failures_in_a_row: z.int(),
      failing_since: z.iso.datetime().nullable(),
      next_probe_at: z.iso
        .datetime()
        .nullable()
        .describe('its circuit is open: one delivery at a time is tried, none before this'),
    }),
    secret: z.string().optional().describe('only in the answer to create and rotate-secret'),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Endpoint' });

export const endpointTestSchema = z
  .object({ event_id: idSchema('event'), delivery_id: idSchema('delivery') })
  .meta({ id: 'EndpointTest' });

export const recoverInputSchema = z
  .strictObject({ since: z.iso.datetime({ offset: true }) })
  .meta({ id: 'RecoverInput' });
export type RecoverInput = z.infer<typeof recoverInputSchema>;

export const recoverySchema = z
  .object({
    recovered: z.int().describe('deliveries that are tried again, or for the first time'),
    has_more: z.boolean().describe('the bound was reached: ask again with the same time'),
  })
  .meta({ id: 'Recovery' });

/** The endpoint that a callback_url became, where it was named first: the only time that its secret can be read. */
export const callbackSchema = z
  .object({ endpoint_id: idSchema('endpoint'), url: z.string(), secret: z.string() })
  .meta({ id: 'Callback' });
export type Callback = z.infer<typeof callbackSchema>;

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;
export const deliveryStateSchema = z.enum(DELIVERY_STATES);
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Why a delivery was given up: its schedule is over, its receiver said 410, or its endpoint was disabled for good. */
const DEAD_REASONS = ['exhausted', 'gone', 'endpoint_disabled'] as const;
export type DeadReason = (typeof DEAD_REASONS)[number];

export const deliverySchema = z
  .object({
    id: idSchema('delivery'),
    endpoint_id: idSchema('endpoint'),
    event_id: idSchema('event'),
    event_type: eventTypeSchema,
    state: deliveryStateSchema,
    dead_reason: z.enum(DEAD_REASONS).nullable(),
    tries: z.array(
      z.object({
        at: z.iso.datetime(),
        url: z.string().nullable(),
        redelivery: z.boolean().describe('somebody asked for it, beside the schedule'),
        status: z.int().nullable(),
        duration_ms: z.int(),
        error: z.string().nullable(),
        response_excerpt: z.string().nullable().describe('at most 1 KiB; untrusted text'),
      }),
    ),
    next_try_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Delivery' });
/** A delivery as it is read alone. */
export const deliveryDetailSchema = deliverySchema
  .extend({ request_body: z.string().describe('what is signed and sent, byte for byte, at every try') })
  .meta({ id: 'DeliveryDetail' });

/** The body of every webhook. */
export const webhookBodySchema = z
  .object({
    type: eventTypeSchema,
    timestamp: z.iso.datetime(),
    data: z
      .object({
        mission_id: idSchema('mission').nullable(),
        seq: z.int().nullable(),
        task_id: idSchema('task').optional(),
        state: z.string().optional(),
        url: z.string(),
        result: jsonSchema.optional(),
      })
      .loose(),
  })
  .meta({ id: 'WebhookBody' });
export type WebhookBody = z.infer<typeof webhookBodySchema>;
