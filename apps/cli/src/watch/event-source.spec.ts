import fc from 'fast-check';
import type { LedgerEvent } from '#contracts';
import { anEvent } from '../../test/builders.js';
import { ApiProblemError, NoServiceError } from '../transport.js';
import { eventsOf, followEvents, type OpenStream } from './event-source.js';

const frame = (event: LedgerEvent) => `id: ${String(event.seq)}\ndata: ${JSON.stringify(event)}\n\n`;
const event = (seq: number) => anEvent(seq, 'task.created', { id: `evt_${seq}` });

async function* pieces(text: string, cuts: readonly number[] = []) {
  let start = 0;
  for (const cut of [...cuts, text.length].sort((one, other) => one - other)) {
    await Promise.resolve();
    yield text.slice(start, cut);
    start = cut;
  }
}

async function collect(events: AsyncIterable<LedgerEvent>, countMax = Infinity): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of events) {
    seqs.push(seq ?? 0);
    if (seqs.length === countMax) break;
  }
  return seqs;
}

const refusal = (status: number, retryable: boolean) =>
  new ApiProblemError({ status, code: 'c', detail: 'd', retryable, errors: [], retryAfterMs: null });

describe('eventsOf', () => {
  it('finds the same events however the stream was cut', async () => {
    const text = `retry: 2000\n\n${frame(event(1))}: still here\n\n${frame(event(2))}event: end\ndata: {"reason":"x"}\n\n`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: text.length })), async (cuts) => {
        expect(await collect(eventsOf(pieces(text, cuts)))).toEqual([1, 2]);
      }),
    );
  });
});

describe('followEvents', () => {
  const follow = (open: OpenStream, onLost = () => undefined as unknown) =>
    followEvents({ open, afterSeq: 0, until: new AbortController().signal, onLost });

  it('goes on after the last event that came, when the connection is lost', async () => {
    const asked: number[] = [];
    let lost = 0;
    const events = follow(
      (lastSeq) => {
        asked.push(lastSeq);
        if (asked.length === 2) return Promise.reject(new NoServiceError('http://there', 'gone'));
        return Promise.resolve(pieces(frame(event(lastSeq + 1)) + frame(event(lastSeq + 2)).slice(0, 20)));
      },
      () => (lost += 1),
    );
    expect(await collect(events, 2)).toEqual([1, 2]);
    expect(asked).toEqual([0, 1, 1]);
    expect(lost).toBe(2);
  });

  it('gives up when the service refuses for good, or was never there', async () => {
    await expect(collect(follow(() => Promise.reject(refusal(401, false))))).rejects.toMatchObject({
      status: 401,
    });
    const never = () => Promise.reject(new NoServiceError('http://there', 'gone'));
    await expect(collect(follow(never))).rejects.toThrow('No service');
  });
});
