import { Button, Group, Modal, Stack, Text } from '@mantine/core';

/** Asks before what cannot be taken back. */
export function ConfirmDialog(props: {
  readonly isOpen: boolean;
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}) {
  const confirm = () => {
    props.onConfirm();
    props.onClose();
  };
  return (
    <Modal
      opened={props.isOpen}
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Text fz="sm">{props.text}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            Keep it
          </Button>
          <Button color="red.9" onClick={confirm}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
