import type { Ring } from '#database';
import { ClaimWaiting } from './claim-waiting.js';

/** A doorbell to ring by hand. */
function aDoorbell() {
  const listeners = new Set<(rings: readonly Ring[]) => void>();
  return {
    onCommit: (listener: (rings: readonly Ring[]) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ring: (ticket: Ring['ticket']) => {
      for (const listener of listeners) listener([{ ticket, delayMs: 0 }]);
    },
    listeners,
  };
}

/** Nothing at first; what is put there afterwards is found by the next to ask. */
function aShelf() {
  const asked = { times: 0, found: [] as string[] };
  return {
    asked,
    ask: () => {
      asked.times += 1;
      return Promise.resolve(asked.found);
    },
  };
}

const stays = new AbortController().signal;
const LONG_MS = 600_000;

describe('a waiting claim', () => {
  it('asks again when an attempt is offered in this process', async () => {
    const doorbell = aDoorbell();
    const { ask, asked } = aShelf();
    const waiting = new ClaimWaiting(doorbell).poll(ask, { waitMs: LONG_MS, gone: stays });
    await Promise.resolve();
    asked.found = ['attempt'];
    setImmediate(() => doorbell.ring('attempt'));
    await expect(waiting).resolves.toEqual(['attempt']);
    expect(asked.times).toBe(2);
  });

  it('never waits when something is there, nor when it was not asked to', async () => {
    const room = new ClaimWaiting(aDoorbell());
    await expect(room.poll(() => Promise.resolve([1]), { waitMs: LONG_MS, gone: stays })).resolves.toEqual([
      1,
    ]);
    await expect(room.poll(() => Promise.resolve([]), { waitMs: 0, gone: stays })).resolves.toEqual([]);
  });

  it('never claims for a client that has gone', async () => {
    const client = new AbortController();
    const { ask, asked } = aShelf();
    const waiting = new ClaimWaiting(aDoorbell()).poll(ask, { waitMs: LONG_MS, gone: client.signal });
    asked.found = ['attempt'];
    setImmediate(() => client.abort());
    await waiting;
    expect(asked.times).toBe(1);
  });

  it('ends empty-handed when the process ends, and listens no longer', async () => {
    const doorbell = aDoorbell();
    const room = new ClaimWaiting(doorbell);
    const waiting = room.poll(() => Promise.resolve([]), { waitMs: LONG_MS, gone: stays });
    setImmediate(() => room.onModuleDestroy());
    await expect(waiting).resolves.toEqual([]);
    expect(doorbell.listeners.size).toBe(0);
  });

  it('is refused when two hundred wait already', async () => {
    const room = new ClaimWaiting(aDoorbell());
    const wait = () => room.poll(() => Promise.resolve([]), { waitMs: LONG_MS, gone: stays });
    const waiting = Array.from({ length: 200 }, wait);
    await expect(wait()).rejects.toMatchObject({ status: 429, code: 'too_many_waiting' });
    room.onModuleDestroy();
    await Promise.all(waiting);
  });
});
