import type { ContextBlock, ContextOmission, ContextSection } from '#contracts';
import { sha256Hex } from './canonical-json.js';
import { type Item, type ItemList, type Rung, rung, type SectionPlan } from './section-plan.js';
import { SECTION_TABLE } from './section-table.js';

export interface PackedSection {
  readonly section: ContextSection;
  readonly text: string;
  /** Items on the page, by ref. */
  readonly shown: readonly string[];
}

/**
 * Says as much of a plan as fits in `roomTokens`: every item begins at its lowest guaranteed rung and climbs by worth
 * per token; each list ends with a count of what it left out and the call that fetches it. Uses at most `roomTokens`,
 * or `minimumTokens(plan)` when that is more. Same plan and room, same bytes.
 */
export function packSection(plan: SectionPlan, roomTokens: number): PackedSection {
  const levels = climb(plan, roomTokens);
  const lists = plan.lists.map((list) => renderList(list, levels));
  const blocks = lists.flatMap((list) => list.blocks);
  return {
    section: {
      name: plan.name,
      title: SECTION_TABLE[plan.name].title,
      tokens: blocks.reduce((sum, block) => sum + block.tokens, 0),
      ceiling: Math.max(roomTokens, minimumTokens(plan)),
      blocks,
      omitted: [...lists.flatMap((list) => list.omitted), ...plan.omitted],
    },
    text: lists.map((list) => list.text).join(''),
    shown: lists.flatMap((list) => list.shown),
  };
}

/** What a plan takes at the least: headings, guaranteed items at their lowest rung, the counts of omissions. */
export function minimumTokens(plan: SectionPlan): number {
  return planTokens(plan, (item) => (item.guaranteed ? item.ladder[0].tokens : 0));
}

/** What a plan takes when everything is said in full. */
export function fullTokens(plan: SectionPlan): number {
  return planTokens(plan, (item) => Math.max(...item.ladder.map(({ tokens }) => tokens)));
}

function planTokens(plan: SectionPlan, itemTokens: (item: Item) => number): number {
  return plan.lists.reduce(
    (sum, list) =>
      sum +
      rung('fixed', list.heading).tokens +
      omissionTokensMax(list) +
      list.items.reduce((listSum, item) => listSum + itemTokens(item), 0),
    0,
  );
}

/** Index into the item's ladder; absent when it is only counted. */
type Levels = ReadonlyMap<Item, number>;

interface Step {
  readonly item: Item;
  readonly level: number;
  readonly tokens: number;
  readonly density: number;
  /** What must be on the page before. */
  readonly after: Item | null;
}

function climb(plan: SectionPlan, roomTokens: number): Levels {
  const items = plan.lists.flatMap((list) => list.items);
  const levels = new Map<Item, number>();
  for (const item of items) if (item.guaranteed) levels.set(item, 0);
  let leftTokens = roomTokens - minimumTokens(plan);
  const steps = plan.lists.flatMap(stepsOfList).sort((left, right) => right.density - left.density);
  for (const step of steps) {
    const isNext = (levels.get(step.item) ?? -1) === step.level - 1;
    const isInTurn = step.after === null || levels.has(step.after);
    if (!isNext || !isInTurn || step.tokens > leftTokens) continue;
    levels.set(step.item, step.level);
    leftTokens -= step.tokens;
  }
  return levels;
}

/** In a ranked list no item sorts before the one above it, nor is said without it. */
function stepsOfList({ items, ranked }: ItemList): Step[] {
  let above: Step | null = null;
  return items.flatMap((item) => {
    const steps = stepsOf(item, ranked === undefined ? null : above);
    above = steps[0] ?? above;
    return steps;
  });
}

/** Each further rung is worth half of the one below it, and never sorts before it. */
function stepsOf(item: Item, above: Step | null): Step[] {
  const steps: Step[] = [];
  let density = above?.density ?? Number.POSITIVE_INFINITY;
  let tokensBelow = 0;
  for (const [level, { tokens }] of item.ladder.entries()) {
    const extraTokens = tokens - tokensBelow;
    tokensBelow = tokens;
    density = Math.min(density, item.worth / 2 ** level / Math.max(1, extraTokens));
    const after = above?.item ?? null;
    if (level > 0 || !item.guaranteed) steps.push({ item, level, tokens: extraTokens, density, after });
  }
  return steps;
}

interface RenderedList {
  readonly text: string;
  readonly blocks: readonly ContextBlock[];
  readonly omitted: readonly ContextOmission[];
  readonly shown: readonly string[];
}

function renderList(list: ItemList, levels: Levels): RenderedList {
  const said = list.items.flatMap((item) => {
    const at = item.ladder[levels.get(item) ?? -1];
    return at === undefined ? [] : [{ item, at }];
  });
  const heading = rung('fixed', list.heading);
  const left = leftOut(
    list,
    list.items.filter((item) => !levels.has(item)),
  );
  return {
    text: [heading.text, ...said.map(({ at }) => at.text), left.line.text].join(''),
    blocks: [
      ...blockOf('heading', list.source, heading),
      ...said.flatMap(({ item, at }) => blockOf(item.ref, item.source, at)),
      ...blockOf('omitted', list.source, left.line),
    ],
    omitted: [
      ...said
        .filter(({ item, at }) => at !== item.ladder.at(-1))
        .map(({ item }) => ({ ref: item.ref, count: 1, reason: 'shortened', fetch: item.fetch })),
      ...left.omitted,
    ],
    shown: said.map(({ item }) => item.ref),
  };
}

function blockOf(ref: string, source: string, { name, text, tokens }: Rung): ContextBlock[] {
  return text === '' ? [] : [{ ref, source, rung: name, tokens, sha256: sha256Hex(text) }];
}

/** The line with which a list ends when these items, and those that the snapshot does not carry, are not on the page. */
function leftOut(list: ItemList, items: readonly Item[]): { line: Rung; omitted: ContextOmission[] } {
  const count = items.length + (list.rest?.unlisted ?? 0);
  if (list.rest === null || count === 0) return { line: rung('counted', ''), omitted: [] };
  const fetch = list.rest.fetch(items.map((item) => item.ref));
  return {
    line: rung('counted', `(+${count} more: ${fetch})\n`),
    omitted: [{ ref: null, count, reason: 'no_room', fetch }],
  };
}

/** The longest line that a list could end with: everything left out, and the refs with the most digits named. */
function omissionTokensMax(list: ItemList): number {
  const longestFirst = list.items
    .filter((item) => !item.guaranteed)
    .sort((left, right) => right.ref.length - left.ref.length);
  return leftOut(list, longestFirst).line.tokens;
}
