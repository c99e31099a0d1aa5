import { aMission, anEvent, aWave } from '../../test/builders.js';
import { eventLine, watchLines } from './watch-view.js';

const conductor = {
  wave: null,
  context: { tokens: 6_200, budget: 24_000, ceiling: 195_904, level: 'ok' as const },
  spill: 3,
  next_wave_at: null,
};

describe('watchLines', () => {
  const view = {
    mission: aMission({ counts: { working: 2, completed: 7 }, holds: ['budget'] }),
    conductor,
    waves: [aWave({ number: 4, state: 'aborted', stop_reason: 'rotated' }), aWave({ number: 3 })],
    events: [anEvent(17, 'task.completed', { data: { ref: 'T3', title: 'Copy\u001b[2J it' } })],
  };

  it('shows state, gauge, spill, tasks, waves and events', () => {
    const text = watchLines(view, 200).join('\n');
    for (const part of ['hold: budget', '6.2K/24K ok', '3 items that no wave', '2 working, 7 completed'])
      expect(text).toContain(part);
    expect(text).toContain('aborted: rotated');
    expect(text).toContain('17  task.completed');
  });

  it('is never wider than the screen, and what others wrote cannot steer it', () => {
    for (const line of watchLines(view, 40)) {
      expect(line.length).toBeLessThanOrEqual(40);
      expect(line).not.toContain('\u001b');
    }
  });
});

describe('eventLine', () => {
  it('names what the event is about', () => {
    expect(eventLine(anEvent(9, 'wave.committed', { data: { number: 4 } }))).toBe(
      '    9  wave.committed      4',
    );
    expect(eventLine(anEvent(2, 'mission.stalled', { data: { reason: 'It\nstalls.' } }))).toContain(
      'It stalls.',
    );
  });
});
