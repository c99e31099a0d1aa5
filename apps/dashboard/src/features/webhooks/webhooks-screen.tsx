import { Button, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { listEndpointsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Icon } from '../../ui/icons.js';
import { Command, Empty, Loading, PageHead, Panel, ProblemAlert } from '../../ui/parts.js';
import { SecretDialog } from '../../ui/secret-dialog.js';
import { Table } from '../../ui/table.js';
import { useTitle } from '../../ui/use-title.js';
import { Deliveries } from './deliveries.js';
import { EndpointRow } from './endpoint-row.js';
import { NewEndpointDialog } from './new-endpoint-dialog.js';

const ENDPOINTS_MAX = 50;

export function WebhooksScreen() {
  const [isCreating, create] = useDisclosure(false);
  const [secret, setSecret] = useState<string | null>(null);
  useTitle('Webhooks');
  const query = { limit: ENDPOINTS_MAX };
  const endpoints = useQuery(listEndpointsOptions({ query }));
  return (
    <Stack gap="md">
      <PageHead
        title="Webhooks"
        api={{ path: '/v1/webhook-endpoints', query }}
        detail="Signed as Standard Webhooks prescribe, delivered at least once, in no order; seq orders them."
        actions={
          <Button leftSection={<Icon name="plus" size={16} />} onClick={create.open}>
            New endpoint
          </Button>
        }
      />
      {endpoints.isError && <ProblemAlert error={endpoints.error} />}
      {endpoints.isPending && <Loading what="the endpoints" />}
      {endpoints.data !== undefined && (
        <Panel title="Endpoints">
          {endpoints.data.data.length === 0 ? (
            <Empty why="Nobody is told of anything yet.">
              <Stack gap="sm">
                <span>Create an endpoint, or try it out: this listens, prints and verifies.</span>
                <Command text="npx wavekeeper webhook listen" />
              </Stack>
            </Empty>
          ) : (
            <Table label="Endpoints" columns={['Address', 'State', 'Told of', 'Created', 'Actions']}>
              {endpoints.data.data.map((endpoint) => (
                <EndpointRow key={endpoint.id} endpoint={endpoint} onSecret={setSecret} />
              ))}
            </Table>
          )}
        </Panel>
      )}
      <Deliveries endpoints={endpoints.data?.data ?? []} />
      <NewEndpointDialog isOpen={isCreating} onClose={create.close} onSecret={setSecret} />
      <SecretDialog
        title="The secret of the endpoint"
        text="It verifies what comes from here, and is shown this once. During a rotation the old one signs beside it for a day."
        secret={secret}
        onClose={() => setSecret(null)}
      />
    </Stack>
  );
}
