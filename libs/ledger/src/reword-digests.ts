import type { Tx } from '#database';
import { claimDigestToWrite, readDigestChildren, replaceWording } from './digest.store.js';
import type { DigestBody } from './domain/digest-node.js';
import { rewordDigest, type DigestWording } from './domain/reword-digest.js';
import { extractBody } from './domain/write-digest.js';
import { readDigestPolicy, type WorkerPolicy } from './worker-policy.js';

/** A live digest that a model is to reword. */
export interface ClaimedDigest {
  readonly tenantId: string;
  readonly missionId: string;
  readonly digestId: string;
}

/**
 * Takes one live digest of a mission to be reworded, at the cost of one of its tries; null when none is due. It reads
 * nothing else: whatever is wrong with a mission, the try is spent, and another mission has its turn.
 */
export async function claimDigest(tx: Tx, missionId: string): Promise<ClaimedDigest | null> {
  const digestId = await claimDigestToWrite(tx, missionId);
  return digestId === null ? null : { tenantId: tx.tenantId, missionId, digestId };
}

/** What a model is to reword a digest from, and by which policy. */
export interface DigestSources {
  /** All that its eight nodes say, uncut. */
  readonly body: DigestBody;
  readonly policy: WorkerPolicy;
}

export async function readDigestSources(
  tx: Tx,
  { missionId, digestId }: ClaimedDigest,
): Promise<DigestSources> {
  const eight = await readDigestChildren(tx, digestId);
  return {
    body: extractBody(eight.map(({ node }) => node)),
    policy: await readDigestPolicy(tx, missionId),
  };
}

/**
 * Puts a model's words in place of the extractive ones, as far as `rewordDigest` lets them through. Null when it did, else
 * why what was written stands. The mission is not locked and no event tells of it: what a digest covers stays the same.
 */
export async function finishDigest(tx: Tx, digestId: string, wording: DigestWording): Promise<string | null> {
  const eight = await readDigestChildren(tx, digestId);
  if (eight.length === 0) return 'its tree has been made again';
  const rewording = rewordDigest(
    eight.map(({ node }) => node),
    wording,
  );
  if (rewording.kind === 'refused') return rewording.reason;
  const replaced = await replaceWording(tx, digestId, rewording.node);
  return replaced ? null : 'it is part of another digest by now, or has been reworded';
}
