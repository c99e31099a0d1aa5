import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { listTaskEventsInfiniteQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import { listTaskEvents } from '../../api/generated/sdk.gen.js';
import { EventItem } from '../../ui/event-feed.js';
import { Loading, Panel, ProblemAlert } from '../../ui/parts.js';

const PAGE = 50;

/** All that was ever written about it, in order. */
export function TaskHistory({ taskId }: { readonly taskId: string }) {
  const pages = useInfiniteQuery({
    queryKey: listTaskEventsInfiniteQueryKey({ path: { id: taskId } }),
    queryFn: async ({ pageParam: cursor }: { pageParam: string | undefined }) => {
      const query = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
      return (await listTaskEvents({ path: { id: taskId }, query, throwOnError: true })).data;
    },
    initialPageParam: undefined,
    getNextPageParam: ({ next_cursor: cursor }) => cursor ?? undefined,
  });
  if (pages.isError) return <ProblemAlert error={pages.error} />;
  if (!pages.isSuccess) return <Loading what="the history" />;
  return (
    <Panel title="History">
      <ol className="wk-timeline" aria-label="Events in order">
        {pages.data.pages.flatMap(({ data }) =>
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
