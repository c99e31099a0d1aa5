import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { addDirective } from '../../api/generated/sdk.gen.js';
import { onSendKey } from '../../ui/send-key.js';

/** A person's word for good: it stands in each request, exactly as it is written here. */
export function AddDirectiveDialog(props: { readonly missionId: string; readonly onClose: () => void }) {
  const [text, setText] = useState('');
  const add = useMutation({
    mutationFn: () => addDirective({ path: { id: props.missionId }, body: { text }, throwOnError: true }),
    onSuccess: ({ data }) => {
      notifications.show({ message: `${data.ref} is in force; the next wave is told of it.` });
      props.onClose();
    },
  });
  const canAdd = text.trim() !== '' && !add.isPending; // a key that is held is pressed again and again
  return (
    <Modal
      opened
      onClose={props.onClose}
      title="Add a directive"
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="lg"
    >
      <Stack>
        <Text fz="sm" c="dimmed">
          It is kept word for word and stands in every request until it is retired, so it takes room from all
          else: short is good.
        </Text>
        <Textarea
          label="Directive"
          autosize
          minRows={3}
          maxRows={12}
          maxLength={20_000}
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onSendKey(() => canAdd && add.mutate())}
        />
        <Group justify="flex-end">
          <span className="wk-key">Ctrl Enter</span>
          <Button onClick={() => add.mutate()} loading={add.isPending} disabled={!canAdd}>
            Add
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
