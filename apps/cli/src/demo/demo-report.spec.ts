import { aMission, anEvent, aWave, secondsIn } from '../../test/builders.js';
import { completedTwice, demoReport, firstCommitSeconds, summaryLines, webhooksOwed } from './demo-report.js';

const EVENTS = [
  anEvent(1, 'mission.created'),
  anEvent(2, 'wave.committed', { wave_id: 'wav_1', created_at: secondsIn(1.25) }),
  anEvent(3, 'task.completed', { task_id: 'tsk_1' }),
  anEvent(4, 'task.failed', { task_id: 'tsk_2' }),
  anEvent(5, 'mission.completed', { created_at: secondsIn(12.5) }),
];

const FACTS = {
  mission: aMission({ counts: { completed: 1, failed: 1 } }),
  waves: [aWave(), aWave({ number: 2, requests: 3, peak_request_tokens: 9_000 })],
  events: EVENTS,
  spill: 0,
  delivered: new Set(['evt_3', 'evt_4', 'evt_5']),
  verified: new Set(['evt_3', 'evt_5']),
};

describe('demoReport', () => {
  test('has exactly the documented keys, and sums what the waves used', () => {
    expect(demoReport(FACTS)).toEqual({
      mission_id: 'msn_1',
      tasks: { completed: 1, failed: 1, canceled: 0 },
      waves: 2,
      requests: 4,
      tokens: { input: 2_000, cache_write: 400, cache_read: 10_000, output: 600 },
      peak_request_tokens: 9_000,
      budget_tokens: 24_000,
      duplicates: 0,
      spill: 0,
      webhooks: { delivered: 3, verified: 2 },
      seconds: 12.5,
    });
  });

  test('is all zeros for a mission in which nothing happened', () => {
    const report = demoReport({ ...FACTS, mission: aMission(), waves: [], events: [] });
    expect(report).toMatchObject({ waves: 0, requests: 0, peak_request_tokens: 0, seconds: 0 });
  });
});

describe('completedTwice', () => {
  const completed = (seq: number, task_id: string) => anEvent(seq, 'task.completed', { task_id });

  test('finds a task that completed twice in one generation, once', () => {
    expect(completedTwice([1, 2, 3].map((seq) => completed(seq, 'tsk_1')))).toEqual(['tsk_1']);
  });

  test('lets a retried task complete again', () => {
    const events = [
      completed(1, 'tsk_1'),
      anEvent(2, 'task.retried', { task_id: 'tsk_1' }),
      completed(3, 'tsk_1'),
      completed(4, 'tsk_2'),
    ];
    expect(completedTwice(events)).toEqual([]);
  });
});

test('webhooksOwed names the ends of tasks and of the mission, by the ids that their webhooks carry', () => {
  expect(webhooksOwed(EVENTS)).toEqual(['evt_3', 'evt_4', 'evt_5']);
});

test('firstCommitSeconds counts from the mission to its first committed wave, and is null without one', () => {
  expect(firstCommitSeconds(aMission(), EVENTS)).toBe(1.25);
  expect(firstCommitSeconds(aMission(), [])).toBeNull();
});

test('summaryLines shows the peak against the budget and what is missing of the webhooks', () => {
  const text = summaryLines({ report: demoReport(FACTS), firstCommitSeconds: 1.25, webhooksOwed: 3 }).join(
    '\n',
  );
  expect(text).toContain('9K/24K in the largest request');
  expect(text).toContain('2 of 3 verified');
  expect(text).toContain('committed after 1.25 s');
});
