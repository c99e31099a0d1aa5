import { useQueryClient, type Query, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { isAffected, type AskedQuery } from './affected.js';
import { followHints, type News } from './hints.js';

/** Hints of a busy mission come ten times a second; a screen need not be read so often. */
const FLUSH_MS = 700;

/** Keeps what is on the screen true: reads again what a hint may have changed. True while somebody listens. */
export function useLive(): boolean {
  const queries = useQueryClient();
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    const refresh = new Refresh(queries);
    const stop = followHints((news) => {
      if (news.kind !== 'hint') setLive(news.kind === 'connected');
      refresh.note(news);
    });
    return () => {
      stop();
      refresh.stop();
    };
  }, [queries]);
  return isLive;
}

/** Gathers hints for a moment; the first is acted on at once. */
class Refresh {
  private readonly missions = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly queries: QueryClient) {}

  note(news: News): void {
    if (news.kind === 'connected') void this.queries.invalidateQueries();
    if (news.kind !== 'hint') return;
    this.missions.add(news.missionId);
    if (this.timer === null) this.flush();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private flush(): void {
    this.timer = null;
    if (this.missions.size === 0) return;
    const missions = [...this.missions];
    this.missions.clear();
    void this.queries.invalidateQueries({
      predicate: (query) => missions.some((mission) => isAffected(askedOf(query), mission)),
    });
    this.timer = setTimeout(() => this.flush(), FLUSH_MS);
  }
}

function askedOf(query: Query): AskedQuery {
  const [asked] = query.queryKey as [
    { _id?: string; path?: { id?: string }; query?: { mission_id?: string } } | undefined,
  ]; // as the generated client writes it
  return {
    operation: asked?._id ?? '',
    pathId: asked?.path?.id,
    missionId: asked?.query?.mission_id,
    answer: query.state.data,
  };
}
