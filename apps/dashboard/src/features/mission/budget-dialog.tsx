import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { updateMission } from '../../api/generated/sdk.gen.js';
import type { Mission } from '../../api/generated/types.gen.js';
import { LimitField } from '../../ui/limit-field.js';
import { moneyProblem, moneyTyped } from '../../ui/money.js';
import { usd } from '../../ui/format.js';

/** Limits of one mission; an empty field is no limit. */
export function BudgetDialog({
  mission,
  onClose,
}: {
  readonly mission: Mission;
  readonly onClose: () => void;
}) {
  const [limit, setLimit] = useState(mission.budget.limit_usd ?? '');
  const [daily, setDaily] = useState(mission.budget.daily_usd ?? '');
  const save = useMutation({
    mutationFn: () =>
      updateMission({
        path: { id: mission.id },
        body: { budget: { limit_usd: moneyTyped(limit), daily_usd: moneyTyped(daily) } },
        throwOnError: true,
      }),
    onSuccess: () => {
      notifications.show({ message: 'The budget is set; what it held goes on.' });
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title="Budget of the mission"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text fz="sm" c="dimmed">
            {usd(mission.budget.spent_usd)} spent, {usd(mission.budget.reserved_usd)} reserved. Every request
            is reserved at its worst case before it is sent, so a limit cannot be overshot.
          </Text>
          <LimitField
            label="Limit in USD"
            description="Empty: none"
            value={limit}
            onChange={setLimit}
            data-autofocus
          />
          <LimitField
            label="Limit per day in USD"
            description="Empty: none; days are UTC"
            value={daily}
            onChange={setDaily}
          />
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={save.isPending}
              disabled={moneyProblem(limit) !== null || moneyProblem(daily) !== null}
            >
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
