import {
  contextLevel,
  encodeId,
  taskInputSchema,
  taskResultSchema,
  type Actor,
  type DecisionRecord,
  type Json,
  type StagedWrite,
} from '#contracts';
import type { Tx } from '#database';
import { insertSpills, type SpilledText } from './artifact.store.js';
import { carryOutRotations } from './carry-out-rotations.js';
import { reviseTask } from './change-task.js';
import { insertDirectives } from './directive.store.js';
import { askApproval, askQuestion, propose, type ProposedTask } from './ask-people.js';
import { decide, type Change, type Decision } from './domain/decide.js';
import { isActionable, VERIFICATION_FAILURES_MAX } from './domain/due.js';
import { depthAfterWave } from './domain/lineage.js';
import { refNumber, refOf } from './domain/refs.js';
import { TASK_REASONS } from './domain/task-state.js';
import { endLiveAttempt } from './end-live-attempt.js';
import { cancelOpenTask, completeTask, failTask, transition } from './end-task.js';
import { holdMission } from './holds.js';
import { hasUnseenFromPerson, markInboxSeen } from './inbox.store.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { conclude, isDone, isSettled } from './missions.js';
import { insertNote } from './note.store.js';
import { availableAt, offerAttempt } from './offer-attempt.js';
import { addTasks } from './submit-tasks.js';
import { findTasks, readTask, type TaskRow } from './task.store.js';
import { readJudgedResult } from './result.store.js';
import { loadView } from './view.store.js';
import { endWave, saveWaveContext, type StoredContext } from './wave.store.js';

/** What a wave hands in at its end. */
export interface WaveCommit {
  readonly missionId: string;
  readonly waveId: string;
  readonly epoch: number;
  readonly writes: readonly StagedWrite[];
  /** Numbers of the inbox items that its conductor got to; exactly these have been seen now. */
  readonly seenInboxSeqs: readonly number[];
  readonly stopReason: string;
  readonly context: StoredContext;
  readonly trigger: string;
  /** Set when one of its requests filled so much of the budget that the conductor was warned: its input tokens. */
  readonly warnedAtTokens: number | null;
  /** Tool results that were too long to show, which its requests point to. */
  readonly spills: readonly SpilledText[];
}

/**
 * Ends a wave as one transaction under the mission's lock and epoch: every staged write is decided again on the rows
 * as they are now, applied or rejected with a reason that the next wave reads; its page is seen; its hand-off, context
 * and outcome are kept. False when the epoch has moved: then nothing of the wave remains but its bill.
 */
export async function commitWave(tx: Tx, commit: WaveCommit): Promise<boolean> {
  return inMission(tx, commit.missionId, async (ledger) => {
    const { mission } = ledger;
    if (mission.waveId !== commit.waveId || mission.epoch !== commit.epoch) return false;
    const { view } = await loadView(ledger, commit.writes);
    const tasksBefore = mission.lastTaskNumber;
    const records = await writeDecisions(ledger, decide(view, commit.writes), commit.waveId);
    mission.plannedDepth = depthAfterWave(mission.plannedDepth, mission.lastTaskNumber - tasksBefore);
    mission.inboxUnseen -= await markInboxSeen(tx, mission.id, commit.waveId, commit.seenInboxSeqs);
    await saveWaveContext(tx, commit.waveId, commit.context);
    await insertSpills(ledger, commit.spills);
    warnOfContext(ledger, commit);
    await closeWave(ledger, commit, records);
    await settleMission(ledger, commit, records);
    if (mission.pendingRotations.length > 0) mission.epoch += 1;
    carryOutRotations(ledger);
    return true;
  });
}

/** One event a wave, with its commit: of a wave that is aborted nothing remains, and so no warning. */
function warnOfContext(ledger: MissionLedger, { waveId, warnedAtTokens }: WaveCommit): void {
  if (warnedAtTokens === null) return;
  const budgetTokens = ledger.mission.policy.context_budget_tokens;
  ledger.append({
    type: 'mission.context_warning',
    actor: actorOf(waveId),
    waveId,
    data: {
      context_tokens: warnedAtTokens,
      budget_tokens: budgetTokens,
      level: contextLevel(warnedAtTokens, budgetTokens),
    },
  });
}

