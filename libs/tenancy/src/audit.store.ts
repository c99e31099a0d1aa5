import {
  auditActorSchema,
  auditActionSchema,
  newUuid,
  type AuditAction,
  type AuditActor,
  type Json,
} from '#contracts';
import { Prisma, type Tx } from '#database';
import { olderThan, type PageStart } from './domain/page.js';

/** What is remembered of an act: never a secret, in `before` and `after` only what a reader of the resource would see. */
export interface NewAuditEntry {
  readonly actor: AuditActor;
  readonly action: AuditAction;
  /** TypeID of what it was done to; null for what is the tenant's only one. */
  readonly subjectId: string | null;
  readonly before?: Readonly<Record<string, Json>>;
  readonly after?: Readonly<Record<string, Json>>;
}

export interface AuditRow {
  readonly id: string;
  readonly actor: AuditActor;
  readonly action: AuditAction;
  readonly subjectId: string | null;
  readonly before: Json;
  readonly after: Json;
  readonly createdAt: Date;
}

/** Writes who did what, in the transaction that does it. */
export async function recordAudit(tx: Tx, entry: NewAuditEntry): Promise<void> {
  await tx.db.auditEntry.createMany({
    data: [
      {
        tenantId: tx.tenantId,
        id: newUuid(),
        actor: entry.actor,
        action: entry.action,
        subjectId: entry.subjectId,
        before: entry.before ?? Prisma.DbNull,
        after: entry.after ?? Prisma.DbNull,
        createdAt: tx.now,
      },
    ],
  });
}

/** Newest first: at most `take` that are older than `after`. */
export async function listAudit(
  tx: Tx,
  page: { readonly after: PageStart | null; readonly take: number },
): Promise<AuditRow[]> {
  const stored = await tx.db.auditEntry.findMany({
    where: { tenantId: tx.tenantId, ...olderThan(page.after) },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.take,
  });
  return stored.map((row) => ({
    id: row.id,
    actor: auditActorSchema.parse(row.actor),
    action: auditActionSchema.parse(row.action),
    subjectId: row.subjectId,
    before: row.before as Json, // written from JSON
    after: row.after as Json,
    createdAt: row.createdAt,
  }));
}
