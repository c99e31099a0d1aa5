import type { Prisma, Tx } from '#database';
import type { CardBody, DigestBody, DigestNode, EndState, Taint, TreeNode } from './domain/digest-node.js';
import { digestNumber, parentPlace, placeKey } from './domain/digest-tree.js';

/** One statement carries so many rows. */
const ROWS_PER_INSERT_MAX = 2_000;
const ROWS_MANY = 500;

/** A node with the row that it has, or is to have. */
export interface StoredNode {
  readonly id: string;
  /** The task that a card is of. */
  readonly taskId: string | null;
  readonly node: TreeNode;
}

/** Digests and cards without a parent, oldest first: at most seven of each level, however many tasks have ended. */
export async function readLiveDigests(tx: Tx, missionId: string): Promise<StoredNode[]> {
  const rows = await tx.db.digest.findMany({
    where: { tenantId: tx.tenantId, missionId, parentId: null },
    orderBy: { first: 'asc' },
  });
  return rows.map(toStoredNode);
}

/** The nodes right below one, oldest first. */
export async function readDigestChildren(tx: Tx, digestId: string): Promise<StoredNode[]> {
  const rows = await tx.db.digest.findMany({
    where: { tenantId: tx.tenantId, parentId: digestId },
    orderBy: { first: 'asc' },
  });
  return rows.map(toStoredNode);
}

/** The digest that a ref (`G12`) names in this mission, or null. */
export async function findDigest(tx: Tx, missionId: string, number: number): Promise<StoredNode | null> {
  const row = await tx.db.digest.findUnique({
    where: { tenantId_missionId_number: { tenantId: tx.tenantId, missionId, number } },
  });
  return row === null ? null : toStoredNode(row);
}

/**
 * Writes new nodes: 1. with what they cover among them and among those that were live as their children, 2. in this one
 * transaction, so that a node is live exactly until it has a parent, 3. each place once: the table refuses a second.
 */
export async function insertDigests(
  tx: Tx,
  missionId: string,
  created: readonly StoredNode[],
): Promise<void> {
  const ids = new Map(created.map(({ id, node }) => [placeKey(node), id]));
  const rows = created.map(({ id, taskId, node }) => ({
    id,
    task_id: taskId,
    parent_id: ids.get(placeKey(parentPlace(node))) ?? null,
    number: node.level === 0 ? null : digestNumber(node),
    generation: node.writer === 'card' ? node.body.generation : null,
    ...columnsOf(node),
  }));
  // A plan for checking keys that was made while the table was small reads all of it for every row.
  if (rows.length > ROWS_MANY) await tx.db.$executeRaw`SET LOCAL plan_cache_mode = force_custom_plan`;
  // Parents before their children, whichever statement they are in.
  rows.sort((left, right) => right.level - left.level);
  for (let start = 0; start < rows.length; start += ROWS_PER_INSERT_MAX)
    await tx.db.$executeRaw`
      INSERT INTO digest (tenant_id, mission_id, created_at, id, task_id, parent_id, number, generation, level, first, last,
                          completed, failed, canceled, body, tokens, taint, writer)
      SELECT ${tx.tenantId}::uuid, ${missionId}::uuid, ${tx.now}, r.*
        FROM jsonb_to_recordset(${JSON.stringify(rows.slice(start, start + ROWS_PER_INSERT_MAX))}::jsonb)
          AS r (id uuid, task_id uuid, parent_id uuid, number int, generation int, level int, first int, last int,
                completed int, failed int, canceled int, body jsonb, tokens int, taint text, writer text)`;
  const parents = created.filter(({ node }) => node.level > 0).map(({ id }) => id);
  if (parents.length > 0)
    await tx.db.$executeRaw`
      UPDATE digest child SET parent_id = parent.id
        FROM digest parent
       WHERE parent.tenant_id = ${tx.tenantId}::uuid AND parent.id = ANY(${parents}::uuid[])
         AND child.tenant_id = parent.tenant_id AND child.mission_id = parent.mission_id
         AND child.level = parent.level - 1 AND child.first BETWEEN parent.first AND parent.last
         AND child.parent_id IS NULL`;
}

function columnsOf(node: TreeNode) {
  const { level, first, last, counts, body, tokens, taint, writer } = node;
  return { level, first, last, ...counts, body, tokens, taint, writer };
}

/** Removes a mission's tree; tells what ids it had, so that a tree that is made again keeps them. */
export async function clearDigests(
  tx: Tx,
  missionId: string,
): Promise<{
  readonly idOfPlace: ReadonlyMap<string, string>;
  readonly idOfEnd: ReadonlyMap<string, string>;
}> {
  const rows = await tx.db.$queryRaw<
    {
      id: string;
      level: number;
      first: number;
      last: number;
      task_id: string | null;
      generation: number | null;
    }[]
  >`
    DELETE FROM digest WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${missionId}::uuid
    RETURNING id, level, first, last, task_id, generation`;
  const [cards, digests] = [rows.filter((row) => row.level === 0), rows.filter((row) => row.level > 0)];
  return {
    idOfPlace: new Map(digests.map((row) => [placeKey(row), row.id])),
    idOfEnd: new Map(cards.map((row) => [endKey(row.task_id ?? '', row.generation ?? 0), row.id])),
  };
}

