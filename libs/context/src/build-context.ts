import type { ContextSection, Policy, SectionName } from '#contracts';
import type { ConductorSnapshot } from '#ledger';
import { boardPlan, inFlightTokens } from './sections/board.js';
import { canonicalJson, sha256Hex } from './domain/canonical-json.js';
import { charterPlan, directivesPlan } from './sections/charter.js';
import { finishedRoomTokens, obligedTokensMax } from './domain/commitment.js';
import { breakpointAfter } from './domain/breakpoints.js';
import type { ConductorRequest, RequestText, RequestTool } from './domain/conductor-request.js';
import { fenceKeys } from './domain/fence.js';
import { finishedWorkPlan } from './sections/finished-work.js';
import { inboxPage } from './sections/inbox-page.js';
import { packSection, type PackedSection } from './domain/pack-section.js';
import { packVolatile } from './pack-volatile.js';
import { protocolPlan } from './sections/protocol.js';
import { registersPlan, requestsTokens } from './sections/registers.js';
import { rung, type SectionPlan } from './domain/section-plan.js';
import { effectiveTargetTokens, scaledRow, SECTION_TABLE } from './domain/section-table.js';
import { thisWavePlan } from './sections/this-wave.js';
import { conductorTools } from './tools.js';

/** Moves when the same input may give other bytes. */
export const BUILDER_VERSION = '2';

/** All that decides the bytes of a wave's first request; plain JSON, kept with the wave. */
export interface ContextInput {
  readonly snapshot: ConductorSnapshot;
  readonly policy: Policy;
  readonly targetTokens: number;
  /** At most this many inbox items, where fewer are wanted than `policy.inbox_page_max`. */
  readonly page?: number;
}

export interface ContextPack {
  readonly kind: 'packed';
  readonly request: ConductorRequest;
  readonly sections: readonly ContextSection[];
  /** The sum of the sections, never above `targetTokens`. */
  readonly totalTokens: number;
  /** The target that was packed for: the input's, or what the budget lets through when that is less. */
  readonly targetTokens: number;
  /** Of Z0 to Z4: the hash of all bytes up to the end of that section. */
  readonly prefixSha256: Readonly<Record<string, string>>;
  readonly requestSha256: string;
  readonly builderVersion: string;
  /** The inbox items that the request shows; all others stay unseen. */
  readonly shownInboxRefs: readonly string[];
  /** The tasks that have a line in the request or are the subject of an inbox item on it. */
  readonly shownTaskRefs: readonly string[];
}

/** The mission obliges its conductor to read more than fits beside the work: nothing is trimmed, a person is asked. */
export interface Overcommitted {
  readonly kind: 'overcommitted';
  readonly obligedTokens: number;
  readonly allowedTokens: number;
}

/** Packs what a conductor must and may know into one request. Pure: the same input gives the same bytes. */
export function buildContext(input: ContextInput): ContextPack | Overcommitted {
  const { snapshot, policy } = input;
  const targetTokens = effectiveTargetTokens(input.targetTokens, policy.context_budget_tokens);
  const keyOf = fenceKeys(snapshot.mission.fenceSecretHex);
  const pack = (plan: SectionPlan): PackedSection =>
    packSection(plan, scaledRow(plan.name, targetTokens).ceiling);

  const tools = conductorTools();
  const fixed = [toolsSection(tools), pack(protocolPlan)];
  const charter = pack(charterPlan(snapshot.mission, policy));
  const directives = pack(directivesPlan(snapshot.directives));
  const missionRoom = targetTokens - tokensOf(fixed) - SECTION_TABLE.Z8.ceiling;
  const obligedTokens =
    tokensOf([charter, directives]) +
    inFlightTokens(snapshot.board.inFlight, keyOf) +
    requestsTokens(snapshot.requests);
  const allowedTokens = obligedTokensMax(missionRoom);
  if (obligedTokens > allowedTokens) return { kind: 'overcommitted', obligedTokens, allowedTokens };

  const finishedRoom = finishedRoomTokens(missionRoom, scaledRow('Z4', targetTokens).ceiling);
  const stable = [
    ...fixed,
    charter,
    directives,
    packSection(finishedWorkPlan(snapshot, keyOf), finishedRoom),
  ];
  const thisWave = pack(thisWavePlan(snapshot, policy, keyOf));
  const plans = {
    registers: registersPlan(snapshot),
    board: boardPlan(snapshot, keyOf),
    page: inboxPage(snapshot, Math.min(policy.inbox_page_max, input.page ?? Infinity), keyOf),
  };
  const roomTokens = targetTokens - tokensOf([...stable, thisWave]);
  const volatile = packVolatile(plans, { roomTokens, targetTokens });
  return contextPack(input, { tools, targetTokens, sections: [...stable, ...volatile, thisWave] });
}

interface Packing {
  readonly tools: RequestTool[];
  readonly targetTokens: number;
  readonly sections: readonly PackedSection[];
}

function contextPack(
  { snapshot, policy }: ContextInput,
  { tools, targetTokens, sections }: Packing,
): ContextPack {
  const request: ConductorRequest = {
    model: policy.model,
    max_tokens: policy.output_tokens_max,
    tools,
    system: textBlocks(sections, ['Z1', 'Z2', 'Z3']),
    messages: [{ role: 'user', content: textBlocks(sections, ['Z4', 'Z5', 'Z6', 'Z7', 'Z8']) }],
  };
  const shownIn = (...names: SectionName[]): string[] =>
    sections.filter(({ section }) => names.includes(section.name)).flatMap(({ shown }) => shown);
  const inboxRefs = new Set(shownIn('Z7'));
  const subjects = snapshot.inbox.flatMap((item) =>
    inboxRefs.has(item.ref) && 'taskRef' in item ? [item.taskRef] : [],
  );
  return {
    kind: 'packed',
    request,
    sections: sections.map(({ section }) => section),
    totalTokens: tokensOf(sections),
    targetTokens,
    prefixSha256: prefixHashes(request),
    requestSha256: sha256Hex(canonicalJson(request)),
    builderVersion: BUILDER_VERSION,
    shownInboxRefs: [...inboxRefs],
    shownTaskRefs: [...new Set([...shownIn('Z4').filter(isTaskRef), ...shownIn('Z6'), ...subjects])],
  };
}

/** Of finished work: a card, and not the digest of many. */
function isTaskRef(ref: string): boolean {
  return ref.startsWith('T');
}

function textBlocks(sections: readonly PackedSection[], names: readonly SectionName[]): RequestText[] {
  return sections
    .filter(({ section }) => names.includes(section.name))
    .map(({ section, text }) => ({ type: 'text', text, ...breakpointAfter(section.name) }));
}

function prefixHashes({ tools, system, messages }: ConductorRequest): Record<string, string> {
  const blocks = [tools, ...system, ...messages[0].content.slice(0, 1)].map((block) => canonicalJson(block));
  return Object.fromEntries(
    blocks.map((_, index) => [`Z${index}`, sha256Hex(blocks.slice(0, index + 1).join(''))]),
  );
}

function toolsSection(tools: RequestTool[]): PackedSection {
  const text = canonicalJson(tools);
  const { name, tokens } = rung('fixed', text);
  const { title, ceiling } = SECTION_TABLE.Z0;
  const block = { ref: 'tools', source: 'release', rung: name, tokens, sha256: sha256Hex(text) };
  return { section: { name: 'Z0', title, tokens, ceiling, blocks: [block], omitted: [] }, text, shown: [] };
}

function tokensOf(sections: readonly PackedSection[]): number {
  return sections.reduce((sum, { section }) => sum + section.tokens, 0);
}
