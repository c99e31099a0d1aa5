/** How many digests of one level become one of the next. */
export const DIGEST_ARITY = 8;

/** A place in a mission's digest tree: its level, and the leaves it covers, numbered from 0 in the order of the ends. */
export interface TreePlace {
  readonly level: number;
  readonly first: number;
  readonly last: number;
}

/** How many leaves a place at `level` covers. */
export function leavesAt(level: number): number {
  return DIGEST_ARITY ** level;
}

/** The place that takes in this one, sooner or later. */
export function parentPlace({ level, first }: TreePlace): TreePlace {
  const leaves = leavesAt(level + 1);
  const from = Math.floor(first / leaves) * leaves;
  return { level: level + 1, first: from, last: from + leaves - 1 };
}

/** One name for one place. */
export function placeKey({ level, first }: TreePlace): string {
  return `${level}:${first}`;
}

/**
 * The number in a digest's ref (`G12`): digests are numbered in the order in which the growing tree makes them, which
 * depends on nothing but the place. Of a level above 0.
 */
export function digestNumber({ level, last }: TreePlace): number {
  let before = 0;
  for (let leaves = DIGEST_ARITY; leaves <= last; leaves *= DIGEST_ARITY) before += Math.floor(last / leaves);
  return before + level;
}

/** The most digests and cards that are live after so many ends: seven of each level, as digits to the base of eight. */
export function liveMax(taskEnds: number): number {
  let levels = 0;
  for (let rest = taskEnds; rest > 0; rest = Math.floor(rest / DIGEST_ARITY)) levels += 1;
  return (DIGEST_ARITY - 1) * levels;
}

/** True when an append of `added` leaves to `taskEnds` completes a group of eight. */
export function completesGroup(taskEnds: number, added: number): boolean {
  return (taskEnds % DIGEST_ARITY) + added >= DIGEST_ARITY;
}

/**
 * Appends leaves to a tree of which the live nodes are given, oldest first: whenever the newest eight are of one level,
 * `digestOf` makes one of the next level of them. Returns the new nodes, children before their parents.
 */
export function growTree<Node extends TreePlace>(
  live: readonly Node[],
  leaves: readonly Node[],
  digestOf: (eight: readonly Node[]) => Node,
): Node[] {
  const frontier = [...live];
  const created: Node[] = [];
  for (const leaf of leaves) {
    frontier.push(leaf);
    created.push(leaf);
    for (let eight = fullGroup(frontier); eight !== null; eight = fullGroup(frontier)) {
      const digest = digestOf(eight);
      frontier.splice(-DIGEST_ARITY, DIGEST_ARITY, digest);
      created.push(digest);
    }
  }
  return created;
}

/** The nodes of a whole tree that no other of its nodes has taken in, oldest first. */
export function liveNodes<Node extends TreePlace>(nodes: readonly Node[]): Node[] {
  const places = new Set(nodes.map(placeKey));
  return nodes
    .filter((node) => !places.has(placeKey(parentPlace(node))))
    .sort((left, right) => left.first - right.first);
}

/** The newest eight when they are of one level: then they cover a whole group, since the levels of a frontier never rise. */
function fullGroup<Node extends TreePlace>(frontier: readonly Node[]): readonly Node[] | null {
  const eight = frontier.slice(-DIGEST_ARITY);
  const level = eight.at(-1)?.level;
  return eight.length === DIGEST_ARITY && eight.every((node) => node.level === level) ? eight : null;
}
