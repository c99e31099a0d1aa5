import { Button, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { createMission } from '../../api/generated/sdk.gen.js';
import { moneyProblem, moneyTyped } from '../../ui/money.js';

export function NewMissionDialog({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const router = useRouter();
  const [title, setTitle] = useState('');
  const [objective, setObjective] = useState('');
  const [directives, setDirectives] = useState('');
  const [limit, setLimit] = useState('');
  const create = useMutation({
    mutationFn: () =>
      createMission({
        body: {
          title: title.trim(),
          objective: objective.trim(),
          directives: directives
            .split('\n')
            .map((line) => line.trim())
            .filter((line) => line !== ''),
          budget: { limit_usd: moneyTyped(limit) },
        },
        throwOnError: true,
      }),
    onSuccess: ({ data }) => {
      onClose();
      router.history.push(`/missions/${data.id}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title="New mission"
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="lg"
    >
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Title"
            required
            maxLength={200}
            data-autofocus
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <Textarea
            label="Objective"
            description="What the conductor works towards"
            autosize
            minRows={3}
            maxLength={8_000}
            value={objective}
            onChange={(event) => setObjective(event.currentTarget.value)}
          />
          <Textarea
            label="Directives"
            description="One per line; each stands word for word in every request"
            autosize
            minRows={2}
            value={directives}
            onChange={(event) => setDirectives(event.currentTarget.value)}
          />
          <TextInput
            label="Limit in USD"
            description="Empty: none"
            inputMode="decimal"
            value={limit}
            error={moneyProblem(limit)}
            onChange={(event) => setLimit(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={create.isPending}
              disabled={title.trim() === '' || moneyProblem(limit) !== null}
            >
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
