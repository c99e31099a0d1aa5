import { useEffect, useRef, useState } from 'react';
import type { Event as LedgerEvent } from '../api/generated/types.gen.js';
import { appendEvent } from './recent-events.js';

/** What is shown of the past when a mission is opened. */
const PAST_SHOWN = 30;

/**
 * The newest events of a mission, as they happen, newest last. A break is made good by the number of the last event that
 * was read; while nobody looks at the tab the stream is closed, and goes on from there afterwards.
 */
export function useMissionEvents(
  missionId: string,
  lastSeq: number | undefined,
  onEvent: (event: LedgerEvent) => void,
): readonly LedgerEvent[] {
  const [events, setEvents] = useState<readonly LedgerEvent[]>([]);
  const after = useRef<number | null>(null);
  const hear = useRef(onEvent);
  hear.current = onEvent;
  const isKnown = lastSeq !== undefined;

  useEffect(() => {
    if (lastSeq === undefined) return undefined;
    after.current = Math.max(0, lastSeq - PAST_SHOWN);
    setEvents([]);
    let stream: EventSource | null = null;
    const open = () => {
      stream = new EventSource(`/v1/missions/${missionId}/events?after=${after.current ?? 0}`);
      stream.onmessage = ({ data }: MessageEvent<string>) => {
        const event = JSON.parse(data) as LedgerEvent; // as the API describes it
        after.current = event.seq ?? after.current;
        setEvents((known) => appendEvent(known, event));
        hear.current(event);
      };
    };
    const follow = () => {
      if (document.hidden) stream?.close();
      else if (stream === null || stream.readyState === EventSource.CLOSED) open();
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      stream?.close();
    };
    // Where it begins is decided once per mission; what comes later comes by the stream.
  }, [missionId, isKnown]);
  return events;
}
