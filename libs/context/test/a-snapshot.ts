import { type Policy, type PolicyPatch, policyFrom, TASK_STATES, type TaskState } from '#contracts';
import {
  type ConductorSnapshot,
  extractDigest,
  growTree,
  liveNodes,
  type SnapshotBoard,
  type SnapshotInboxItem,
  type SnapshotInFlight,
  type SnapshotMission,
  type SnapshotRequest,
  type SnapshotResult,
  type SnapshotReview,
  type SnapshotTask,
  type SnapshotWave,
  type TaskEnd,
  type TreeNode,
  writeCard,
} from '#ledger';
import type { ContextInput } from '../src/build-context.js';

export const FENCE_SECRET_HEX = '0123456789abcdef'.repeat(4);

interface SnapshotParts extends Partial<Omit<ConductorSnapshot, 'mission' | 'wave' | 'board'>> {
  readonly mission?: Partial<SnapshotMission>;
  readonly wave?: Partial<SnapshotWave>;
  readonly board?: Partial<SnapshotBoard>;
}

/** The snapshot of a mission about which nothing is known, overlaid with what a test is about. */
export function aSnapshot({ mission, wave, board, ...lists }: SnapshotParts = {}): ConductorSnapshot {
  return {
    mission: { ...A_MISSION, ...mission },
    wave: { ...A_WAVE, ...wave },
    directives: [],
    notes: [],
    notesTotal: lists.notes?.length ?? 0,
    requests: [],
    board: aBoard(board),
    finished: [],
    inbox: [],
    inboxSpill: 0,
    ...lists,
  };
}

export function anInput(
  snapshot: ConductorSnapshot,
  { targetTokens, ...policy }: PolicyPatch & { targetTokens?: number } = {},
): ContextInput {
  const whole: Policy = policyFrom(policy);
  return { snapshot, policy: whole, targetTokens: targetTokens ?? whole.context_target_tokens };
}

export function aTask(number: number, parts: Partial<SnapshotTask> = {}): SnapshotTask {
  return {
    ref: `T${number}`,
    key: null,
    title: `Task number ${number}`,
    version: 1,
    priority: 2,
    worker: null,
    openDependencies: [],
    stateReason: null,
    failures: 0,
    ...parts,
  };
}

export function inFlight(number: number, parts: Partial<SnapshotInFlight> = {}): SnapshotInFlight {
  return {
    taskRef: `T${number}`,
    attemptRef: `A${number}`,
    state: 'leased',
    pool: 'builtin',
    title: `Task number ${number}`,
    version: 1,
    ...parts,
  };
}

export function aResult(parts: Partial<SnapshotResult> = {}): SnapshotResult {
  const outputHead = parts.outputHead ?? '';
  return {
    summary: 'Did what was asked.',
    outputHead,
    outputBytes: Buffer.byteLength(outputHead),
    artifactIds: [],
    ...parts,
  };
}

export function aReview(number: number, parts: Partial<SnapshotReview> = {}): SnapshotReview {
  return {
    taskRef: `T${number}`,
    attemptRef: `A${number}`,
    title: `Task number ${number}`,
    version: 5,
    acceptanceCriteria: [],
    result: aResult(),
    ...parts,
  };
}

/** What is live of a digest tree after these ends, in this order. */
export function finishedWork(...ends: readonly TaskEnd[]): TreeNode[] {
  return liveNodes(growTree<TreeNode>([], ends.map(writeCard), extractDigest));
}

export function anEnd(number: number, parts: Partial<TaskEnd> = {}): TaskEnd {
  return {
    number,
    generation: 1,
    state: 'completed',
    attempts: 1,
    title: `Task number ${number}`,
    outcome: `Outcome ${number}`,
    ...parts,
  };
}

export function aRequest(number: number, parts: Partial<SnapshotRequest> = {}): SnapshotRequest {
  return {
    ref: `Q${number}`,
    kind: 'text',
    about: 'question',
    prompt: `Question ${number}?`,
    taskRefs: [],
    taskTotal: parts.taskRefs?.length ?? 0,
    deadline: null,
    ...parts,
  };
}

export function aMessage(number: number, text: string, { trusted = true } = {}): SnapshotInboxItem {
  return { ref: `I${number}`, kind: 'message', text, trusted };
}

export function aSuccess(number: number, result: SnapshotResult = aResult()): SnapshotInboxItem {
  return {
    ref: `I${number}`,
    kind: 'attempt_succeeded',
    taskRef: `T${number}`,
    attemptRef: `A${number}`,
    result,
  };
}

const A_MISSION: SnapshotMission = {
  id: 'mission',
  title: 'Build the harbour',
  objective: 'Ships can land.',
  acceptanceCriteria: [],
  counts: Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as Record<TaskState, number>,
  fenceSecretHex: FENCE_SECRET_HEX,
  lastEventSeq: 1,
};

const A_WAVE: SnapshotWave = {
  number: 17,
  trigger: 'result',
  date: '2026-11-23',
  handoffNote: null,
  freeSlots: 45,
  tasksCreatableMax: 20,
};

function aBoard(parts: Partial<SnapshotBoard> = {}): SnapshotBoard {
  return {
    ready: [],
    readyTotal: parts.ready?.length ?? 0,
    inFlight: [],
    review: [],
    reviewTotal: parts.review?.length ?? 0,
    blocked: [],
    blockedTotal: parts.blocked?.length ?? 0,
    ...parts,
  };
}
