import fc from 'fast-check';
import { readSubmission } from './submission.js';

const allowAll = () => null;
const read = (text: string, contentType = 'application/json') =>
  readSubmission(Buffer.from(text), contentType, allowAll);
const task = fc.record({
  title: fc.string({ minLength: 1, maxLength: 50 }).filter((text) => !text.includes('\0')),
});

describe('readSubmission', () => {
  it('keeps the order and the number of a list’s items, as JSON and as lines', () => {
    fc.assert(
      fc.property(fc.array(task, { minLength: 1, maxLength: 20 }), (tasks) => {
        const lines = tasks.map((one) => JSON.stringify(one)).join('\n');
        for (const { items, isBatch } of [
          read(JSON.stringify({ tasks })),
          read(lines, 'application/x-ndjson; charset=utf-8'),
        ]) {
          expect(isBatch).toBe(true);
          expect(items).toMatchObject(tasks.map(({ title }) => ({ task: { title } })));
        }
      }),
    );
  });

  it('makes a bad item that item’s problem', () => {
    const { items } = read('{"tasks": [7, {"title": "x", "priority": 9}, {"title": "ok"}]}');
    expect(items).toMatchObject([
      { problem: { pointer: '' } },
      { problem: { pointer: '/priority' } },
      { task: { title: 'ok' } },
    ]);
  });

  it('refuses a bad single task as a whole', () => {
    expect(() => read('{"title": ""}')).toThrow(expect.objectContaining({ status: 422 }));
  });

  it('takes the last line with or without its end, and skips empty ones', () => {
    for (const text of ['{"title":"a"}', '{"title":"a"}\n', '\n \r\n{"title":"a"}\r\n\n'])
      expect(read(text, 'application/x-ndjson').items).toHaveLength(1);
  });

  it('refuses a line that is too long, too many lines, and none', () => {
    const lines = (count: number) => '{"title":"a"}\n'.repeat(count);
    const ndjson = 'application/x-ndjson';
    expect(() => read(`{"title":"${'a'.repeat(70_000)}"}`, ndjson)).toThrow(
      expect.objectContaining({ status: 413 }),
    );
    expect(read(lines(1_000), ndjson).items).toHaveLength(1_000);
    for (const text of [lines(1_001), '', '\n\n'])
      expect(() => read(text, ndjson)).toThrow(expect.objectContaining({ status: 422 }));
  });
});
