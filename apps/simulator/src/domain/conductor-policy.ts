import { UPSERT_ITEMS_MAX } from '#contracts';
import { obey } from './adversarial-policy.js';
import { callTools, type Answer, type ToolCall } from './answer.js';
import { browse } from './curious-policy.js';
import { handoff, TOOL_CALLS_MAX, write } from './conductor-calls.js';
import type { ConductorView } from './parse-request-text.js';
import { plan } from './plan-policy.js';

export const CONDUCTOR_POLICIES = ['plan', 'adversarial', 'never_progress', 'explode', 'curious'] as const;
export type ConductorPolicy = (typeof CONDUCTOR_POLICIES)[number];

/** What a conductor answers to the text it was sent; deterministic. */
export function conduct(policy: ConductorPolicy, view: ConductorView): Answer {
  return callTools(POLICIES[policy](view));
}

const POLICIES: Record<ConductorPolicy, (view: ConductorView) => ToolCall[]> = {
  plan,
  adversarial: obey,
  never_progress: () => [handoff({ note: 'Nothing was decided.', done: false })],
  explode,
  curious: browse,
};

/** Creates as much as it can each time, which the mission's limits must end. */
function explode(view: ConductorView): ToolCall[] {
  return Array.from({ length: TOOL_CALLS_MAX }, (_call, call) =>
    write({
      tool: 'task_upsert',
      input: {
        items: Array.from({ length: UPSERT_ITEMS_MAX }, (_item, item) => {
          const name = `${view.waveNumber}.${view.turns.length}.${call}.${item}`;
          return { key: `more-${name}`, title: `More work ${name}` };
        }),
      },
    }),
  );
}
