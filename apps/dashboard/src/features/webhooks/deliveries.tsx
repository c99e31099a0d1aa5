import { Button, Group, Select, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import {
  listDeliveriesOptions,
  listDeliveriesQueryKey,
} from '../../api/generated/@tanstack/react-query.gen.js';
import { redeliver } from '../../api/generated/sdk.gen.js';
import type { Delivery, Endpoint } from '../../api/generated/types.gen.js';
import { CopyCurl } from '../../ui/copy-curl.js';
import { Pager } from '../../ui/pager.js';
import { Empty, IdText, Loading, Panel, ProblemAlert, StateMark, When } from '../../ui/parts.js';
import { Table } from '../../ui/table.js';
import { goesOn, lastTryText, nextLookMs } from './webhooks-model.js';
import { DELIVERY_STATES, type WebhooksSearch } from './webhooks-search.js';

const route = getRouteApi('/shell/webhooks');
const PAGE = 25;

/** What was sent, with every try and its answer. */
export function Deliveries({ endpoints }: { readonly endpoints: readonly Endpoint[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const deliveries = useQuery({
    ...listDeliveriesOptions({ query: queryOf(search) }),
    placeholderData: keepPreviousData,
  });
  useNextLook(deliveries.data?.data ?? []);
  const change = (part: WebhooksSearch) =>
    void navigate({ search: { ...search, cursor: undefined, ...part } });
  return (
    <Panel
      title="Deliveries"
      aside={
        <Group gap="xs">
          <CopyCurl api={{ path: '/v1/webhook-deliveries', query: queryOf(search) }} />
          <Select
            data={endpoints.map(({ id, url }) => ({ value: id, label: url }))}
            value={search.endpoint ?? null}
            onChange={(endpoint) => change({ endpoint: endpoint ?? undefined })}
            placeholder="any endpoint"
            aria-label="Endpoint"
            clearable
            clearButtonProps={{ 'aria-label': 'Any endpoint' }}
            size="xs"
            w={240}
          />
          <Select
            data={[...DELIVERY_STATES]}
            value={search.state ?? null}
            onChange={(state) => change({ state: DELIVERY_STATES.find((known) => known === state) })}
            placeholder="any state"
            aria-label="State"
            clearable
            clearButtonProps={{ 'aria-label': 'Any state' }}
            size="xs"
            w={140}
          />
        </Group>
      }
    >
      {deliveries.isError && <ProblemAlert error={deliveries.error} />}
      {deliveries.isPending && <Loading what="the deliveries" />}
      {deliveries.data?.data.length === 0 && (
        <Empty why="Nothing has been sent.">
          {endpoints.length === 0
            ? 'There is no endpoint to send to.'
            : 'Test an endpoint, or wait for an event that it is told of.'}
        </Empty>
      )}
      {deliveries.data !== undefined && deliveries.data.data.length > 0 && (
        <DeliveryTable deliveries={deliveries.data.data} endpoints={endpoints} />
      )}
      <Pager
        isFirst={search.cursor === undefined}
        next={deliveries.data?.next_cursor ?? null}
        onFirst={() => change({})}
        onNext={(cursor) => void navigate({ search: { ...search, cursor } })}
      />
    </Panel>
  );
}

function queryOf({ endpoint, state, cursor }: WebhooksSearch) {
  return {
    limit: PAGE,
    ...(endpoint && { endpoint_id: endpoint }),
    ...(state && { state }),
    ...(cursor && { cursor }),
  };
}

/** A try is no event of a mission, so no hint tells of it; but when it is due is known. */
function useNextLook(deliveries: readonly Delivery[]): void {
  const queries = useQueryClient();
  useEffect(() => {
    const waitMs = nextLookMs(deliveries, Date.now());
    if (waitMs === null) return undefined;
    const timer = setTimeout(
      () => void queries.invalidateQueries({ queryKey: listDeliveriesQueryKey() }),
      waitMs,
    );
    return () => clearTimeout(timer);
  }, [queries, deliveries]);
}

function DeliveryTable(props: {
  readonly deliveries: readonly Delivery[];
  readonly endpoints: readonly Endpoint[];
}) {
  const addressOf = new Map(props.endpoints.map(({ id, url }) => [id, url]));
  return (
    <Table
      label="Deliveries"
      columns={['Event', 'State', 'To', 'Last try', 'Goes on', 'Made', 'Id of the event', 'Actions']}
    >
      {props.deliveries.map((delivery) => (
        <tr key={delivery.id}>
          <td>{delivery.event_type}</td>
          <td>
            <StateMark state={delivery.state} />
          </td>
          <td className="wk-words">{addressOf.get(delivery.endpoint_id) ?? 'a removed endpoint'}</td>
          <td>
            <Tries delivery={delivery} />
          </td>
          <td>{goesOn(delivery, Date.now())}</td>
          <td>
            <When at={delivery.created_at} />
          </td>
          <td>
            <IdText id={delivery.event_id} />
          </td>
          <td>
            <Redeliver delivery={delivery} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Tries({ delivery }: { readonly delivery: Delivery }) {
  if (delivery.tries.length === 0) return <span>{lastTryText(delivery)}</span>;
  return (
    <details>
      <summary>{lastTryText(delivery)}</summary>
      {delivery.tries.map((one, place) => (
        <Text key={place} fz="xs" component="div" mt={4}>
          <When at={one.at} />: {one.status ?? one.error} in {one.duration_ms} ms
          {one.response_excerpt !== null && one.response_excerpt !== '' && (
            <pre className="wk-pre">{one.response_excerpt}</pre>
          )}
        </Text>
      ))}
    </details>
  );
}

function Redeliver({ delivery }: { readonly delivery: Delivery }) {
  const queries = useQueryClient();
  const again = useMutation({
    mutationFn: () => redeliver({ path: { id: delivery.id }, throwOnError: true }),
    onSuccess: () => {
      notifications.show({ message: 'Sent once more, under the same id.' });
      void queries.invalidateQueries({ queryKey: listDeliveriesQueryKey() });
    },
  });
  return (
    <Button variant="default" size="xs" loading={again.isPending} onClick={() => again.mutate()}>
      Redeliver
    </Button>
  );
}
