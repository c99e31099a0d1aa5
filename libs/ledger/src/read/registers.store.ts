import type { NoteKind } from '#contracts';
import type { Prisma, Tx } from '#database';
import type { DirectiveState } from '../directive.store.js';
import { notFound } from '../errors.js';

type StoredDirective = Prisma.DirectiveGetPayload<Record<string, never>>;
type StoredNote = Prisma.NoteGetPayload<Record<string, never>>;
export type DirectiveRead = Omit<StoredDirective, 'state'> & { readonly state: DirectiveState };
export type NoteRead = Omit<StoredNote, 'kind'> & { readonly kind: NoteKind };

/** Where a page of numbered rows goes on: after this number, oldest first. */
export interface NumberedPage {
  readonly afterNumber: number;
  readonly take: number;
}

export async function listDirectives(
  tx: Tx,
  missionId: string,
  page: NumberedPage,
): Promise<DirectiveRead[]> {
  const stored = await tx.db.directive.findMany({
    where: { tenantId: tx.tenantId, missionId, number: { gt: page.afterNumber } },
    orderBy: { number: 'asc' },
    take: page.take,
  });
  return stored.map(toDirectiveRead);
}

export async function readDirective(tx: Tx, directiveId: string): Promise<DirectiveRead> {
  const row = await tx.db.directive.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: directiveId } },
  });
  if (row === null) throw notFound('directive');
  return toDirectiveRead(row);
}

/** Also the notes that later ones superseded. */
export async function listNotes(tx: Tx, missionId: string, page: NumberedPage): Promise<NoteRead[]> {
  const stored = await tx.db.note.findMany({
    where: { tenantId: tx.tenantId, missionId, number: { gt: page.afterNumber } },
    orderBy: { number: 'asc' },
    take: page.take,
  });
  return stored.map((note) => ({ ...note, kind: note.kind as NoteKind })); // written only from a parsed decision
}

function toDirectiveRead(stored: StoredDirective): DirectiveRead {
  return { ...stored, state: stored.state as DirectiveState }; // written only by the commands, from their own set
}
