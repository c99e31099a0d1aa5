import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { abortAfter } from './abort-after.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('abortAfter', () => {
  it('aborts in its time, however much garbage is collected meanwhile', async () => {
    const signals = [
      abortAfter(100),
      abortAfter(100, new AbortController().signal),
      AbortSignal.any([abortAfter(100), new AbortController().signal]),
    ];
    for (let round = 0; round < 15; round += 1) {
      collectGarbage();
      await delay(20);
    }
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  it('aborts with the others, with their reason', () => {
    const other = new AbortController();
    const signal = abortAfter(60_000, other.signal);
    other.abort('enough');
    expect([signal.aborted, signal.reason]).toEqual([true, 'enough']);
  });
});
