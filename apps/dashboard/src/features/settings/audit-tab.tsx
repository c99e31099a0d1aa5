import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { listAuditInfiniteQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import { listAudit } from '../../api/generated/sdk.gen.js';
import type { AuditEntry } from '../../api/generated/types.gen.js';
import { words } from '../../ui/format.js';
import { JsonValue } from '../../ui/json-view.js';
import { Empty, IdText, Loading, Panel, ProblemAlert, When } from '../../ui/parts.js';
import { Table } from '../../ui/table.js';

const PAGE = 50;
const ACTORS = { key: 'a program', person: 'a person', operator: 'the operator' } as const;

/** Who did what. */
export function AuditTab() {
  const pages = useInfiniteQuery({
    queryKey: listAuditInfiniteQueryKey(),
    queryFn: async ({ pageParam: cursor }: { pageParam: string | undefined }) => {
      const query = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
      return (await listAudit({ query, throwOnError: true })).data;
    },
    initialPageParam: undefined,
    getNextPageParam: ({ next_cursor: cursor }) => cursor ?? undefined,
    staleTime: 0,
  });
  if (pages.isError) return <ProblemAlert error={pages.error} />;
  if (!pages.isSuccess) return <Loading what="the audit" />;
  const entries = pages.data.pages.flatMap(({ data }) => data);
  return (
    <Panel title="Who did what">
      {entries.length === 0 ? (
        <Empty why="Nothing has been done yet.">
          Every act of a person or program that matters is remembered here.
        </Empty>
      ) : (
        <Table label="Audit" columns={['When', 'Who', 'What', 'Of', 'Before and after']}>
          {entries.map((entry) => (
            <Row key={entry.id} entry={entry} />
          ))}
        </Table>
      )}
      {pages.hasNextPage && (
        <Button variant="default" size="xs" mt="sm" onClick={() => void pages.fetchNextPage()}>
          More
        </Button>
      )}
    </Panel>
  );
}

function Row({ entry }: { readonly entry: AuditEntry }) {
  const hasDetail = entry.before !== null || entry.after !== null;
  return (
    <tr>
      <td>
        <When at={entry.created_at} />
      </td>
      <td>
        {ACTORS[entry.actor.kind]} {entry.actor.id !== null && <IdText id={entry.actor.id} />}
      </td>
      <td>{words(entry.action.replace('.', ' '))}</td>
      <td>{entry.subject_id !== null && <IdText id={entry.subject_id} />}</td>
      <td style={{ maxWidth: 420 }}>
        {hasDetail && (
          <details>
            <summary>what changed</summary>
            <JsonValue value={{ before: entry.before, after: entry.after }} name="audit.json" />
          </details>
        )}
      </td>
    </tr>
  );
}
