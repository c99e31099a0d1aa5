import { aMission } from '../../test/builders.js';
import { EXIT } from '../exit-codes.js';
import { demoVerdict, nextSteps, shellReadingKey } from './conclusion.js';
import { demoReport } from './demo-report.js';
import type { DemoResult } from './run-demo.js';

const REPORT = demoReport({
  mission: aMission({ counts: { completed: 2 } }),
  waves: [],
  events: [],
  spill: 0,
  delivered: new Set(['evt_1']),
  verified: new Set(['evt_1']),
});
const GOOD: DemoResult = {
  report: REPORT,
  firstCommitSeconds: 1,
  webhooksOwed: 1,
  ending: 'completed',
  missionState: 'completed',
  lastWaveId: 'wav_9',
};

describe('demoVerdict', () => {
  test('is success only when all completed and every webhook verified', () => {
    expect(demoVerdict(GOOD)).toEqual({ exitCode: EXIT.ok, complaint: null });
  });

  test.each([
    ['out of time', { ending: 'out_of_time' }, EXIT.timedOut],
    ['held for a person', { ending: 'held', missionState: 'stalled' }, EXIT.taskFailed],
    [
      'with a failed task',
      { report: { ...REPORT, tasks: { completed: 1, failed: 1, canceled: 0 } } },
      EXIT.taskFailed,
    ],
    ['at rest before it completed', { ending: 'at_rest' }, EXIT.failure],
    ['with a task completed twice', { report: { ...REPORT, duplicates: 1 } }, EXIT.failure],
    ['with a webhook missing', { webhooksOwed: 2 }, EXIT.failure],
  ] as [string, Partial<DemoResult>, number][])(
    'is no success when %s, and says why',
    (_name, parts, exitCode) => {
      const verdict = demoVerdict({ ...GOOD, ...parts });
      expect(verdict.exitCode).toBe(exitCode);
      expect(verdict.complaint).toMatch(/^error: /);
    },
  );
});

describe('nextSteps', () => {
  const place = {
    url: 'http://127.0.0.1:7070',
    startedPid: 42,
    keepsRunning: false,
    keyInShell: shellReadingKey('/h/c.json'),
  };

  test('tells how to start a service that was stopped again, and reads the key from its file', () => {
    const text = nextSteps(place, GOOD).join('\n');
    expect(text).toContain('npm start');
    expect(text).toContain('npx wavekeeper wave context wav_9');
    expect(text).toContain('http://127.0.0.1:7070/waves/wav_9');
    expect(text).toContain(`Bearer $(node -p "JSON.parse(fs.readFileSync('/h/c.json')).api_key")`);
  });

  test('tells how to end a service that was left running', () => {
    const text = nextSteps({ ...place, keepsRunning: true }, GOOD).join('\n');
    expect(text).toContain('kill 42');
    expect(text).not.toContain('npm start');
  });
});