async function closeWave(
  ledger: MissionLedger,
  commit: WaveCommit,
  decisions: readonly DecisionRecord[],
): Promise<void> {
  const { mission, tx } = ledger;
  const handoff = commit.writes.findLast((write) => write.tool === 'handoff')?.input;
  mission.handoffNote = handoff?.note ?? null;
  const accepted = decisions.some(({ tool, outcome }) => tool === 'handoff' && outcome === 'applied');
  mission.handoffDone = accepted && (handoff?.done ?? false);
  mission.waveId = null;
  mission.waveLeaseUntil = null;
  mission.waveDueAt = null;
  mission.abortsInRow = 0;
  mission.leasesLostInRow = 0;
  mission.outagesInRow = 0;
  mission.outageSince = null;
  const ended = await endWave(tx, commit.waveId, {
    state: 'committed',
    stopReason: commit.stopReason,
    endedAt: ledger.now,
    handoffNote: mission.handoffNote,
    decisions,
  });
  ledger.append({
    type: 'wave.committed',
    actor: actorOf(commit.waveId),
    waveId: commit.waveId,
    data: {
      number: ended.number,
      state: 'committed',
      stop_reason: commit.stopReason,
      context_tokens: ended.peakRequestTokens,
      applied: decisions.filter((decision) => decision.outcome === 'applied').length,
      rejected: decisions.filter((decision) => decision.outcome === 'rejected').length,
    },
  });
  mission.readyDeferred = handoff?.defer_ready ?? false;
  if (await hasUnseenFromPerson(tx, mission.id)) ledger.dueNow();
}

/** What the commit means for the mission: done, to be verified, or going in circles. */
async function settleMission(
  ledger: MissionLedger,
  commit: WaveCommit,
  decisions: readonly DecisionRecord[],
): Promise<void> {
  const { mission } = ledger;
  const handedOff = decisions.some(
    (decision) => decision.tool === 'handoff' && decision.outcome === 'applied',
  );
  // A paused mission concludes when it is resumed.
  if (isDone(mission)) {
    if (mission.state === 'active')
      conclude(ledger, actorOf(commit.waveId), { isVerified: mission.verificationOwed });
  } else if (mission.verificationOwed) await failVerification(ledger);
  // Nothing is open and nobody said what that means: one more wave is owed, to say it.
  else if (isSettled(mission) && !handedOff && !mission.isDefault) mission.verificationOwed = true;
  const changed = decisions.some(isProgress);
  const heard = HEARD_TRIGGERS.has(commit.trigger) && commit.seenInboxSeqs.length > 0;
  mission.idleWavesInRow = changed || heard ? 0 : mission.idleWavesInRow + 1;
  const idlesOn = mission.idleWavesInRow >= mission.policy.no_progress_waves_max;
  if (idlesOn && isActionable({ ...mission, freeSlots: ledger.freeSlots }))
    await holdMission(ledger, 'stalled', `${mission.idleWavesInRow} waves in a row changed nothing.`);
}

/** A wave that only listened has not been idle. */
const HEARD_TRIGGERS: ReadonlySet<string> = new Set(['message', 'answer']);

const PROGRESS_TOOLS: ReadonlySet<string> = new Set([
  'task_dispatch',
  'task_review',
  'task_cancel',
  'ask_human',
]);

/** Creating, dispatching, judging and asking move the work on; a note, a hand-off or a changed field alone does not. */
function isProgress({ outcome, tool, input }: DecisionRecord): boolean {
  if (outcome !== 'applied') return false;
  return PROGRESS_TOOLS.has(tool) || (tool === 'task_upsert' && !isUpdate(input));
}

function isUpdate(input: Json): boolean {
  return (
    input !== null &&
    typeof input === 'object' &&
    !Array.isArray(input) &&
    input.expected_version !== undefined
  );
}

/** A verification that was owed gives way to new work; without any it is owed again, until it is a person's to settle. */
async function failVerification(ledger: MissionLedger): Promise<void> {
  const { mission } = ledger;
  mission.verificationOwed = false;
  if (!isSettled(mission)) return;
  mission.verificationFailures += 1;
  if (mission.verificationFailures < VERIFICATION_FAILURES_MAX) mission.verificationOwed = true;
  else
    await holdMission(
      ledger,
      'stalled',
      mission.acceptanceCriteria.length > 0
        ? 'The acceptance criteria could not be verified; add tasks or say what is missing, then resume.'
        : 'Nothing is open, but the conductor does not say that the mission is done; add tasks or say so, then resume.',
    );
}

/** What waits for a person's approval, as the wave's changes are written. */
interface Proposals {
  readonly dispatch: ProposedTask[];
  readonly completion: ProposedTask[];
}

