import { readFileSync } from 'node:fs';
import path from 'node:path';
import { taskInputSchema, TASKS_PER_REQUEST_MAX } from '#contracts';
import { packageRoot } from '../package-root.js';
import { inRequests, parseBacklog } from './backlog.js';

describe('parseBacklog', () => {
  test('carries kind and outcome as metadata and keeps the rest as it is', () => {
    const row = {
      key: 'a',
      title: 'A',
      instructions: 'do',
      priority: 0,
      depends_on: ['b'],
      kind: 'bug',
      outcome: 'done',
    };
    expect(parseBacklog(`${JSON.stringify(row)}\n`, 10)).toEqual([
      {
        key: 'a',
        title: 'A',
        instructions: 'do',
        priority: 0,
        depends_on: ['b'],
        metadata: { kind: 'bug', outcome: 'done' },
      },
    ]);
  });

  test('takes no more than the limit, and passes over blank lines', () => {
    const text = '\n{"key":"a","title":"A"}\n\n{"key":"b","title":"B"}\n{"key":"c"';
    expect(parseBacklog(text, 2).map((task) => task.key)).toEqual(['a', 'b']);
  });

  test('names the line that does not fit', () => {
    expect(() => parseBacklog('{"key":"a","title":"A"}\n{"key":"b"', 10)).toThrow(
      'Line 2 of the backlog is not JSON',
    );
    expect(() => parseBacklog('{"key":"a"}', 10)).toThrow('Line 1');
  });

  test('refuses a backlog without tasks', () => {
    expect(() => parseBacklog('\n', 10)).toThrow('no tasks');
  });

  test.each([
    ['photo-archive.ndjson', 20, 30],
    ['backlog-50.ndjson', 50, 29],
  ])('%s has tasks that the API takes, each after what it depends on', (name, amount, dependencies) => {
    const tasks = parseBacklog(readFileSync(path.join(packageRoot(), 'examples', name), 'utf8'), 1_000);
    const seen = new Set<string>();
    for (const task of tasks) {
      const parsed = taskInputSchema.parse(task);
      expect(parsed.depends_on.filter((key) => !seen.has(key))).toEqual([]);
      seen.add(parsed.key ?? '');
    }
    expect(seen.size).toBe(amount);
    expect(tasks.flatMap((task) => task.depends_on ?? [])).toHaveLength(dependencies);
  });
});

test('inRequests never sends more at once than the API takes, and leaves nothing out', () => {
  const tasks = Array.from({ length: TASKS_PER_REQUEST_MAX * 2 + 1 }, (_, index) => ({
    title: String(index),
  }));
  const requests = inRequests(tasks);
  expect(requests.map((request) => request.length)).toEqual([
    TASKS_PER_REQUEST_MAX,
    TASKS_PER_REQUEST_MAX,
    1,
  ]);
  expect(requests.flat()).toEqual(tasks);
});
