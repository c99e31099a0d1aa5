import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { listTaskEventsInfiniteOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { EventItem } from '../../ui/event-feed.js';
import { Panel, ProblemAlert } from '../../ui/parts.js';

const PAGE = 50;

/** All that was ever written about it, in order. */
export function TaskHistory({ taskId }: { readonly taskId: string }) {
  const pages = useInfiniteQuery({
    ...listTaskEventsInfiniteOptions({ path: { id: taskId }, query: { limit: PAGE } }),
    initialPageParam: { path: { id: taskId } },
    getNextPageParam: ({ next_cursor: cursor }) => (cursor === null ? undefined : cursor),
  });
  if (pages.isError) return <ProblemAlert error={pages.error} />;
  return (
    <Panel title="History">
      <ol className="wk-timeline" aria-label="Events in order">
        {(pages.data?.pages ?? []).flatMap(({ data }) =>
          data.map((event) => <EventItem key={event.id} event={event} />),
        )}
      </ol>
      {pages.hasNextPage && (
        <Button
          variant="default"
          size="xs"
          onClick={() => void pages.fetchNextPage()}
          loading={pages.isFetchingNextPage}
        >
          More
        </Button>
      )}
    </Panel>
  );
}
