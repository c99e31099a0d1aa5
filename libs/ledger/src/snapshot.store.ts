import { taskResultSchema, toStorableText, type Json, type WaveTrigger } from '#contracts';
import type { Tx } from '#database';
import { DIRECTIVES_PER_MISSION_MAX } from './directive.store.js';
import { readLiveDigests } from './digest.store.js';
import { refOf } from './domain/refs.js';
import { toInputRequestRow } from './input-request.store.js';
import type {
  ConductorSnapshot,
  SnapshotBoard,
  SnapshotInboxItem,
  SnapshotRequest,
  SnapshotResult,
  SnapshotReview,
  SnapshotTask,
} from './domain/snapshot.js';
import { TASK_REASONS } from './domain/task-state.js';
import type { InboxRow } from './inbox.store.js';
import { taskCounts } from './mission.store.js';
import type { MissionLedger } from './mission-ledger.js';
import { NOTES_IN_FORCE } from './note.store.js';
import { toTaskRow, type TaskRow } from './task.store.js';

/** What one snapshot reads at most; the rest is counted and reached by the read tools. */
const READY_MAX = 60;
const IN_FLIGHT_MAX = 100;
const REVIEW_MAX = 40;
const BLOCKED_MAX = 60;
const NOTES_MAX = 100;
const OPEN_DEPENDENCIES_NAMED_MAX = 10;
const WAITING_NAMED_MAX = 10;
const OUTPUT_HEAD_CHARACTERS_MAX = 2_000;

/** Reads all that the wave may know, in the transaction that opens it. */
export async function readSnapshot(
  ledger: MissionLedger,
  wave: { readonly page: readonly InboxRow[]; readonly trigger: WaveTrigger },
): Promise<ConductorSnapshot> {
  const { mission, tx, now } = ledger;
  const inbox = await describeInbox(tx, wave.page);
  return {
    mission: {
      id: mission.id,
      title: mission.title,
      objective: mission.objective,
      acceptanceCriteria: mission.acceptanceCriteria,
      counts: taskCounts(mission),
      fenceSecretHex: Buffer.from(mission.fenceSecret).toString('hex'),
      lastEventSeq: mission.lastEventSeq,
    },
    wave: {
      number: mission.lastWaveNumber,
      trigger: wave.trigger,
      date: now.toISOString().slice(0, 10),
      handoffNote: mission.handoffNote,
      freeSlots: ledger.freeSlots,
      tasksCreatableMax: ledger.roomForTasks.tasksMax,
    },
    directives: await readDirectives(ledger),
    ...(await readNotes(ledger)),
    requests: await readRequests(ledger),
    board: await readBoard(ledger),
    finished: (await readLiveDigests(tx, mission.id)).map(({ node }) => node),
    inbox,
    inboxSpill: mission.inboxUnseen - inbox.length,
  };
}

async function readDirectives({ tx, mission }: MissionLedger): Promise<{ ref: string; text: string }[]> {
  const rows = await tx.db.directive.findMany({
    where: { tenantId: tx.tenantId, missionId: mission.id, state: 'accepted' },
    orderBy: { number: 'asc' },
    take: DIRECTIVES_PER_MISSION_MAX,
  });
  return rows.map((row) => ({ ref: refOf('D', row.number), text: row.text }));
}

/** What must not be lost is read first: of many notes, facts and questions are left out before decisions and failures. */
const KEPT_KINDS = ['decision', 'failure'];

async function readNotes({
  tx,
  mission,
}: MissionLedger): Promise<Pick<ConductorSnapshot, 'notes' | 'notesTotal'>> {
  const where = { tenantId: tx.tenantId, missionId: mission.id, ...NOTES_IN_FORCE };
  const newest = { orderBy: { number: 'desc' }, take: NOTES_MAX } as const;
  const kept = await tx.db.note.findMany({ where: { ...where, kind: { in: KEPT_KINDS } }, ...newest });
  const others = await tx.db.note.findMany({ where: { ...where, kind: { notIn: KEPT_KINDS } }, ...newest });
  const rows = [...kept.reverse(), ...others.slice(0, NOTES_MAX - kept.length).reverse()];
  const waveIds = rows.flatMap((row) => row.waveId ?? []);
  const waves = await tx.db.wave.findMany({
    where: { tenantId: tx.tenantId, id: { in: waveIds } },
    select: { id: true, number: true },
  });
  const numberOfWave = new Map(waves.map((wave) => [wave.id, wave.number]));
  const notes = rows.map((row) => ({
    ref: refOf('N', row.number),
    kind: row.kind as ConductorSnapshot['notes'][number]['kind'], // parsed by the note tool's schema
    text: row.text,
    waveNumber: numberOfWave.get(row.waveId ?? '') ?? null,
  }));
  return { notes, notesTotal: await tx.db.note.count({ where }) };
}

