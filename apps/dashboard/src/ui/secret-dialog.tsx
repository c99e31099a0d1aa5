import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { Command } from './parts.js';

/** Shows what is shown once, and forgets it. */
export function SecretDialog(props: {
  readonly title: string;
  readonly text: string;
  readonly secret: string | null;
  readonly onClose: () => void;
}) {
  return (
    <Modal
      opened={props.secret !== null}
      onClose={props.onClose}
      title={props.title}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="lg"
    >
      <Stack>
        <Text fz="sm">{props.text}</Text>
        <Command text={props.secret ?? ''} />
        <Group justify="flex-end">
          <Button onClick={props.onClose}>I have it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
