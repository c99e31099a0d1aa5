import type { StagedWrite, WriteInput } from '#contracts';

/** One item of a staged write: what is judged, kept or refused by itself, and recorded as one decision. */
export type WriteItem =
  | { readonly tool: 'task_upsert'; readonly input: WriteInput<'task_upsert'>['items'][number] }
  | { readonly tool: 'task_dispatch'; readonly input: DispatchItem }
  | { readonly tool: 'task_review'; readonly input: WriteInput<'task_review'>['verdicts'][number] }
  | { readonly tool: 'task_cancel'; readonly input: { readonly ref: string; readonly reason: string } }
  | { readonly tool: 'note'; readonly input: WriteInput<'note'>['entries'][number] }
  | { readonly tool: 'ask_human'; readonly input: WriteInput<'ask_human'> }
  | { readonly tool: 'handoff'; readonly input: WriteInput<'handoff'> };

interface DispatchItem {
  readonly ref: string;
  /** For a task that names none. */
  readonly worker: string | null;
}

/** A staged write's items, in order. */
export function writeItems(write: StagedWrite): WriteItem[] {
  switch (write.tool) {
    case 'task_upsert':
      return write.input.items.map((input) => ({ tool: write.tool, input }));
    case 'task_dispatch': {
      const { refs, worker = null } = write.input;
      return refs.map((ref) => ({ tool: write.tool, input: { ref, worker } }));
    }
    case 'task_review':
      return write.input.verdicts.map((input) => ({ tool: write.tool, input }));
    case 'task_cancel': {
      const { refs, reason } = write.input;
      return refs.map((ref) => ({ tool: write.tool, input: { ref, reason } }));
    }
    case 'note':
      return write.input.entries.map((input) => ({ tool: write.tool, input }));
    case 'ask_human':
    case 'handoff':
      return [write];
  }
}