/** None is left out: their number is bounded where they are asked, and their lines are guaranteed. */
async function readRequests({ tx, mission }: MissionLedger): Promise<SnapshotRequest[]> {
  if (mission.requestsOpen === 0) return [];
  const rows = await tx.db.inputRequest.findMany({
    where: { tenantId: tx.tenantId, missionId: mission.id, state: 'open', about: { not: 'hold' } },
    orderBy: { number: 'asc' },
    include: {
      tasks: { orderBy: { task: { number: 'asc' } }, select: { task: { select: { number: true } } } },
    },
  });
  return rows.map((row) => {
    const { kind, about, prompt, deadlineAt, number } = toInputRequestRow(row);
    return {
      ref: refOf('Q', number),
      kind,
      about,
      prompt,
      taskRefs: row.tasks.slice(0, WAITING_NAMED_MAX).map(({ task }) => refOf('T', task.number)),
      taskTotal: row.tasks.length,
      deadline: deadlineAt?.toISOString() ?? null,
    };
  });
}

async function readBoard(ledger: MissionLedger): Promise<SnapshotBoard> {
  const { mission } = ledger;
  const review = await readReview(ledger);
  return {
    ready: await readTasks(ledger, 'queued', READY_MAX),
    readyTotal: mission.tasksReady,
    inFlight: await readInFlight(ledger),
    review: review.shown,
    reviewTotal: review.total,
    blocked: await readTasks(ledger, 'blocked', BLOCKED_MAX),
    blockedTotal: mission.tasksBlocked,
  };
}

/** Ready tasks (queued, with nobody at them), or blocked ones, those closest to being ready first. */
async function readTasks(
  ledger: MissionLedger,
  state: 'queued' | 'blocked',
  tasksMax: number,
): Promise<SnapshotTask[]> {
  const { tx, mission } = ledger;
  const stored = await tx.db.task.findMany({
    where: { tenantId: tx.tenantId, missionId: mission.id, state, liveAttemptId: null },
    orderBy: [{ openDependencies: 'asc' }, { priority: 'asc' }, { number: 'asc' }],
    take: tasksMax,
  });
  const tasks = stored.map(toTaskRow);
  const needs = state === 'blocked' ? await readOpenDependencies(tx, tasks) : new Map<string, string[]>();
  return tasks.map((task) => ({
    ref: refOf('T', task.number),
    key: task.key,
    title: task.title,
    version: task.version,
    priority: task.priority,
    worker: task.worker,
    openDependencies: needs.get(task.id) ?? [],
    stateReason: task.stateReason,
    failures: task.failures,
  }));
}

async function readOpenDependencies(tx: Tx, tasks: readonly TaskRow[]): Promise<Map<string, string[]>> {
  const edges = await tx.db.taskDependency.findMany({
    where: {
      tenantId: tx.tenantId,
      taskId: { in: tasks.map((task) => task.id) },
      dependsOn: { state: { not: 'completed' } },
    },
    select: { taskId: true, dependsOn: { select: { number: true } } },
    orderBy: { dependsOn: { number: 'asc' } },
  });
  const refs = new Map<string, string[]>();
  for (const { taskId, dependsOn } of edges) {
    const named = refs.get(taskId) ?? [];
    if (named.length < OPEN_DEPENDENCIES_NAMED_MAX)
      refs.set(taskId, [...named, refOf('T', dependsOn.number)]);
  }
  return refs;
}

async function readInFlight({ tx, mission }: MissionLedger): Promise<SnapshotBoard['inFlight']> {
  const rows = await tx.db.attempt.findMany({
    where: { tenantId: tx.tenantId, missionId: mission.id, state: { in: ['offered', 'leased'] } },
    orderBy: { refNumber: 'asc' },
    take: IN_FLIGHT_MAX,
    include: { task: { select: { number: true, title: true, version: true } } },
  });
  return rows.map((row) => ({
    taskRef: refOf('T', row.task.number),
    attemptRef: refOf('A', row.refNumber),
    state: row.state === 'leased' ? 'leased' : 'offered',
    pool: row.pool,
    title: row.task.title,
    version: row.task.version,
  }));
}

