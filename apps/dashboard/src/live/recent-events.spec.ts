import type { Event as LedgerEvent } from '../api/generated/types.gen.js';
import { appendEvent, EVENTS_SHOWN_MAX } from './recent-events.js';

const event = (seq: number) => ({ seq }) as LedgerEvent;

describe('appendEvent', () => {
  it('keeps each event once, though a stream that comes back may repeat some', () => {
    const events = [1, 2, 2, 1, 3].map(event).reduce<readonly LedgerEvent[]>(appendEvent, []);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('keeps a bounded number, the newest', () => {
    const many = Array.from({ length: EVENTS_SHOWN_MAX + 5 }, (_, index) => event(index + 1));
    const events = many.reduce<readonly LedgerEvent[]>(appendEvent, []);
    expect(events).toHaveLength(EVENTS_SHOWN_MAX);
    expect(events.at(-1)?.seq).toBe(EVENTS_SHOWN_MAX + 5);
  });
});
