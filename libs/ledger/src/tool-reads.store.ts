import { decodeId, type Json, type TaskState } from '#contracts';
import { type Prisma, type Tx } from '#database';
import { readArtifactPart } from './artifact.store.js';
import { findDigest, readDigestChildren, readLiveDigests, type StoredNode } from './digest.store.js';
import { digestRef, digestText, type TreeNode } from './domain/digest-node.js';
import { DIGEST_ARITY } from './domain/digest-tree.js';
import { toInputRequestRow } from './input-request.store.js';
import { refNumber, refOf } from './domain/refs.js';
import { NOTES_IN_FORCE } from './note.store.js';
import { describeResult } from './snapshot.store.js';
import { toTaskRow, type TaskRow } from './task.store.js';

const SEARCH_PAGE_MAX = 20;
const TEXT_HEAD_CHARACTERS_MAX = 1_500;
const NOTE_HEAD_CHARACTERS_MAX = 240;
/** Of a long text at a time: with its frame and heading it is still a tool result that is shown whole. */
const PART_BYTES_MAX = 1_800;

/** What a read tool found, as plain JSON; text that somebody outside wrote stands only under `outside`. */
export interface Found {
  readonly ref: string;
  readonly facts: Record<string, Json>;
  readonly outside: Record<string, string>;
  /** Given where all of it is the word of a person with authority, as it was on the inbox page. */
  readonly frame?: 'person';
}

/** Reads what refs (T, A, D, N, I, Q) and keys of one mission name; names of nothing are left out. */
export async function readNamed(tx: Tx, missionId: string, names: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of names) {
    const one = await readOne(tx, missionId, name);
    if (one !== null) found.push(one);
  }
  return found;
}

async function readOne(tx: Tx, missionId: string, name: string): Promise<Found | null> {
  const attempt = refNumber('A', name);
  if (attempt !== null) return readAttempt(tx, missionId, attempt);
  const note = refNumber('N', name);
  if (note !== null) return readNote(tx, missionId, note);
  const digest = refNumber('G', name);
  if (digest !== null) return readDigest(tx, missionId, digest);
  const directive = refNumber('D', name);
  if (directive !== null) return readDirective(tx, missionId, directive);
  const item = refNumber('I', name);
  if (item !== null) return readInboxItem(tx, missionId, item);
  const request = refNumber('Q', name);
  if (request !== null) return readRequest(tx, missionId, request);
  return readTaskNamed(tx, missionId, name);
}

async function readTaskNamed(tx: Tx, missionId: string, name: string): Promise<Found | null> {
  const number = refNumber('T', name);
  const stored = await tx.db.task.findFirst({
    where: { tenantId: tx.tenantId, missionId, ...(number === null ? { key: name } : { number }) },
    include: {
      dependencies: { select: { dependsOn: { select: { number: true, state: true } } }, take: 100 },
      attempts: { orderBy: { number: 'desc' }, take: 5 },
    },
  });
  if (stored === null) return null;
  const task = toTaskRow(stored);
  const result = describeResult(
    task.result ?? stored.attempts.find((attempt) => attempt.result !== null)?.result,
  );
  return {
    ref: refOf('T', task.number),
    facts: {
      ...taskFacts(task),
      needs: stored.dependencies.map(({ dependsOn }) => `${refOf('T', dependsOn.number)} ${dependsOn.state}`),
      attempts: stored.attempts.map((attempt) => `${refOf('A', attempt.refNumber)} ${attempt.state}`),
      instructions_characters: task.instructions.length,
      output_bytes: result.outputBytes,
      artifacts: [...result.artifactIds],
    },
    outside: {
      title: task.title,
      key: task.key ?? '',
      instructions: head(task.instructions),
      acceptance_criteria: task.acceptanceCriteria.join('\n'),
      feedback: task.feedback ?? '',
      result: head(`${result.summary}\n${result.outputHead}`.trim()),
    },
  };
}