async function readReview({
  tx,
  mission,
}: MissionLedger): Promise<{ shown: SnapshotReview[]; total: number }> {
  const where = {
    tenantId: tx.tenantId,
    missionId: mission.id,
    state: 'working',
    stateReason: TASK_REASONS.awaitingReview,
  };
  const total = await tx.db.task.count({ where });
  const tasks = await tx.db.task.findMany({
    where,
    orderBy: [{ priority: 'asc' }, { number: 'asc' }],
    take: REVIEW_MAX,
  });
  const attempts = await tx.db.attempt.findMany({
    where: { tenantId: tx.tenantId, id: { in: tasks.flatMap((task) => task.liveAttemptId ?? []) } },
  });
  const attemptOfTask = new Map(attempts.map((attempt) => [attempt.taskId, attempt]));
  const shown = tasks.flatMap((task) => {
    const attempt = attemptOfTask.get(task.id);
    if (attempt === undefined) return [];
    return [
      {
        taskRef: refOf('T', task.number),
        attemptRef: refOf('A', attempt.refNumber),
        title: task.title,
        version: task.version,
        acceptanceCriteria: task.acceptanceCriteria,
        result: describeResult(attempt.result),
      },
    ];
  });
  return { shown, total };
}

/** Results are read from their attempts, so that the page shows what waits for review and not what was judged since. */
async function describeInbox(tx: Tx, page: readonly InboxRow[]): Promise<SnapshotInboxItem[]> {
  const attemptIds = page.flatMap((item) =>
    (item.kind === 'attempt_succeeded' || item.kind === 'attempt_late') && item.refId !== null
      ? [item.refId]
      : [],
  );
  const attempts = await tx.db.attempt.findMany({
    where: { tenantId: tx.tenantId, id: { in: attemptIds } },
    select: { id: true, result: true, lateResult: true },
  });
  const resultOf = new Map(attempts.map(({ id, result, lateResult }) => [id, result ?? lateResult]));
  return page.map((item) => describeItem(item, item.refId === null ? null : resultOf.get(item.refId)));
}

function describeItem(item: InboxRow, result: unknown): SnapshotInboxItem {
  const ref = refOf('I', item.seq);
  const text = (name: string): string => {
    const value = item.body[name];
    return typeof value === 'string' ? value : '';
  };
  switch (item.kind) {
    case 'message':
      return { ref, kind: 'message', text: text('text'), trusted: item.body.trusted === true };
    case 'submission':
      return {
        ref,
        kind: 'submission',
        firstRef: text('first'),
        lastRef: text('last'),
        count: Number(item.body.count),
      };
    case 'attempt_succeeded':
    case 'attempt_late':
      return {
        ref,
        kind: item.kind,
        taskRef: text('ref'),
        attemptRef: text('attempt'),
        result: describeResult(result),
      };
    case 'attempt_failed':
    case 'attempt_exhausted':
      return {
        ref,
        kind: item.kind,
        taskRef: text('ref'),
        attemptRef: text('attempt'),
        error: text('error'),
      };
    case 'dependency_failed':
      return {
        ref,
        kind: 'dependency_failed',
        taskRef: text('task'),
        blockedRefs: Array.isArray(item.body.blocked) ? item.body.blocked.map(String) : [],
        blockedTotal: Number(item.body.blocked_total),
      };
    case 'decision_rejected':
      return {
        ref,
        kind: 'decision_rejected',
        tool: text('tool'),
        subject: text('subject'),
        reason: text('reason'),
      };
    case 'answer':
      return describeAnswer(ref, item, text);
    case 'input_expired':
      return {
        ref,
        kind: 'input_expired',
        inputRef: text('ref'),
        prompt: text('prompt'),
        then: text('then') === 'fail' ? 'fail' : 'hold',
      };
  }
}

function describeAnswer(
  ref: string,
  { body }: InboxRow,
  text: (name: string) => string,
): Extract<SnapshotInboxItem, { kind: 'answer' }> {
  return {
    ref,
    kind: 'answer',
    inputRef: text('ref'),
    about: text('about'),
    prompt: text('prompt'),
    taskRefs: Array.isArray(body.tasks) ? body.tasks.map(String) : [],
    taskTotal: Number(body.task_total),
    value: text('value'),
    comment: text('comment'),
    source: sourceOf(text('source')),
  };
}

function sourceOf(text: string): 'person' | 'program' | 'default' {
  return text === 'person' || text === 'default' ? text : 'program';
}

/** A result cut to what a context may show of it. */
export function describeResult(stored: unknown): SnapshotResult {
  const parsed = taskResultSchema.safeParse(stored);
  if (!parsed.success) return { summary: '', outputHead: '', outputBytes: 0, artifactIds: [] };
  const { summary, output, artifacts } = parsed.data;
  const text = outputText(output);
  return {
    summary,
    outputHead: toStorableText(text.slice(0, OUTPUT_HEAD_CHARACTERS_MAX)),
    outputBytes: Buffer.byteLength(text),
    artifactIds: artifacts.map((artifact) => artifact.id),
  };
}

function outputText(output: Json): string {
  if (output === null) return '';
  return typeof output === 'string' ? output : JSON.stringify(output);
}
