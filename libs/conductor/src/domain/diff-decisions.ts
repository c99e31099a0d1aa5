import { canonicalJson } from '#context';
import type { ComparedDecision, DecisionDiff, DecisionRecord, Json } from '#contracts';
import type { ConductorSnapshot, WriteItem } from '#ledger';

/** What two conductors knew alike of the tasks that they name. */
export interface SharedFacts {
  /** Refs of tasks that there were, by whatever else they may be called. */
  readonly refs: ReadonlyMap<string, string>;
  /** Where a task goes that names its worker, whoever dispatches it. */
  readonly workers: ReadonlyMap<string, string>;
  /** Where all others go when nothing is said. */
  readonly defaultWorker: string | null;
}

/** What a wave's snapshot, and the rows that it changed, say of the tasks that were named. */
export function sharedFacts(
  { board }: Pick<ConductorSnapshot, 'board'>,
  workers: readonly string[],
  original: readonly DecisionRecord[],
): SharedFacts {
  const refs = new Map<string, string>();
  const pools = new Map<string, string>();
  for (const { id, ref } of original.flatMap(({ changed }) => changed)) refs.set(id, ref);
  for (const { ref, key, worker } of [...board.ready, ...board.blocked]) {
    if (key !== null) refs.set(key, ref);
    if (worker !== null) pools.set(ref, worker);
  }
  return { refs, workers: pools, defaultWorker: workers[0] ?? null };
}

/**
 * What two conductors decided alike, otherwise, or alone, whatever the order. A task is the same by any of its names; one
 * that both would create is the same by its key or, since each chooses its keys freely, by its title. What is the same
 * in all arguments is paired first, then what is about the same subject.
 */
export function diffDecisions(
  original: readonly DecisionRecord[],
  shadow: readonly WriteItem[],
  facts: SharedFacts,
): DecisionDiff {
  const ours = original.map(({ tool, input }) => ({ tool, input }) as unknown as WriteItem); // as `decide` recorded them
  const renamed = sameCreations(creationsIn(ours, facts), creationsIn(shadow, facts));
  const alike = pairUp(
    ours.map((item) => compared(item, facts, (name) => facts.refs.get(name) ?? name)),
    shadow.map((item) => compared(item, facts, (name) => facts.refs.get(name) ?? renamed.get(name) ?? name)),
    canonicalJson,
  );
  const related = pairUp(alike.left, alike.right, ({ tool, subject }) =>
    subject === null ? null : `${tool} ${subject}`,
  );
  return {
    same: alike.pairs.map(([decision]) => decision),
    changed: related.pairs.map(([{ input, ...decision }, other]) => ({
      ...decision,
      original: input,
      shadow: other.input,
    })),
    only_original: related.left,
    only_shadow: related.right,
  };
}

interface Creation {
  readonly key: string;
  readonly title: string | null;
}

function creationsIn(items: readonly WriteItem[], { refs }: SharedFacts): Creation[] {
  return items.flatMap(({ tool, input }) => {
    if (tool !== 'task_upsert' || input.expected_version !== undefined || refs.has(input.key)) return [];
    return [{ key: input.key, title: input.title?.trim().replace(/\s+/g, ' ').toLowerCase() ?? null }];
  });
}

/** The keys of the one side for those of the other that are the same task to be. */
function sameCreations(original: readonly Creation[], shadow: readonly Creation[]): Map<string, string> {
  const keysOf = (creations: readonly Creation[]) => new Set(creations.map(({ key }) => key));
  const [ours, theirs] = [keysOf(original), keysOf(shadow)];
  const { pairs } = pairUp(
    original.filter(({ key }) => !theirs.has(key)),
    shadow.filter(({ key }) => !ours.has(key)),
    ({ title }) => title,
  );
  return new Map(pairs.map(([one, other]) => [other.key, one.key]));
}

function compared(item: WriteItem, facts: SharedFacts, nameOf: (name: string) => string): ComparedDecision {
  const { subject, input } = normalForm(item, facts, nameOf);
  return { tool: item.tool, subject, input: input as Json }; // parsed from JSON
}

/**
 * The arguments with one name for each task and lists of tasks in one order; and what they are about, null for what is
 * about nothing that has a name: it has a pair only where all is the same.
 */
function normalForm(
  { tool, input }: WriteItem,
  facts: SharedFacts,
  nameOf: (name: string) => string,
): { readonly subject: string | null; readonly input: object } {
  const namesOf = (names: readonly string[] = []) => [...new Set(names.map(nameOf))].sort();
  switch (tool) {
    case 'task_upsert': {
      const key = nameOf(input.key);
      return { subject: key, input: { ...input, key, depends_on: namesOf(input.depends_on) } };
    }
    case 'task_dispatch': {
      const ref = nameOf(input.ref);
      const worker = facts.workers.get(ref) ?? input.worker ?? facts.defaultWorker;
      return { subject: ref, input: { ref, worker } };
    }
    case 'task_review':
    case 'task_cancel': {
      const ref = nameOf(input.ref);
      return { subject: ref, input: { ...input, ref } };
    }
    case 'ask_human': {
      const refs = namesOf(input.refs);
      return { subject: refs.length === 0 ? null : refs.join(', '), input: { ...input, refs } };
    }
    case 'note':
      return { subject: input.supersedes ?? null, input };
    case 'handoff':
      return { subject: 'wave', input };
  }
}

interface Pairing<Side> {
  readonly pairs: readonly (readonly [Side, Side])[];
  readonly left: Side[];
  readonly right: Side[];
}

/** Pairs what has the same key, each once and in order; a null key has no pair. */
function pairUp<Side>(
  left: readonly Side[],
  right: readonly Side[],
  keyOf: (one: Side) => string | null,
): Pairing<Side> {
  const waiting = new Map<string | null, Side[]>();
  for (const one of right) {
    const key = keyOf(one);
    const alike = waiting.get(key);
    if (alike === undefined) waiting.set(key, [one]);
    else alike.push(one);
  }
  const alone: Side[] = [];
  const pairs: [Side, Side][] = [];
  for (const one of left) {
    const key = keyOf(one);
    const other = key === null ? undefined : waiting.get(key)?.shift();
    if (other === undefined) alone.push(one);
    else pairs.push([one, other]);
  }
  const paired = new Set(pairs.map(([, other]) => other));
  return { pairs, left: alone, right: right.filter((one) => !paired.has(one)) };
}
