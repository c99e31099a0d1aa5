import { Readable } from 'node:stream';
import type { Request } from 'express';
import fc from 'fast-check';
import { readSubmission } from './submission.js';

const allowAll = () => null;
/** A request whose body arrives in pieces of so many bytes. */
const read = (text: string, contentType = 'application/json', pieceBytes = 64 * 1_024) => {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  const request = Object.assign(Readable.from(pieces), { headers: { 'content-type': contentType } });
  return readSubmission(request as unknown as Request, allowAll);
};
const task = fc.record({
  title: fc.string({ minLength: 1, maxLength: 50 }).filter((text) => !text.includes('\0')),
});

describe('readSubmission', () => {
  it('keeps the order and the number of a list’s items, as JSON and as lines, however they arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(task, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        async (tasks, pieceBytes) => {
          const lines = tasks.map((one) => JSON.stringify(one)).join('\n');
          for (const { items, isBatch } of [
            await read(JSON.stringify({ tasks })),
            await read(lines, 'application/x-ndjson; charset=utf-8', pieceBytes),
          ]) {
            expect(isBatch).toBe(true);
            expect(items).toMatchObject(tasks.map(({ title }) => ({ task: { title } })));
          }
        },
      ),
    );
  });

  it('makes a bad item that item’s problem', async () => {
    const { items } = await read('{"tasks": [7, {"title": "x", "priority": 9}, {"title": "ok"}]}');
    expect(items).toMatchObject([
      { problem: { pointer: '' } },
      { problem: { pointer: '/priority' } },
      { task: { title: 'ok' } },
    ]);
  });

  it('refuses a bad single task as a whole', async () => {
    await expect(read('{"title": ""}')).rejects.toMatchObject({ status: 422 });
  });

  it('takes the last line with or without its end, and skips empty ones', async () => {
    for (const text of ['{"title":"a"}', '{"title":"a"}\n', '\n \r\n{"title":"a"}\r\n\n'])
      expect((await read(text, 'application/x-ndjson')).items).toHaveLength(1);
  });

  it('refuses a line that is too long, too many lines, and none', async () => {
    const lines = (count: number) => '{"title":"a"}\n'.repeat(count);
    const ndjson = 'application/x-ndjson';
    await expect(read(`{"title":"${'a'.repeat(70_000)}"}`, ndjson)).rejects.toMatchObject({ status: 413 });
    await expect(read(`${' '.repeat(65_000)}\n`.repeat(130), ndjson)).rejects.toMatchObject({ status: 413 });
    expect((await read(lines(1_000), ndjson)).items).toHaveLength(1_000);
    for (const text of [lines(1_001), '', '\n\n'])
      await expect(read(text, ndjson)).rejects.toMatchObject({ status: 422 });
  });

  it('means the same by the same lines, and something else by others, for an Idempotency-Key', async () => {
    const [one, same, other] = await Promise.all(
      ['{"title":"a"}', '{"title":"a"}\n\n', '{"title":"b"}'].map((text) =>
        read(text, 'application/x-ndjson'),
      ),
    );
    expect(one?.body).toEqual(same?.body);
    expect(one?.body).not.toEqual(other?.body);
  });
});
