import { z } from 'zod';
import { idSchema } from './ids.js';
import { policyPatchSchema } from './policy.js';
import { jsonSchema } from './text.js';
import { contextLevelSchema, usageSchema } from './wave.js';

/** The parts of a policy that shape what one wave sees and how far it may go. */
const shadowPolicySchema = policyPatchSchema
  .pick({
    context_budget_tokens: true,
    context_target_tokens: true,
    inbox_page_max: true,
    output_tokens_max: true,
    requests_per_wave_max: true,
    wave_usd_max: true,
    allow_premium: true,
  })
  .meta({ id: 'ShadowPolicy' });

export const shadowInputSchema = z
  .strictObject({
    model: policyPatchSchema.shape.model.describe('the wave’s own when it is left out'),
    policy: shadowPolicySchema
      .default({})
      .describe(
        'laid over the policy of the wave; when nothing of it shapes the request, the very one that it sent is sent again',
      ),
  })
  .meta({ id: 'ShadowInput' });
export type ShadowInput = z.infer<typeof shadowInputSchema>;

/** A decision in a form in which those of two conductors can be compared. */
const comparedDecisionSchema = z
  .object({
    tool: z.string(),
    subject: z.string().nullable().describe('the task or tasks it is about, or the note that it replaces'),
    input: jsonSchema.describe('what was asked for, with the same names for the same tasks on both sides'),
  })
  .meta({ id: 'ComparedDecision' });
export type ComparedDecision = z.infer<typeof comparedDecisionSchema>;

const changedDecisionSchema = comparedDecisionSchema
  .omit({ input: true })
  .extend({ original: jsonSchema, shadow: jsonSchema })
  .meta({ id: 'ChangedDecision' });

export const decisionDiffSchema = z
  .object({
    same: z.array(comparedDecisionSchema),
    changed: z
      .array(changedDecisionSchema)
      .describe('by the same tool about the same subject, with other arguments'),
    only_original: z.array(comparedDecisionSchema),
    only_shadow: z.array(comparedDecisionSchema),
  })
  .meta({ id: 'DecisionDiff' });
export type DecisionDiff = z.infer<typeof decisionDiffSchema>;

export const shadowSchema = z
  .object({
    wave_id: idSchema('wave'),
    model: z.string(),
    stop_reason: z.string(),
    requests: z.int(),
    reads: z.int().describe('tool calls that were answered by the ledger as it is now, not as it was'),
    context: z.object({
      tokens: z.int().describe('input of its largest request, as the provider counted it'),
      budget: z.int(),
      level: contextLevelSchema,
      total_tokens: z.int().describe('of its first request, as the builder counts'),
      is_stored_request: z
        .boolean()
        .describe('its first request was the wave’s own, byte for byte but for the model'),
    }),
    usage: usageSchema,
    decisions: decisionDiffSchema,
  })
  .meta({ id: 'Shadow' });
export type Shadow = z.infer<typeof shadowSchema>;
