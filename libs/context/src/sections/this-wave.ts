import { HANDOFF_NOTE_TOKENS_MAX, type Policy } from '#contracts';
import type { ConductorSnapshot } from '#ledger';
import { cutToTokens } from '../domain/estimate.js';
import { type FenceKeys, framed } from '../domain/fence.js';
import { cleanText } from '../domain/outside-text.js';
import { fixedItem, guaranteedList, type Item, rung, type SectionPlan } from '../domain/section-plan.js';
import { SECTION_TABLE } from '../domain/section-table.js';

/** With everything else at its longest, the section's ceiling leaves room for a whole hand-off note. */
const RECITAL_TOKENS_MAX = 30;

const ASK =
  'Now, in one response: review what waits (accept, revise or fail), dispatch what is ready, record what must last, then hand off.\n';
const ASK_VERIFICATION =
  'Verification: cite completed tasks for every criterion in handoff.verified, or create what is missing, then hand off.\n';

/** Section Z8: all that is true of this wave only. It never takes more than its ceiling. */
export function thisWavePlan(snapshot: ConductorSnapshot, policy: Policy, keyOf: FenceKeys): SectionPlan {
  const { wave } = snapshot;
  const heading = '# Z8 This wave\n';
  const facts = fixedItem('facts', 'wave', factsText(snapshot, policy));
  const ask = fixedItem('ask', 'wave', wave.trigger === 'verification' ? ASK_VERIFICATION : ASK);
  const taken = [rung('fixed', heading), facts.ladder[0], ask.ladder[0]];
  const room = SECTION_TABLE.Z8.ceiling - taken.reduce((sum, { tokens }) => sum + tokens, 0);
  const note =
    wave.handoffNote === null ? null : handoffItem(wave.handoffNote, room, keyOf(`W${wave.number}`));
  return {
    name: 'Z8',
    lists: [guaranteedList('wave', heading, note === null ? [facts, ask] : [facts, note.item, ask])],
    omitted: note?.isCut ? [{ ref: 'handoff', count: 1, reason: 'shortened', fetch: null }] : [],
  };
}

function factsText({ wave, directives }: ConductorSnapshot, policy: Policy): string {
  return [
    `Wave ${wave.number}, trigger: ${wave.trigger}. Date: ${wave.date}.`,
    `Context budget: ${policy.context_budget_tokens} tokens per request, ${policy.output_tokens_max} output, ${policy.requests_per_wave_max} requests.`,
    `May create: ${wave.tasksCreatableMax} tasks. Free slots: ${wave.freeSlots}.`,
    `Directives in force: ${recital(directives.map(({ ref }) => ref))}.`,
    '',
  ].join('\n');
}

/** A reminder, not the list: that is Z3, and it is whole. */
function recital(refs: readonly string[]): string {
  if (refs.length === 0) return 'none';
  const all = refs.join(', ');
  return cutToTokens(all, RECITAL_TOKENS_MAX) === all ? all : `all ${refs.length} in Z3`;
}

function handoffItem(note: string, roomTokens: number, key: string): { item: Item; isCut: boolean } {
  const clean = cleanText(note);
  const say = (text: string): string => `Last hand-off note:\n${framed('note', key, text)}`;
  const tokensMax = Math.min(HANDOFF_NOTE_TOKENS_MAX, roomTokens - rung('fixed', say('')).tokens - 1);
  const said = cutToTokens(clean, tokensMax);
  return { item: fixedItem('handoff', 'wave', say(said)), isCut: said !== clean };
}
