import { policyFrom, type MissionInput, type Policy } from '#contracts';
import { directiveRoom } from '#context';
import { ApiProblem } from '../edge/problem.js';

/** 422 for a directive that no request under this mission's context budget could ever carry. */
export function requireRoom(
  policy: Pick<Policy, 'context_budget_tokens' | 'context_target_tokens'>,
  text: string,
  pointer: string,
): void {
  const { tokens, tokensMax } = directiveRoom(text, policy);
  if (tokens <= tokensMax) return;
  const message = `This directive takes about ${tokens} tokens, and a mission with this context budget can carry ${tokensMax}: shorten it, or raise policy.context_budget_tokens.`;
  throw new ApiProblem(422, 'directive_too_large', message, {
    errors: [{ pointer, code: 'directive_too_large', message }],
  });
}

/** The same for every directive that a new mission begins with. */
export function requireRoomForAll({ policy, directives }: Pick<MissionInput, 'policy' | 'directives'>): void {
  for (const [place, text] of directives.entries())
    requireRoom(policyFrom(policy), text, `/directives/${place}`);
}
