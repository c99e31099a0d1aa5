import { Button, Group, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listMessagesInfiniteQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import { listMessages } from '../../api/generated/sdk.gen.js';
import type { Message } from '../../api/generated/types.gen.js';
import { Empty, IdText, Loading, LongText, Panel, ProblemAlert, When } from '../../ui/parts.js';
import { decidedLines } from './messages-model.js';

const PAGE = 6;
/** Each page is read anew with every piece of news; what is older than these is found by the API. */
const PAGES_MAX = 10;

/** What was said to the conductors, newest first, with its receipt: which wave saw it, and what that wave decided. */
export function MessagesPanel({ missionId }: { readonly missionId: string }) {
  const path = { id: missionId };
  const pages = useInfiniteQuery({
    queryKey: listMessagesInfiniteQueryKey({ path, query: { order: 'desc', limit: PAGE } }),
    queryFn: async ({ pageParam: cursor }: { pageParam: string | undefined }) => {
      const query = { order: 'desc', limit: PAGE, ...(cursor !== undefined && { cursor }) } as const;
      return (await listMessages({ path, query, throwOnError: true })).data;
    },
    initialPageParam: undefined,
    getNextPageParam: ({ next_cursor: cursor }, all) =>
      all.length < PAGES_MAX ? (cursor ?? undefined) : undefined,
  });
  if (pages.isError) return <ProblemAlert error={pages.error} />;
  if (!pages.isSuccess) return <Loading what="the messages" />;
  const messages = pages.data.pages.flatMap(({ data }) => data);
  return (
    <Panel title="Messages">
      {messages.length === 0 ? (
        <Empty why="Nothing has been said to the conductors.">
          A message is seen by the next wave before anything else.
        </Empty>
      ) : (
        <ol className="wk-timeline" aria-label="Messages, newest first">
          {messages.map((message) => (
            <Said key={message.id} message={message} />
          ))}
        </ol>
      )}
      {pages.hasNextPage && (
        <Button
          variant="default"
          size="xs"
          onClick={() => void pages.fetchNextPage()}
          loading={pages.isFetchingNextPage}
        >
          Older messages
        </Button>
      )}
    </Panel>
  );
}

function Said({ message }: { readonly message: Message }) {
  return (
    <li data-tone={message.seen_by_wave === null ? 'busy' : 'good'}>
      <LongText>{message.text}</LongText>
      <Receipt message={message} />
      <Group gap="sm" fz="xs" c="dimmed">
        <span>
          {message.trusted ? 'a person' : 'a program'}, <When at={message.created_at} />
        </span>
        <IdText id={message.id} />
      </Group>
    </li>
  );
}

function Receipt({ message }: { readonly message: Message }) {
  if (message.seen_by_wave === null)
    return (
      <Text fz="xs" c="dimmed">
        Not seen yet.
      </Text>
    );
  const decided = decidedLines(message);
  return (
    <Text fz="xs" c="dimmed" component="div">
      <Link to="/waves/$waveId" params={{ waveId: message.seen_by_wave }}>
        The wave that saw it
      </Link>{' '}
      {decided.length === 0 ? 'decided nothing.' : `decided: ${decided.join('; ')}.`}
    </Text>
  );
}
