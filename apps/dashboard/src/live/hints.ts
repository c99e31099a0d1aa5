/** What is told to all tabs: that something has changed, and whether anybody listens to the service. */
export type News =
  | { readonly kind: 'hint'; readonly missionId: string }
  /** After a break anything may have changed. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost' };

const NAME = 'wavekeeper.hints';
/** A stream that the service refuses is tried again; one that breaks comes back by itself. */
const RETRY_MS = 5_000;

/**
 * Listens to the service's hints, once per browser: the tab that gets the lock holds the stream and tells the others;
 * when it is closed another gets the lock. Calls `hear` in every tab. Returns how to stop.
 */
export function followHints(hear: (news: News) => void): () => void {
  const stopped = new AbortController();
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (message: MessageEvent<News>) => hear(message.data);
  const tell = (news: News) => {
    channel.postMessage(news);
    hear(news);
  };
  const lead = () => holdStream(tell, stopped.signal);
  // Only a page from this machine or over TLS has locks; elsewhere each tab listens for itself.
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) void lead();
  else void locks.request(NAME, { signal: stopped.signal }, lead).catch(() => undefined); // stopped before its turn
  return () => {
    stopped.abort();
    channel.close();
  };
}

/** Resolves when it is told to stop. */
function holdStream(tell: (news: News) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let stream: EventSource | null = null;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      stream = new EventSource('/v1/events/stream');
      stream.onopen = () => tell({ kind: 'connected' });
      stream.onmessage = ({ data }: MessageEvent<string>) =>
        tell({ kind: 'hint', missionId: missionIn(data) });
      stream.onerror = () => {
        tell({ kind: 'lost' });
        if (stream?.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
      };
    };
    open();
    signal.addEventListener('abort', () => {
      clearTimeout(retry);
      stream?.close();
      resolve();
    });
  });
}

function missionIn(data: string): string {
  return (JSON.parse(data) as { mission_id: string }).mission_id; // as the API describes it
}
