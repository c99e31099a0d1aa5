import type { RotationPreview } from '../../api/generated/types.gen.js';
import { count } from '../../ui/format.js';

/** What a fresh conductor is told: everything that is a row. */
export function keptLines(kept: RotationPreview['kept']): string[] {
  return [
    `${count(kept.directives, 'directive')}, word for word`,
    `${count(kept.notes, 'note')} in force`,
    `${count(kept.digests, 'digest')} of finished work`,
    count(kept.open_tasks, 'open task'),
    count(kept.input_requests, 'open question'),
    `${count(kept.inbox, 'item')} in the inbox that no wave has seen`,
  ];
}

export function droppedLines(dropped: RotationPreview['dropped'], mode: 'drain' | 'now'): string[] {
  const lines = [
    ...(dropped.running_wave !== null && mode === 'now'
      ? [`what wave ${dropped.running_wave} has staged and not committed`]
      : []),
    ...(dropped.handoff_note ? ['the hand-off note of the last conductor'] : []),
  ];
  return lines.length === 0 ? ['nothing'] : lines;
}
