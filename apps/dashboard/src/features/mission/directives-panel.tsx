import { Button, Group, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { listDirectivesInfiniteQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import {
  acceptDirective,
  listDirectives,
  rejectDirective,
  retireDirective,
} from '../../api/generated/sdk.gen.js';
import type { Directive, Mission } from '../../api/generated/types.gen.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Icon } from '../../ui/icons.js';
import { Empty, IdText, Loading, LongText, Panel, ProblemAlert, StateMark } from '../../ui/parts.js';
import { AddDirectiveDialog } from './add-directive-dialog.js';
import { actionsOn, inOrder, type DirectiveAction } from './directives-model.js';
import { canBeSteered } from './mission-model.js';

const PAGE = 50;

/** What holds for good: in each request of each conductor, word for word. Proposals wait here for a person. */
export function DirectivesPanel({ mission }: { readonly mission: Mission }) {
  const path = { id: mission.id };
  const [isAdding, add] = useDisclosure(false);
  const [showsEnded, ended] = useDisclosure(false);
  const pages = useInfiniteQuery({
    queryKey: listDirectivesInfiniteQueryKey({ path, query: { limit: PAGE } }),
    queryFn: async ({ pageParam: cursor }: { pageParam: string | undefined }) => {
      const query = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
      return (await listDirectives({ path, query, throwOnError: true })).data;
    },
    initialPageParam: undefined,
    getNextPageParam: ({ next_cursor: cursor }) => cursor ?? undefined,
  });
  if (pages.isError) return <ProblemAlert error={pages.error} />;
  if (!pages.isSuccess) return <Loading what="the directives" />;
  const directives = pages.data.pages.flatMap(({ data }) => data);
  const { shown, endedCount } = inOrder(directives, { withEnded: showsEnded });
  return (
    <Panel
      title="Directives"
      aside={
        canBeSteered(mission) && (
          <Button variant="default" size="xs" leftSection={<Icon name="plus" size={14} />} onClick={add.open}>
            Add directive
          </Button>
        )
      }
    >
      {shown.length === 0 ? (
        <Empty why="No directive is in force.">
          What shall hold in every wave is a directive; what is said once is a message.
        </Empty>
      ) : (
        <Stack gap="sm" component="ul" className="wk-plain">
          {shown.map((directive) => (
            <Row key={directive.id} directive={directive} />
          ))}
        </Stack>
      )}
      <Group gap="xs" mt="sm">
        {endedCount > 0 && (
          <Button variant="subtle" size="compact-xs" onClick={ended.toggle} aria-expanded={showsEnded}>
            {showsEnded ? 'Hide' : 'Show'} {endedCount} that no longer hold
          </Button>
        )}
        {pages.hasNextPage && (
          <Button
            variant="default"
            size="compact-xs"
            onClick={() => void pages.fetchNextPage()}
            loading={pages.isFetchingNextPage}
          >
            More
          </Button>
        )}
      </Group>
      {isAdding && <AddDirectiveDialog missionId={mission.id} onClose={add.close} />}
    </Panel>
  );
}

const NAMES = { accept: 'Accept', reject: 'Reject', retire: 'Retire' } as const;
const CALLS = { accept: acceptDirective, reject: rejectDirective, retire: retireDirective } as const;

function Row({ directive }: { readonly directive: Directive }) {
  const { ref, text, state } = directive;
  const [isRetiring, retiring] = useDisclosure(false);
  const move = useMutation({
    mutationFn: (action: DirectiveAction) =>
      CALLS[action]({ path: { id: directive.id }, throwOnError: true }),
  });
  return (
    <li>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Group gap="xs" fz="sm" c="dimmed">
          {ref}
          <StateMark state={state} />
          <IdText id={directive.id} />
        </Group>
        <Group gap={4} wrap="nowrap">
          {actionsOn(directive).map((action) => (
            <Button
              key={action}
              variant="default"
              size="compact-xs"
              aria-label={`${NAMES[action]} ${ref}`}
              loading={move.isPending && move.variables === action}
              onClick={() => (action === 'retire' ? retiring.open() : move.mutate(action))}
            >
              {NAMES[action]}
            </Button>
          ))}
        </Group>
      </Group>
      <LongText>{text}</LongText>
      <ConfirmDialog
        isOpen={isRetiring}
        title={`Retire ${ref}?`}
        text="From the next wave on no conductor is told of it. It stays in the ledger, and cannot be taken up again."
        action="Retire it"
        onConfirm={() => move.mutate('retire')}
        onClose={retiring.close}
      />
    </li>
  );
}