export function endKey(taskId: string, generation: number): string {
  return `${taskId}:${generation}`;
}

/** One end of a task as the ledger's events tell it, with the card that it has, if it has one. */
export interface RecordedEnd {
  readonly taskId: string;
  readonly number: number;
  readonly generation: number;
  readonly state: EndState;
  readonly title: string;
  readonly reason: string | null;
  readonly attempts: number;
  /** Of the task's present generation; null for those before. */
  readonly result: unknown;
  readonly feedback: string | null;
  readonly card: CardBody | null;
}

/** Every end of a task of this mission, in the order in which they happened. */
export async function readRecordedEnds(tx: Tx, missionId: string): Promise<RecordedEnd[]> {
  return tx.db.$queryRaw<RecordedEnd[]>`
    SELECT t.id AS "taskId", t.number, (e.body->>'generation')::int AS generation, e.body->>'state' AS state,
           e.body->>'title' AS title, e.body->>'reason' AS reason,
           (SELECT count(*)::int FROM attempt a WHERE a.tenant_id = t.tenant_id AND a.task_id = t.id AND d.id IS NULL
               AND a.generation <= (e.body->>'generation')::int) AS attempts,
           CASE WHEN d.id IS NULL AND t.generation = (e.body->>'generation')::int THEN t.result END AS result,
           CASE WHEN d.id IS NULL AND t.generation = (e.body->>'generation')::int THEN t.feedback END AS feedback,
           d.body AS card
      FROM event e
      JOIN task t ON t.tenant_id = e.tenant_id AND t.id = e.task_id
      LEFT JOIN digest d ON d.tenant_id = e.tenant_id AND d.task_id = e.task_id
           AND d.generation = (e.body->>'generation')::int
     WHERE e.tenant_id = ${tx.tenantId}::uuid AND e.mission_id = ${missionId}::uuid
       AND e.type IN ('task.completed', 'task.failed', 'task.canceled')
     ORDER BY e.seq`;
}

/** A model is asked so many times to reword a digest, this far apart: longer than a call may take. */
const WRITE_TRIES_MAX = 2;
const WRITE_PAUSE_MS = 900_000;

/**
 * Takes the live digest of a mission that has been due longest to be reworded, 1. counting the try before it is made, so
 * that a crash spends it too, 2. not again before its pause is over, and never after the last try, 3. passing over what
 * others are writing at this moment.
 */
export async function claimDigestToWrite(tx: Tx, missionId: string): Promise<string | null> {
  const [row] = await tx.db.$queryRaw<{ id: string }[]>`
    UPDATE digest
       SET write_tries = write_tries + 1,
           write_after = CASE WHEN write_tries + 1 < ${WRITE_TRIES_MAX}::int
                              THEN ${new Date(tx.now.getTime() + WRITE_PAUSE_MS)}::timestamptz END
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = (
             SELECT id FROM digest
              WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${missionId}::uuid AND parent_id IS NULL
                AND writer = 'extractive' AND write_after <= clock_timestamp()
              ORDER BY write_after, first LIMIT 1
                FOR UPDATE SKIP LOCKED)
    RETURNING id`;
  return row?.id ?? null;
}

/** Puts a model's words in place of the extractive ones, once, and only while the digest is live: false when it is not. */
export async function replaceWording(tx: Tx, digestId: string, node: DigestNode): Promise<boolean> {
  const { body, tokens } = node;
  const replaced = await tx.db.$executeRaw`
    UPDATE digest SET writer = 'model', body = ${JSON.stringify(body)}::jsonb, tokens = ${tokens}, write_after = NULL
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${digestId}::uuid AND writer = 'extractive' AND parent_id IS NULL`;
  return replaced === 1;
}

type StoredDigest = Prisma.DigestGetPayload<Record<string, never>>;

function toStoredNode(row: StoredDigest): StoredNode {
  const { level, first, last, completed, failed, canceled, tokens } = row;
  const facts = {
    level,
    first,
    last,
    counts: { completed, failed, canceled },
    tokens,
    taint: row.taint as Taint, // a CHECK constraint keeps it in its set, as it does the writer
  };
  // Bodies are written by this store only, from the types that they are read as.
  const node: TreeNode =
    row.writer === 'card'
      ? { ...facts, writer: 'card', body: row.body as unknown as CardBody }
      : {
          ...facts,
          writer: row.writer === 'model' ? 'model' : 'extractive',
          body: row.body as unknown as DigestBody,
        };
  return { id: row.id, taskId: row.taskId, node };
}