/** Writes a wave's decisions in their order; what of it needs an approval becomes one request of each kind. */
async function writeDecisions(
  ledger: MissionLedger,
  decisions: readonly Decision[],
  waveId: string,
): Promise<DecisionRecord[]> {
  const proposals: Proposals = { dispatch: [], completion: [] };
  const records: DecisionRecord[] = [];
  for (const decision of decisions)
    records.push(await writeDecision(ledger, decision, { waveId, proposals }));
  const asking = { actor: actorOf(waveId), waveId };
  await askApproval(ledger, 'dispatch', proposals.dispatch, asking);
  await askApproval(ledger, 'completion', proposals.completion, asking);
  return records;
}

async function writeDecision(
  ledger: MissionLedger,
  decision: Decision,
  writing: { readonly waveId: string; readonly proposals: Proposals },
): Promise<DecisionRecord> {
  const { tool, input } = decision;
  if (decision.outcome === 'rejected') {
    ledger.arrive({
      origin: 'inside',
      lane: 'work',
      kind: 'decision_rejected',
      refId: null,
      body: { tool, subject: subjectOf(input), reason: decision.reason },
    });
    return { tool, input, outcome: 'rejected', reason: decision.reason, changed: [] };
  }
  const { change } = decision;
  const changed =
    change.kind === 'propose_dispatch' || change.kind === 'propose_completion'
      ? await applyProposal(ledger, change, writing)
      : await applyChange(ledger, change, writing.waveId);
  return { tool, input, outcome: 'applied', reason: null, changed };
}

type Proposal = Extract<Change, { kind: 'propose_dispatch' | 'propose_completion' }>;

async function applyProposal(
  ledger: MissionLedger,
  change: Proposal,
  { waveId, proposals }: { readonly waveId: string; readonly proposals: Proposals },
): Promise<DecisionRecord['changed']> {
  const task = await taskNamed(ledger, change.name);
  const isDispatch = change.kind === 'propose_dispatch';
  const proposed = await propose(ledger, task, {
    actor: actorOf(waveId),
    waveId,
    pool: isDispatch ? change.pool : null,
    lateAttempt: isDispatch ? null : refNumber('A', change.lateAttempt ?? ''),
  });
  proposals[isDispatch ? 'dispatch' : 'completion'].push(proposed);
  return changedTask(task);
}

/** Writes one decided change down, by the same functions that HTTP and the sweep use. */
async function applyChange(
  ledger: MissionLedger,
  change: Exclude<Change, Proposal>,
  waveId: string,
): Promise<DecisionRecord['changed']> {
  const actor = actorOf(waveId);
  switch (change.kind) {
    case 'create_task':
      return createTask(ledger, change, waveId);
    case 'record_note':
      return recordNote(ledger, change.entry, waveId);
    case 'hand_off':
      return [];
    case 'update_task':
      return updateTask(ledger, change, waveId);
    case 'offer_attempt': {
      const task = await taskNamed(ledger, change.name);
      await offerAttempt(ledger, task, {
        pool: change.pool,
        actor,
        waveId,
        availableAt: availableAt(ledger, task),
      });
      return changedTask(task);
    }
    case 'accept_result':
      return acceptResult(ledger, change, waveId);
    case 'send_back': {
      const task = await taskNamed(ledger, change.name);
      await transition(ledger, task, 'return', {
        stateReason: TASK_REASONS.revisionRequested,
        liveAttemptId: null,
        feedback: change.feedback,
        reviewedByWave: waveId,
      });
      ledger.append({
        type: 'task.queued',
        actor,
        taskId: task.id,
        waveId,
        data: { ref: change.name, state: 'queued', reason: TASK_REASONS.revisionRequested },
      });
      return changedTask(task);
    }
    case 'cancel_task': {
      const task = await taskNamed(ledger, change.name);
      await cancelOpenTask(ledger, task, { actor, waveId, reason: null, feedback: change.reason });
      return changedTask(task);
    }
    case 'ask':
      return ask(ledger, change, waveId);
    case 'fail_task': {
      const task = await taskNamed(ledger, change.name);
      await failTask(ledger, task, {
        actor,
        waveId,
        reason: TASK_REASONS.rejectedInReview,
        feedback: change.reason,
      });
      return changedTask(task);
    }
  }
}

async function createTask(
  ledger: MissionLedger,
  change: Extract<Change, { kind: 'create_task' }>,
  waveId: string,
): Promise<DecisionRecord['changed']> {
  const { fields } = change;
  const task = taskInputSchema.parse({
    ...fields,
    acceptance_criteria: fields.acceptance_criteria ?? [],
    key: change.key,
    depends_on: await namesForGood(ledger, change.dependsOn),
  });
  const { created } = await addTasks(ledger, [{ task }], { actor: actorOf(waveId), waveId });
  return created.map(({ id, number }) => ({
    kind: 'task',
    id: encodeId('task', id),
    ref: refOf('T', number),
  }));
}

