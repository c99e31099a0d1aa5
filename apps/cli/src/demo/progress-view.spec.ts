import { aMission, aWave } from '../../test/builders.js';
import { progressLines } from './progress-view.js';

const { counts: none } = aMission();

describe('progressLines', () => {
  test('shows the tasks by state, the last wave, its context, and the time', () => {
    const lines = progressLines({
      counts: { ...none, completed: 50, working: 25, queued: 15, blocked: 10 },
      asked: 100,
      wave: aWave({ number: 7, context: { tokens: 6_200, budget: 24_000, level: 'ok' } }),
      seconds: 12,
    });
    expect(lines).toEqual([
      `${'█'.repeat(20)}${'▓'.repeat(10)}${'▒'.repeat(6)}${'░'.repeat(4)}  50/100 tasks done  12 s`,
      '█ 50 completed  ▓ 25 working  ▒ 15 queued  ░ 10 blocked',
      'wave 7  context ███░░░░░░░░░ 6.2K/24K',
    ]);
  });

  test('counts tasks that a conductor added, and those that are not submitted yet', () => {
    const before = progressLines({ counts: none, asked: 3, wave: null, seconds: 0 });
    expect(before).toEqual([`${' '.repeat(40)}  0/3 tasks done  0 s`, '', 'no wave has committed yet']);
    const [grown] = progressLines({ counts: { ...none, completed: 4 }, asked: 3, wave: null, seconds: 1 });
    expect(grown).toBe(`${'█'.repeat(40)}  4/4 tasks done  1 s`);
  });

  test('keeps the width of the bar whatever the counts are', () => {
    for (let completed = 0; completed <= 7; completed += 1) {
      const [line] = progressLines({
        counts: { ...none, completed, failed: 1, queued: 7 - completed },
        asked: 8,
        wave: null,
        seconds: 0,
      });
      expect(line?.indexOf('  ')).toBe(40);
    }
  });
});
