import type { Policy } from '#contracts';
import { canonicalJson } from './domain/canonical-json.js';
import { obligedTokensMax } from './domain/commitment.js';
import { minimumTokens } from './domain/pack-section.js';
import { rung, type SectionPlan } from './domain/section-plan.js';
import { effectiveTargetTokens, SECTION_TABLE } from './domain/section-table.js';
import { directivesPlan } from './sections/charter.js';
import { protocolPlan } from './sections/protocol.js';
import { conductorTools } from './tools.js';

/** As long as a directive's ref gets. */
const LONGEST_REF = 'D500';

/** How much one directive takes of a request, and how much a mission with this policy may oblige a request to carry. */
export interface DirectiveRoom {
  readonly tokens: number;
  readonly tokensMax: number;
}

/** What a directive of this text would take alone: above `tokensMax` it could never fit, whatever else is retired. */
export function directiveRoom(
  text: string,
  policy: Pick<Policy, 'context_budget_tokens' | 'context_target_tokens'>,
): DirectiveRoom {
  const target = effectiveTargetTokens(policy.context_target_tokens, policy.context_budget_tokens);
  const fixed = rung('fixed', canonicalJson(conductorTools())).tokens + minimumTokens(protocolPlan);
  const alone: SectionPlan = directivesPlan([{ ref: LONGEST_REF, text }]);
  return {
    tokens: minimumTokens(alone),
    tokensMax: obligedTokensMax(target - fixed - SECTION_TABLE.Z8.ceiling),
  };
}
