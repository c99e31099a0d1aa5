import { newUuid, type Json } from '#contracts';
import {
  clearDigests,
  endKey,
  insertDigests,
  readLiveDigests,
  readRecordedEnds,
  type RecordedEnd,
  type StoredNode,
} from './digest.store.js';
import { digestRef, type CardNode, type TreeNode } from './domain/digest-node.js';
import { completesGroup, growTree, placeKey } from './domain/digest-tree.js';
import { writeCard, type TaskEnd } from './domain/write-card.js';
import { extractDigest } from './domain/write-digest.js';
import { endOutcome } from './end-outcome.js';
import type { MissionLedger } from './mission-ledger.js';

/** An end of a task in an open ledger. */
export interface EndedTask extends TaskEnd {
  readonly taskId: string;
}

/**
 * Appends what has ended to the mission's digest tree, in the transaction in which it ends: a card each, and a digest
 * for every group of eight that this completes. Pure work on rows of this mission: nothing is asked, nothing waited for.
 */
export async function growDigests(ledger: MissionLedger, ended: readonly EndedTask[]): Promise<void> {
  const { mission, tx } = ledger;
  const taskEnds = mission.taskEnds ?? (await makeDigests(ledger)).taskEnds;
  const cards = ended.map((end, place) => writeCard(end, taskEnds + place));
  const taskOf = new Map(cards.map((card, place) => [card.first, ended[place]?.taskId ?? null]));
  const live = completesGroup(taskEnds, cards.length) ? await readLiveDigests(tx, mission.id) : [];
  const created = growTree<TreeNode>(
    live.map(({ node }) => node),
    cards,
    extractDigest,
  ).map((node): StoredNode => {
    return { id: newUuid(), taskId: node.level === 0 ? (taskOf.get(node.first) ?? null) : null, node };
  });
  await insertDigests(tx, mission.id, created);
  mission.taskEnds = taskEnds + cards.length;
  for (const { node } of created) if (node.writer !== 'card') appendCreated(ledger, node);
}

function appendCreated(ledger: MissionLedger, node: Exclude<TreeNode, CardNode>): void {
  const data: Record<string, Json> = {
    ref: digestRef(node),
    level: node.level,
    first: node.first,
    last: node.last,
    ...node.counts,
    writer: node.writer,
  };
  ledger.append({ type: 'digest.created', actor: { kind: 'system', id: null }, data });
}

/** What a tree comes to: how many ends it covers, and the digests above them. */
export interface RebuiltDigests {
  readonly taskEnds: number;
  readonly digests: number;
}

/**
 * Makes a mission's tree again from the ends of its tasks, by the extractive writer and with the same leaves: the tree
 * that grew with them, end by end. Ends that have no card, of missions older than the tree, get theirs.
 */
export async function makeDigests(ledger: MissionLedger): Promise<RebuiltDigests> {
  const { mission, tx } = ledger;
  const ends = await readRecordedEnds(tx, mission.id);
  const cards = ends.map(cardOf);
  const nodes = growTree<TreeNode>([], cards, extractDigest);
  const known = await clearDigests(tx, mission.id);
  const stored = nodes.map((node): StoredNode => {
    const end = node.level === 0 ? ends[node.first] : undefined;
    const knownId =
      end === undefined
        ? known.idOfPlace.get(placeKey(node))
        : known.idOfEnd.get(endKey(end.taskId, end.generation));
    return { id: knownId ?? newUuid(), taskId: end?.taskId ?? null, node };
  });
  await insertDigests(tx, mission.id, stored);
  mission.taskEnds = ends.length;
  return { taskEnds: ends.length, digests: nodes.length - ends.length };
}

/** The card that an end has, at its place; else the one that it would have got, as far as the ledger still tells. */
function cardOf(end: RecordedEnd, leaf: number): CardNode {
  const attempts = end.card?.attempts ?? end.attempts;
  const { number, generation, state } = end;
  const [title, outcome] =
    end.card === null ? [end.title, endOutcome(end)] : [end.card.title, end.card.outcome];
  return writeCard({ number, generation, state, attempts, title, outcome }, leaf);
}
