import { Button, Group, MultiSelect, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { listApiKeysOptions, listApiKeysQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import { createApiKey, rerollApiKey, revokeApiKey } from '../../api/generated/sdk.gen.js';
import type { ApiKey } from '../../api/generated/types.gen.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Icon } from '../../ui/icons.js';
import { IdText, Loading, Panel, ProblemAlert, When } from '../../ui/parts.js';
import { SecretDialog } from '../../ui/secret-dialog.js';
import { Table } from '../../ui/table.js';
import { keyStanding, SCOPES } from './keys-model.js';

const KEYS_SHOWN_MAX = 100;

export function KeysTab() {
  const keys = useQuery(listApiKeysOptions({ query: { limit: KEYS_SHOWN_MAX } }));
  const [isCreating, create] = useDisclosure(false);
  const [secret, setSecret] = useState<string | null>(null);
  if (keys.isError) return <ProblemAlert error={keys.error} />;
  if (keys.data === undefined) return <Loading what="the keys" />;
  return (
    <Panel
      title="API keys"
      aside={
        <Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={create.open}>
          New key
        </Button>
      }
    >
      <Table label="API keys" columns={['Name', 'Key', 'May', 'Standing', 'Last used', 'Created', 'Actions']}>
        {keys.data.data.map((key) => (
          <KeyRow key={key.id} apiKey={key} onSecret={setSecret} />
        ))}
      </Table>
      {isCreating && <NewKeyDialog onClose={create.close} onSecret={setSecret} />}
      <SecretDialog
        title="The new key"
        text="It is shown this once; what is kept is its hash."
        secret={secret}
        onClose={() => setSecret(null)}
      />
    </Panel>
  );
}

function KeyRow({
  apiKey,
  onSecret,
}: {
  readonly apiKey: ApiKey;
  readonly onSecret: (secret: string) => void;
}) {
  const [isRevoking, revoking] = useDisclosure(false);
  const { reroll, revoke } = useKeyActions(apiKey, onSecret);
  const standing = keyStanding(apiKey, Date.now());
  return (
    <tr>
      <td className="wk-words">
        {apiKey.name}
        <div>
          <IdText id={apiKey.id} />
        </div>
      </td>
      <td className="wk-mono">
        {apiKey.prefix}…{apiKey.last4}
      </td>
      <td style={{ maxWidth: 320 }}>
        <Text fz="sm">
          {apiKey.scopes.length === SCOPES.length ? 'everything' : apiKey.scopes.join(', ')}
        </Text>
      </td>
      <td>
        <span className="wk-state" data-tone={standing.tone}>
          {standing.text}
        </span>
      </td>
      <td>
        <When at={apiKey.last_used_at} />
      </td>
      <td>
        <When at={apiKey.created_at} />
      </td>
      <td>
        {standing.isGood && (
          <Group gap="xs" wrap="nowrap">
            <Button variant="default" size="xs" loading={reroll.isPending} onClick={() => reroll.mutate()}>
              Reroll
            </Button>
            <Button variant="default" size="xs" onClick={revoking.open}>
              Revoke
            </Button>
          </Group>
        )}
        <ConfirmDialog
          isOpen={isRevoking}
          title="Revoke the key?"
          text="Whoever uses it is refused from the next request on, and sessions that were opened with it end. If it is the key of this session, you are signed out."
          action="Revoke"
          onConfirm={() => revoke.mutate()}
          onClose={revoking.close}
        />
      </td>
    </tr>
  );
}

function useKeyActions({ id }: ApiKey, onSecret: (secret: string) => void) {
  const queries = useQueryClient();
  const again = () => void queries.invalidateQueries({ queryKey: listApiKeysQueryKey() });
  const reroll = useMutation({
    mutationFn: () => rerollApiKey({ path: { id }, body: {}, throwOnError: true }),
    onSuccess: ({ data }) => {
      onSecret(data.api_key ?? '');
      again();
    },
  });
  const revoke = useMutation({
    mutationFn: () => revokeApiKey({ path: { id }, throwOnError: true }),
    onSuccess: () => {
      notifications.show({ message: 'Revoked, from the next request on.' });
      again();
    },
  });
  return { reroll, revoke };
}

function NewKeyDialog(props: { readonly onClose: () => void; readonly onSecret: (secret: string) => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const create = useMutation({
    mutationFn: () =>
      createApiKey({
        body: { name: name.trim(), scopes: SCOPES.filter((scope) => scopes.includes(scope)) },
        throwOnError: true,
      }),
    onSuccess: ({ data }) => {
      void queries.invalidateQueries({ queryKey: listApiKeysQueryKey() });
      props.onClose();
      props.onSecret(data.api_key ?? '');
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Modal opened onClose={props.onClose} title="New key" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            required
            maxLength={200}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <MultiSelect label="May" data={[...SCOPES]} value={scopes} onChange={setScopes} required />
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={create.isPending}
              disabled={name.trim() === '' || scopes.length === 0}
            >
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