function taskFacts(task: TaskRow): Record<string, Json> {
  return {
    version: task.version,
    state: task.state,
    reason: task.stateReason,
    worker: task.worker,
    priority: task.priority,
    generation: task.generation,
    failures: task.failures,
  };
}

async function readAttempt(tx: Tx, missionId: string, ref: number): Promise<Found | null> {
  const row = await tx.db.attempt.findFirst({
    where: { tenantId: tx.tenantId, missionId, refNumber: ref },
    include: { task: { select: { number: true } } },
  });
  if (row === null) return null;
  const result = describeResult(row.result ?? row.lateResult);
  return {
    ref: refOf('A', row.refNumber),
    facts: {
      task: refOf('T', row.task.number),
      number: row.number,
      state: row.state,
      pool: row.pool,
      late: row.result === null && row.lateResult !== null,
      output_bytes: result.outputBytes,
      artifacts: [...result.artifactIds],
    },
    outside: {
      worker: row.worker ?? '',
      result: head(`${result.summary}\n${result.outputHead}`.trim()),
      error: errorText(row.error),
    },
  };
}

async function readNote(tx: Tx, missionId: string, number: number): Promise<Found | null> {
  const row = await tx.db.note.findFirst({ where: { tenantId: tx.tenantId, missionId, number } });
  if (row === null) return null;
  const supersededBy = row.supersededBy === null ? null : refOf('N', row.supersededBy);
  return {
    ref: refOf('N', number),
    facts: { kind: row.kind, superseded_by: supersededBy },
    outside: { text: row.text },
  };
}

async function readDirective(tx: Tx, missionId: string, number: number): Promise<Found | null> {
  const row = await tx.db.directive.findFirst({ where: { tenantId: tx.tenantId, missionId, number } });
  return row === null
    ? null
    : { ref: refOf('D', number), facts: { state: row.state }, outside: { text: row.text } };
}

async function readDigest(tx: Tx, missionId: string, number: number): Promise<Found | null> {
  const digest = await findDigest(tx, missionId, number);
  return digest === null ? null : describeNode(digest.node);
}

/**
 * A page of what a digest was made of, oldest first: eight digests of the level below, or eight ends of tasks. For
 * `root`, of what no digest has taken in yet. Null when the ref names no digest of this mission.
 */
export async function expandDigest(
  tx: Tx,
  missionId: string,
  { ref, offset }: { readonly ref: string; readonly offset: number },
): Promise<{ total: number; found: Found[] } | null> {
  const nodes = ref === 'root' ? await readLiveDigests(tx, missionId) : await readUnder(tx, missionId, ref);
  if (nodes === null) return null;
  const page = nodes.slice(offset, offset + DIGEST_ARITY);
  return { total: nodes.length, found: page.map(({ node }) => describeNode(node)) };
}

async function readUnder(tx: Tx, missionId: string, ref: string): Promise<StoredNode[] | null> {
  const digest = await findDigest(tx, missionId, refNumber('G', ref) ?? 0);
  return digest === null ? null : readDigestChildren(tx, digest.id);
}

function describeNode(node: TreeNode): Found {
  if (node.writer === 'card') {
    const { ref, state, attempts, generation, title, outcome } = node.body;
    return { ref, facts: { state, attempts, generation }, outside: { title, outcome } };
  }
  const { level, first, last, counts, writer, taint, body } = node;
  return {
    ref: digestRef(node),
    facts: { level, ends: last - first + 1, ...counts, writer, taint, refs: body.refs.map(({ ref }) => ref) },
    outside: { digest: digestText(body) },
  };
}

