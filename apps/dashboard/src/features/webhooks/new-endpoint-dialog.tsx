import { Button, Checkbox, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { listEndpointsQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import { createEndpoint } from '../../api/generated/sdk.gen.js';
import { patternsTyped } from './webhooks-model.js';

export function NewEndpointDialog(props: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onSecret: (secret: string) => void;
}) {
  const queries = useQueryClient();
  const [url, setUrl] = useState('');
  const [types, setTypes] = useState('task.* mission.*');
  const [withResult, setWithResult] = useState(false);
  const create = useMutation({
    mutationFn: () =>
      createEndpoint({
        body: { url: url.trim(), event_types: patternsTyped(types), include_result: withResult },
        throwOnError: true,
      }),
    onSuccess: ({ data }) => {
      void queries.invalidateQueries({ queryKey: listEndpointsQueryKey() });
      setUrl('');
      props.onClose();
      props.onSecret(data.secret ?? '');
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Modal
      opened={props.isOpen}
      onClose={props.onClose}
      title="New endpoint"
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="lg"
    >
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Address"
            type="url"
            required
            placeholder="https://…"
            data-autofocus
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <TextInput
            label="Told of"
            description="Event types, families such as task.*, or * for everything"
            value={types}
            onChange={(event) => setTypes(event.currentTarget.value)}
          />
          <Checkbox
            label="With the results of tasks"
            checked={withResult}
            onChange={(event) => setWithResult(event.currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
