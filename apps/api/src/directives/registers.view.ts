import { z } from 'zod';
import { encodeId, encodeOptionalId, idSchema, noteKindSchema, type directiveSchema } from '#contracts';
import { refOf, type DirectiveRead, type NoteRead } from '#ledger';

export const noteSchema = z
  .object({
    id: idSchema('note'),
    ref: z.string(),
    kind: noteKindSchema,
    text: z.string(),
    superseded_by: z.string().nullable().describe('the ref of the note that replaced it'),
    wave_id: idSchema('wave').nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Note' });

export function directiveView(directive: DirectiveRead): z.output<typeof directiveSchema> {
  return {
    id: encodeId('directive', directive.id),
    ref: refOf('D', directive.number),
    text: directive.text,
    state: directive.state,
    source: directive.source,
    created_at: directive.createdAt.toISOString(),
  };
}

export function noteView(note: NoteRead): z.output<typeof noteSchema> {
  return {
    id: encodeId('note', note.id),
    ref: refOf('N', note.number),
    kind: note.kind,
    text: note.text,
    superseded_by: note.supersededBy === null ? null : refOf('N', note.supersededBy),
    wave_id: encodeOptionalId('wave', note.waveId),
    created_at: note.createdAt.toISOString(),
  };
}
