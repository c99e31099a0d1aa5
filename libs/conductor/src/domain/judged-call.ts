import type { StagedWrite } from '#contracts';

/** What is said of one item. */
export type WriteVerdict =
  { readonly outcome: 'applied' } | { readonly outcome: 'rejected'; readonly reason: string };

/** A write call with the verdict on each of its items. */
export interface JudgedCall {
  readonly id: string;
  /** The items that hold; they will be decided once more at the commit. */
  readonly accepted: readonly StagedWrite[];
  readonly rejected: readonly { readonly item: string; readonly reason: string }[];
}

/** Puts verdicts, in the order of the writes that were judged, back to the call that asked for them. */
export function judgedCall(
  id: string,
  writes: readonly StagedWrite[],
  verdicts: readonly WriteVerdict[],
): JudgedCall {
  const pairs = writes.map((write, place) => ({ write, verdict: verdicts[place] }));
  return {
    id,
    accepted: pairs.flatMap(({ write, verdict }) => (verdict?.outcome === 'applied' ? [write] : [])),
    rejected: pairs.flatMap(({ write, verdict }) =>
      verdict?.outcome === 'rejected' ? [{ item: itemName(write), reason: verdict.reason }] : [],
    ),
  };
}

/** What the conductor reads as the tool's result. */
export function judgementText(call: JudgedCall): string {
  const staged = `Staged ${call.accepted.length}; they take effect when the wave ends.`;
  if (call.rejected.length === 0) return staged;
  const reasons = call.rejected.map(({ item, reason }) => `- ${item}: ${reason}`);
  return [`${staged} Refused ${call.rejected.length}:`, ...reasons].join('\n');
}

function itemName(write: StagedWrite): string {
  switch (write.tool) {
    case 'task_upsert':
      return write.input.items[0]?.key ?? write.tool;
    case 'task_dispatch':
    case 'task_cancel':
      return write.input.refs[0] ?? write.tool;
    case 'task_review':
      return write.input.verdicts[0]?.ref ?? write.tool;
    case 'note':
      return `note ${write.input.entries[0]?.kind ?? ''}`.trim();
    case 'ask_human':
    case 'handoff':
      return write.tool;
  }
}
