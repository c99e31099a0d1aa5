import type {
  InputRequestKind,
  InputRequestSubject,
  NoteKind,
  TaskState,
  TimeoutAction,
  WaveTrigger,
} from '#contracts';
import type { TreeNode } from './digest-node.js';

/**
 * All that one wave may know: read in one transaction from the ledger, plain JSON, bounded by the limits that the
 * store reads with. The context builder packs it; it is kept with the wave so that the same bytes can be made again.
 */
export interface ConductorSnapshot {
  readonly mission: SnapshotMission;
  readonly wave: SnapshotWave;
  /** Accepted ones, by number. */
  readonly directives: readonly SnapshotDirective[];
  /** Those in force (not superseded): decisions and failures before the rest, oldest first; the newest of `notesTotal`. */
  readonly notes: readonly SnapshotNote[];
  readonly notesTotal: number;
  /** All that people are asked and have not answered, oldest first. */
  readonly requests: readonly SnapshotRequest[];
  readonly board: SnapshotBoard;
  /** What has ended, oldest first: the live nodes of the digest tree, which together cover each end of a task once. */
  readonly finished: readonly TreeNode[];
  /** The page: the person lane first, then oldest first. */
  readonly inbox: readonly SnapshotInboxItem[];
  /** Unseen items that are not on the page. */
  readonly inboxSpill: number;
}

export interface SnapshotMission {
  readonly id: string;
  readonly title: string;
  readonly objective: string;
  readonly acceptanceCriteria: readonly string[];
  readonly counts: Readonly<Record<TaskState, number>>;
  /** 64 hexadecimal digits; keys the fences around text from outside. */
  readonly fenceSecretHex: string;
  /** The number of the last event that this snapshot includes. */
  readonly lastEventSeq: number;
}

export interface SnapshotWave {
  readonly number: number;
  readonly trigger: WaveTrigger;
  /** YYYY-MM-DD, UTC. */
  readonly date: string;
  /** What the last conductor left; null for the first, and after a rotation. */
  readonly handoffNote: string | null;
  /** Attempts that may be offered before the mission's slots are full. */
  readonly freeSlots: number;
  /** Tasks that this wave may create. */
  readonly tasksCreatableMax: number;
}

export interface SnapshotDirective {
  readonly ref: string;
  readonly text: string;
}

export interface SnapshotNote {
  readonly ref: string;
  readonly kind: NoteKind;
  readonly text: string;
  readonly waveNumber: number | null;
}

/** A question that waits for a person. */
export interface SnapshotRequest {
  readonly ref: string;
  readonly kind: InputRequestKind;
  readonly about: InputRequestSubject;
  readonly prompt: string;
  /** The first of `taskTotal` tasks that wait for it. */
  readonly taskRefs: readonly string[];
  readonly taskTotal: number;
  /** RFC 3339, UTC. */
  readonly deadline: string | null;
}

/** A task as the board lists it. */
export interface SnapshotTask {
  readonly ref: string;
  readonly key: string | null;
  readonly title: string;
  readonly version: number;
  readonly priority: number;
  /** The pool that the task names; null lets the conductor choose. */
  readonly worker: string | null;
  /** Refs of dependencies that have not completed. */
  readonly openDependencies: readonly string[];
  readonly stateReason: string | null;
  readonly failures: number;
}

export interface SnapshotInFlight {
  readonly taskRef: string;
  readonly attemptRef: string;
  readonly state: 'offered' | 'leased';
  readonly pool: string;
  readonly title: string;
  readonly version: number;
}

export interface SnapshotReview {
  readonly taskRef: string;
  readonly attemptRef: string;
  readonly title: string;
  readonly version: number;
  readonly acceptanceCriteria: readonly string[];
  readonly result: SnapshotResult;
}

/** A worker's result, cut to a bound; the rest is reached by `artifact_read` or `ledger_get`. */
export interface SnapshotResult {
  readonly summary: string;
  readonly outputHead: string;
  readonly outputBytes: number;
  readonly artifactIds: readonly string[];
}

/** Open tasks by what can be done about them; each list holds the first of its total, by priority then number. */
export interface SnapshotBoard {
  readonly ready: readonly SnapshotTask[];
  readonly readyTotal: number;
  readonly inFlight: readonly SnapshotInFlight[];
  readonly review: readonly SnapshotReview[];
  readonly reviewTotal: number;
  readonly blocked: readonly SnapshotTask[];
  readonly blockedTotal: number;
}

interface InboxItemBase {
  /** The item's number in the mission's inbox: `I31`. */
  readonly ref: string;
}
export type SnapshotInboxItem = InboxItemBase &
  (
    | { readonly kind: 'message'; readonly text: string; readonly trusted: boolean }
    | {
        readonly kind: 'submission';
        readonly firstRef: string;
        readonly lastRef: string;
        readonly count: number;
      }
    | {
        readonly kind: 'attempt_succeeded' | 'attempt_late';
        readonly taskRef: string;
        readonly attemptRef: string;
        readonly result: SnapshotResult;
      }
    | {
        readonly kind: 'attempt_failed' | 'attempt_exhausted';
        readonly taskRef: string;
        readonly attemptRef: string;
        readonly error: string;
      }
    | {
        readonly kind: 'dependency_failed';
        readonly taskRef: string;
        readonly blockedRefs: readonly string[];
        readonly blockedTotal: number;
      }
    | {
        readonly kind: 'decision_rejected';
        readonly tool: string;
        readonly subject: string;
        readonly reason: string;
      }
    | {
        readonly kind: 'answer';
        readonly inputRef: string;
        readonly about: string;
        /** What was asked. */
        readonly prompt: string;
        /** The first of `taskTotal` tasks that waited for it. */
        readonly taskRefs: readonly string[];
        readonly taskTotal: number;
        readonly value: string;
        readonly comment: string;
        /** A person, a program without a person's authority, or the default because nobody answered in time. */
        readonly source: 'person' | 'program' | 'default';
      }
    | {
        readonly kind: 'input_expired';
        readonly inputRef: string;
        readonly prompt: string;
        readonly then: TimeoutAction;
      }
  );