async function updateTask(
  ledger: MissionLedger,
  change: Extract<Change, { kind: 'update_task' }>,
  waveId: string,
): Promise<DecisionRecord['changed']> {
  const task = await taskNamed(ledger, change.name);
  const { acceptance_criteria, ...fields } = change.fields;
  const patch = {
    ...fields,
    ...(acceptance_criteria === undefined ? {} : { acceptance_criteria: [...acceptance_criteria] }),
  };
  await reviseTask(ledger, task, { patch, actor: actorOf(waveId), waveId });
  return changedTask(task);
}

/** Somebody's key may look like a ref; what `decide` called by ref is meant by its id. */
async function namesForGood(ledger: MissionLedger, names: readonly string[]): Promise<string[]> {
  const unmistakable: string[] = [];
  for (const name of names)
    unmistakable.push(
      refNumber('T', name) === null ? name : encodeId('task', (await taskNamed(ledger, name)).id),
    );
  return unmistakable;
}

async function acceptResult(
  ledger: MissionLedger,
  change: Extract<Change, { kind: 'accept_result' }>,
  waveId: string,
): Promise<DecisionRecord['changed']> {
  const actor = actorOf(waveId);
  const task = await taskNamed(ledger, change.name);
  const judged = await readJudgedResult(ledger.tx, task, change.lateAttempt);
  if (change.lateAttempt !== null) await endLiveAttempt(ledger, task, actor);
  const result: Json = taskResultSchema.parse(judged);
  await completeTask(ledger, task, { actor, waveId, result });
  return changedTask(task);
}

async function ask(
  ledger: MissionLedger,
  { names, input }: Extract<Change, { kind: 'ask' }>,
  waveId: string,
): Promise<DecisionRecord['changed']> {
  const tasks: TaskRow[] = [];
  for (const name of names) tasks.push(await taskNamed(ledger, name));
  const id = await askQuestion(ledger, input, { actor: actorOf(waveId), waveId, tasks });
  return [
    {
      kind: 'input_request',
      id: encodeId('inputRequest', id),
      ref: refOf('Q', ledger.mission.lastRequestNumber),
    },
    ...tasks.flatMap(changedTask),
  ];
}

async function recordNote(
  ledger: MissionLedger,
  entry: Extract<Change, { kind: 'record_note' }>['entry'],
  waveId: string,
): Promise<DecisionRecord['changed']> {
  const actor = actorOf(waveId);
  if (entry.kind === 'directive') {
    const [id] = await insertDirectives(ledger, [
      { text: entry.text, state: 'proposed', source: 'conductor' },
    ]);
    const ref = refOf('D', ledger.mission.lastDirectiveNumber);
    ledger.append({ type: 'directive.proposed', actor, waveId, data: { ref } });
    return id === undefined ? [] : [{ kind: 'directive', id: encodeId('directive', id), ref }];
  }
  const note = await insertNote(ledger, {
    kind: entry.kind,
    text: entry.text,
    supersedes: entry.supersedes ?? null,
    waveId,
  });
  const ref = refOf('N', note.number);
  ledger.append({ type: 'note.recorded', actor, waveId, data: { ref, kind: entry.kind } });
  return [{ kind: 'note', id: encodeId('note', note.id), ref }];
}

/** The row behind a name of the view: read now, since an earlier change of this wave may have touched it. */
async function taskNamed(ledger: MissionLedger, name: string): Promise<TaskRow> {
  const number = refNumber('T', name);
  const names = { keys: number === null ? [name] : [], numbers: number === null ? [] : [number], ids: [] };
  const [found] = await findTasks(ledger.tx, ledger.mission.id, names);
  if (found === undefined)
    throw new Error(`the decided change names ${name}, which the ledger does not have`);
  return readTask(ledger.tx, found.id);
}

function changedTask(task: TaskRow): DecisionRecord['changed'] {
  return [{ kind: 'task', id: encodeId('task', task.id), ref: refOf('T', task.number) }];
}

function subjectOf(input: Json): string {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return '';
  const subject = input.ref ?? input.key;
  return typeof subject === 'string' ? subject : '';
}

function actorOf(waveId: string): Actor {
  return { kind: 'wave', id: encodeId('wave', waveId) };
}