/** An inbox item: its refs and counts are facts, its text is somebody's. */
async function readInboxItem(tx: Tx, missionId: string, seq: number): Promise<Found | null> {
  const row = await tx.db.inboxItem.findFirst({ where: { tenantId: tx.tenantId, missionId, seq } });
  if (row === null) return null;
  const body = row.body as Record<string, Json>; // written only by insertInboxItems
  const texts = Object.entries(body).filter(([name]) => OUTSIDE_FIELDS.has(name));
  const facts = Object.entries(body).filter(([name]) => !OUTSIDE_FIELDS.has(name));
  return {
    ref: refOf('I', seq),
    facts: { kind: row.kind, ...Object.fromEntries(facts) },
    outside: Object.fromEntries(
      texts.map(([name, text]) => [name, typeof text === 'string' ? head(text) : '']),
    ),
    ...frameOf(row),
  };
}

/** Messages alone: an answer's item also quotes what was asked. */
function frameOf(row: { readonly kind: string; readonly lane: string }): { frame?: 'person' } {
  return row.kind === 'message' && row.lane === 'person' ? { frame: 'person' } : {};
}

/** Fields of an inbox item's body that hold what somebody wrote. */
const OUTSIDE_FIELDS: ReadonlySet<string> = new Set([
  'text',
  'error',
  'prompt',
  'value',
  'comment',
  'subject',
  'reason',
]);

async function readRequest(tx: Tx, missionId: string, number: number): Promise<Found | null> {
  const row = await tx.db.inputRequest.findFirst({
    where: { tenantId: tx.tenantId, missionId, number },
    include: { tasks: { select: { task: { select: { number: true } } }, take: 100 } },
  });
  if (row === null) return null;
  const request = toInputRequestRow(row);
  return {
    ref: refOf('Q', number),
    facts: {
      kind: request.kind,
      about: request.about,
      state: request.state,
      deadline: request.deadlineAt?.toISOString() ?? null,
      holds_up: row.tasks.map(({ task }) => refOf('T', task.number)),
    },
    outside: {
      prompt: request.prompt,
      options: request.options.map((option) => option.value).join('\n'),
      answer: request.answerValue ?? '',
      comment: head(request.answerComment ?? ''),
    },
  };
}

/** A page of tasks whose title has the words, or whose key or ref is the query; all of them when it is empty. */
export async function searchTasks(
  tx: Tx,
  missionId: string,
  search: { readonly query: string; readonly state: TaskState | null; readonly offset: number },
): Promise<{ total: number; found: Found[] }> {
  const query = search.query.trim();
  const number = refNumber('T', query);
  const where: Prisma.TaskWhereInput = {
    tenantId: tx.tenantId,
    missionId,
    ...(search.state === null ? {} : { state: search.state }),
    ...(query === ''
      ? {}
      : {
          OR: [
            { key: query },
            { title: { contains: query, mode: 'insensitive' } },
            ...(number === null ? [] : [{ number }]),
          ],
        }),
  };
  const total = await tx.db.task.count({ where });
  const rows = await tx.db.task.findMany({
    where,
    orderBy: { number: 'asc' },
    skip: search.offset,
    take: SEARCH_PAGE_MAX,
  });
  const found = rows.map(toTaskRow).map((task) => ({
    ref: refOf('T', task.number),
    facts: { ...taskFacts(task), artifacts: [...describeResult(task.result).artifactIds] },
    outside: { title: task.title, key: task.key ?? '' },
  }));
  return { total, found };
}

/** A page of the notes in force whose text has the words; all of them when there are none. */
export async function searchNotes(
  tx: Tx,
  missionId: string,
  search: { readonly query: string; readonly offset: number },
): Promise<{ total: number; found: Found[] }> {
  const query = search.query.trim();
  const where: Prisma.NoteWhereInput = {
    tenantId: tx.tenantId,
    missionId,
    ...NOTES_IN_FORCE,
    ...(query === '' ? {} : { text: { contains: query, mode: 'insensitive' } }),
  };
  const total = await tx.db.note.count({ where });
  const rows = await tx.db.note.findMany({
    where,
    orderBy: { number: 'asc' },
    skip: search.offset,
    take: SEARCH_PAGE_MAX,
  });
  const found = rows.map((row) => ({
    ref: refOf('N', row.number),
    facts: { kind: row.kind },
    outside: { text: noteHead(row.text) },
  }));
  return { total, found };
}

