import { Button, Group, Modal, SegmentedControl, Stack, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { submitTasks } from '../../api/generated/sdk.gen.js';
import { count } from '../../ui/format.js';
import { onSendKey } from '../../ui/send-key.js';
import { submissionProblem, tasksIn, type SubmissionMode } from './submission-text.js';

const MODES = [
  { value: 'many', label: 'One task per line' },
  { value: 'one', label: 'One task with instructions' },
] as const satisfies readonly { readonly value: SubmissionMode; readonly label: string }[];

export function SubmitDialog(props: {
  readonly missionId: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const [text, setText] = useState('');
  const [mode, setMode] = useState<SubmissionMode>('many');
  const tasks = tasksIn(text, mode);
  const problem = submissionProblem(tasks);
  const submit = useMutation({
    mutationFn: () => submitTasks({ path: { id: props.missionId }, body: { tasks }, throwOnError: true }),
    onSuccess: () => {
      notifications.show({ message: `${count(tasks.length, 'task')} submitted.` });
      setText('');
      props.onClose();
    },
  });
  const canSubmit = tasks.length > 0 && problem === null && !submit.isPending;
  return (
    <Modal
      opened={props.isOpen}
      onClose={props.onClose}
      title="Submit tasks"
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="lg"
    >
      <Stack>
        <SegmentedControl data={[...MODES]} value={mode} onChange={setMode} aria-label="What the text is" />
        <Textarea
          label={mode === 'many' ? 'Titles' : 'Title, and below it what to do'}
          autosize
          minRows={5}
          maxRows={16}
          data-autofocus
          value={text}
          error={problem}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onSendKey(() => canSubmit && submit.mutate())}
        />
        <Group justify="space-between">
          <Text fz="sm" c="dimmed">
            Dependencies, keys and criteria: by the API or <code>wavekeeper task submit</code>
          </Text>
          <Button onClick={() => submit.mutate()} loading={submit.isPending} disabled={!canSubmit}>
            {tasks.length < 2 ? 'Submit' : `Submit ${tasks.length}`}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
