import { Button, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useState, type SyntheticEvent } from 'react';
import { createMission } from '../../api/generated/sdk.gen.js';
import { LimitField } from '../../ui/limit-field.js';
import { moneyProblem } from '../../ui/money.js';
import { missionTyped, NOTHING_TYPED, type TypedMission } from './typed-mission.js';

export function NewMissionDialog({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const router = useRouter();
  const [typed, setTyped] = useState(NOTHING_TYPED);
  const create = useMutation({
    mutationFn: () => createMission({ body: missionTyped(typed), throwOnError: true }),
    onSuccess: ({ data }) => {
      setTyped(NOTHING_TYPED);
      onClose();
      router.history.push(`/missions/${data.id}`);
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const canCreate = typed.title.trim() !== '' && moneyProblem(typed.limit) === null;
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
          <Fields typed={typed} onChange={(part) => setTyped((before) => ({ ...before, ...part }))} />
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending} disabled={!canCreate}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Fields(props: {
  readonly typed: TypedMission;
  readonly onChange: (part: Partial<TypedMission>) => void;
}) {
  const { typed, onChange } = props;
  return (
    <>
      <TextInput
        label="Title"
        required
        maxLength={200}
        data-autofocus
        value={typed.title}
        onChange={(event) => onChange({ title: event.currentTarget.value })}
      />
      <Textarea
        label="Objective"
        description="What the conductor works towards"
        autosize
        minRows={3}
        maxLength={8_000}
        value={typed.objective}
        onChange={(event) => onChange({ objective: event.currentTarget.value })}
      />
      <Textarea
        label="Directives"
        description="One per line; each stands word for word in every request"
        autosize
        minRows={2}
        value={typed.directives}
        onChange={(event) => onChange({ directives: event.currentTarget.value })}
      />
      <LimitField
        label="Limit in USD"
        description="Empty: none"
        value={typed.limit}
        onChange={(limit) => onChange({ limit })}
      />
    </>
  );
}
