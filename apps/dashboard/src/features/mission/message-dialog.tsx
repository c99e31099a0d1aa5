import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { postMessage } from '../../api/generated/sdk.gen.js';
import { onSendKey } from '../../ui/send-key.js';

/** A person's word to the conductor: the next wave sees it before anything else. */
export function MessageDialog(props: {
  readonly missionId: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const [text, setText] = useState('');
  const send = useMutation({
    mutationFn: () => postMessage({ path: { id: props.missionId }, body: { text }, throwOnError: true }),
    onSuccess: () => {
      notifications.show({ message: 'In the inbox; the next wave sees it first.' });
      setText('');
      props.onClose();
    },
  });
  const canSend = text.trim() !== '' && !send.isPending; // a key that is held is pressed again and again
  return (
    <Modal
      opened={props.isOpen}
      onClose={props.onClose}
      title="Message to the conductor"
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="lg"
    >
      <Stack>
        <Text fz="sm" c="dimmed">
          It is said once. What shall hold for good is a directive, and stands in every request.
        </Text>
        <Textarea
          label="Message"
          autosize
          minRows={4}
          maxRows={14}
          maxLength={20_000}
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onSendKey(() => canSend && send.mutate())}
        />
        <Group justify="flex-end">
          <span className="wk-key">Ctrl Enter</span>
          <Button onClick={() => send.mutate()} loading={send.isPending} disabled={!canSend}>
            Send
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
