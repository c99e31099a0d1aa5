import { droppedLines, keptLines } from './rotation-text.js';

describe('what a rotation keeps and drops', () => {
  it('keeps everything that is a row', () => {
    const kept = { directives: 2, notes: 1, digests: 9, open_tasks: 52, input_requests: 1, inbox: 0 };
    expect(keptLines(kept)).toEqual([
      '2 directives, word for word',
      '1 note in force',
      '9 digests of finished work',
      '52 open tasks',
      '1 open question',
      '0 items in the inbox that no wave has seen',
    ]);
  });

  it('drops what a running wave has not committed only when it does not wait for it', () => {
    const dropped = { running_wave: 7, handoff_note: true };
    expect(droppedLines(dropped, 'now')).toEqual([
      'what wave 7 has staged and not committed',
      'the hand-off note of the last conductor',
    ]);
    expect(droppedLines(dropped, 'drain')).toEqual(['the hand-off note of the last conductor']);
    expect(droppedLines({ running_wave: null, handoff_note: false }, 'now')).toEqual(['nothing']);
  });
});
