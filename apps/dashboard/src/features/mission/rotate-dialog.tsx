import {
  Button,
  Checkbox,
  Group,
  List,
  Modal,
  Radio,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { previewRotationOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { rotateConductor } from '../../api/generated/sdk.gen.js';
import type { Mission, RotationPreview } from '../../api/generated/types.gen.js';
import { wholeNumber } from '../../ui/format.js';
import { ProblemAlert } from '../../ui/parts.js';
import { droppedLines, keptLines } from './rotation-text.js';

type Mode = 'drain' | 'now';

/** Says what is kept, what is dropped and what it comes to before it is done. */
export function RotateDialog({
  mission,
  onClose,
}: {
  readonly mission: Mission;
  readonly onClose: () => void;
}) {
  const [mode, setMode] = useState<Mode>('drain');
  const [reason, setReason] = useState('');
  const [keepsNote, setKeepsNote] = useState(false);
  const path = { id: mission.id };
  const preview = useQuery({
    ...previewRotationOptions({ path, query: { keep_note: keepsNote ? 'true' : 'false' } }),
    staleTime: 0, // the ledger as it is when somebody asks
  });
  const rotate = useMutation({
    mutationFn: () =>
      rotateConductor({ path, body: { mode, reason, keep_note: keepsNote }, throwOnError: true }),
    onSuccess: ({ data }) => {
      notifications.show({
        message: `A fresh conductor: from ${wholeNumber(data.before_tokens)} to about ${wholeNumber(data.expected_tokens)} tokens.`,
      });
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title="Archive the conductor and start fresh"
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="lg"
    >
      <Stack>
        {preview.isError && <ProblemAlert error={preview.error} />}
        {preview.data !== undefined && <Preview preview={preview.data} mode={mode} />}
        <Radio.Group label="When" value={mode} onChange={(value) => setMode(value)}>
          <Stack gap="xs" mt="xs">
            <Radio value="drain" label="After the running wave has committed" />
            <Radio value="now" label="Now: the running wave is fenced off and cannot commit" />
          </Stack>
        </Radio.Group>
        <Checkbox
          label="The next conductor gets the hand-off note of the last"
          checked={keepsNote}
          onChange={(event) => setKeepsNote(event.currentTarget.checked)}
        />
        <TextInput
          label="Reason"
          description="Stands in the events and in the audit"
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
          <Button onClick={() => rotate.mutate()} loading={rotate.isPending} data-autofocus>
            Archive and start fresh
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Preview({ preview, mode }: { readonly preview: RotationPreview; readonly mode: Mode }) {
  return (
    <>
      <SimpleGrid cols={2}>
        <div className="wk-panel">
          <Text fz="sm" c="dimmed">
            Last request
          </Text>
          <div className="wk-stat-value">{wholeNumber(preview.before_tokens)}</div>
          <Text fz="xs" c="dimmed">
            tokens, as the provider counted
          </Text>
        </div>
        <div className="wk-panel">
          <Text fz="sm" c="dimmed">
            First request after
          </Text>
          <div className="wk-stat-value">{wholeNumber(preview.expected_tokens)}</div>
          <Text fz="xs" c="dimmed">
            expected, built from the ledger as it is now
          </Text>
        </div>
      </SimpleGrid>
      <SimpleGrid cols={2}>
        <Lines title="Kept" lines={keptLines(preview.kept)} />
        <Lines title="Dropped" lines={droppedLines(preview.dropped, mode)} />
      </SimpleGrid>
    </>
  );
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  return (
    <div>
      <Text fw={600} fz="sm">
        {title}
      </Text>
      <List size="sm">
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </div>
  );
}