/** Part of a text as a tool shows it. Sizes are bytes of UTF-8; `bytes` is how far the part reaches. */
export interface TextPart {
  readonly sizeBytes: number;
  readonly bytes: number;
  readonly text: string;
  /** Whose words they are, when they are a person's. */
  readonly frame?: 'person';
}

/** The part of a text that begins at a byte. */
export function textPart(text: string, offset: number): TextPart {
  const bytes = Buffer.from(text);
  const part = bytes.subarray(offset, offset + PART_BYTES_MAX);
  return { sizeBytes: bytes.byteLength, bytes: part.byteLength, text: part.toString('utf8') };
}

/** Part of a long text: an artifact (art_…), a task's instructions (T12), an attempt's output (A16), or a message (I5). */
export async function readText(
  tx: Tx,
  missionId: string,
  part: { readonly id: string; readonly offset: number },
): Promise<TextPart | null> {
  const artifactId = decodeId('artifact', part.id);
  if (artifactId !== null) {
    const found = await readArtifactPart(tx, missionId, {
      artifactId,
      offset: part.offset,
      bytesMax: PART_BYTES_MAX,
    });
    return found === null
      ? null
      : {
          sizeBytes: found.sizeBytes,
          bytes: found.bytes.byteLength,
          text: Buffer.from(found.bytes).toString('utf8'),
        };
  }
  const whole = await readWhole(tx, missionId, part.id);
  if (whole === null) return null;
  const { text, ...frame } = whole;
  return { ...frame, ...textPart(text, part.offset) };
}

/** A text by the ref of what it belongs to. */
interface WholeText {
  readonly text: string;
  readonly frame?: 'person';
}

async function readWhole(tx: Tx, missionId: string, ref: string): Promise<WholeText | null> {
  const task = refNumber('T', ref);
  if (task !== null) {
    const row = await tx.db.task.findFirst({ where: { tenantId: tx.tenantId, missionId, number: task } });
    return row === null ? null : { text: row.instructions };
  }
  const item = refNumber('I', ref);
  if (item !== null) return readItemText(tx, missionId, item);
  const attempt = refNumber('A', ref);
  if (attempt === null) return null;
  const row = await tx.db.attempt.findFirst({
    where: { tenantId: tx.tenantId, missionId, refNumber: attempt },
  });
  const result = row?.result ?? row?.lateResult ?? null;
  if (result === null || typeof result !== 'object' || Array.isArray(result)) return null;
  const { output } = result;
  return { text: typeof output === 'string' ? output : JSON.stringify(output ?? null) };
}

async function readItemText(tx: Tx, missionId: string, seq: number): Promise<WholeText | null> {
  const row = await tx.db.inboxItem.findFirst({ where: { tenantId: tx.tenantId, missionId, seq } });
  const body = (row?.body ?? {}) as Record<string, Json>; // written only by insertInboxItems
  const text = body.text ?? body.comment;
  return row === null || typeof text !== 'string' ? null : { text, ...frameOf(row) };
}

function head(text: string): string {
  if (text.length <= TEXT_HEAD_CHARACTERS_MAX) return text;
  return `${text.slice(0, TEXT_HEAD_CHARACTERS_MAX)}… (+${text.length - TEXT_HEAD_CHARACTERS_MAX} characters)`;
}

/** A page of notes must fit into one tool result; the whole of a long one is read by its ref. */
function noteHead(text: string): string {
  return text.length <= NOTE_HEAD_CHARACTERS_MAX
    ? text
    : `${text.slice(0, NOTE_HEAD_CHARACTERS_MAX).toWellFormed()}…`;
}

function errorText(error: unknown): string {
  if (error === null || typeof error !== 'object') return '';
  return String(Reflect.get(error, 'message') ?? '');
}
