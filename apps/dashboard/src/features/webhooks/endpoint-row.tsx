import { Button, Group, Menu, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { listEndpointsQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import {
  deleteEndpoint,
  recoverEndpoint,
  rotateEndpointSecret,
  testEndpoint,
  updateEndpoint,
} from '../../api/generated/sdk.gen.js';
import type { Endpoint } from '../../api/generated/types.gen.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { count } from '../../ui/format.js';
import { IdText, StateMark, When } from '../../ui/parts.js';
import { since } from './webhooks-model.js';

const RECOVER_HOURS = 24;

export function EndpointRow(props: {
  readonly endpoint: Endpoint;
  readonly onSecret: (secret: string) => void;
}) {
  const { endpoint } = props;
  return (
    <tr>
      <td className="wk-words">
        {endpoint.url}
        {endpoint.description !== '' && (
          <Text fz="xs" c="dimmed">
            {endpoint.description}
          </Text>
        )}
        <div>
          <IdText id={endpoint.id} />
        </div>
      </td>
      <td>
        <StateMark state={endpoint.state} />
      </td>
      <td className="wk-words">{endpoint.event_types.join(', ')}</td>
      <td>
        <When at={endpoint.created_at} />
      </td>
      <td>
        <Actions {...props} />
      </td>
    </tr>
  );
}

function Actions({
  endpoint,
  onSecret,
}: {
  readonly endpoint: Endpoint;
  readonly onSecret: (secret: string) => void;
}) {
  const queries = useQueryClient();
  const [isRemoving, removing] = useDisclosure(false);
  const path = { id: endpoint.id };
  const act = useMutation({
    mutationFn: (work: () => Promise<string>) => work(),
    onSuccess: (message) => {
      if (message !== '') notifications.show({ message });
      void queries.invalidateQueries();
    },
  });
  const test = async () => {
    await testEndpoint({ path, throwOnError: true });
    return 'Sent endpoint.test; its delivery appears below.';
  };
  const rotate = async () => {
    const { data } = await rotateEndpointSecret({ path, throwOnError: true });
    onSecret(data.secret ?? '');
    return '';
  };
  const toggle = async () => {
    const state = endpoint.state === 'enabled' ? 'disabled' : 'enabled';
    await updateEndpoint({ path, body: { state }, throwOnError: true });
    return `The endpoint is ${state}.`;
  };
  const remove = async () => {
    await deleteEndpoint({ path, throwOnError: true });
    void queries.invalidateQueries({ queryKey: listEndpointsQueryKey() });
    return 'Removed, with its deliveries.';
  };
  return (
    <Group gap="xs" wrap="nowrap">
      <Button variant="default" size="xs" loading={act.isPending} onClick={() => act.mutate(test)}>
        Test
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" size="xs" aria-label={`More actions for ${endpoint.url}`}>
            …
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => act.mutate(rotate)}>Rotate the secret</Menu.Item>
          <Menu.Item onClick={() => act.mutate(() => recoverLastDay(path))}>Recover the last day</Menu.Item>
          <Menu.Item onClick={() => act.mutate(toggle)}>
            {endpoint.state === 'enabled' ? 'Disable' : 'Enable'}
          </Menu.Item>
          <Menu.Item onClick={removing.open}>Remove</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ConfirmDialog
        isOpen={isRemoving}
        title="Remove the endpoint?"
        text="Its deliveries go with it, also those that are still to be tried."
        action="Remove"
        onConfirm={() => act.mutate(remove)}
        onClose={removing.close}
      />
    </Group>
  );
}

async function recoverLastDay(path: { readonly id: string }): Promise<string> {
  const body = { since: since(RECOVER_HOURS, Date.now()) };
  const { data } = await recoverEndpoint({ path, body, throwOnError: true });
  const taken = `${count(data.recovered, 'delivery', 'deliveries')} taken up again`;
  return data.has_more ? `${taken}; there are more: recover once more.` : `${taken}.`;
}
