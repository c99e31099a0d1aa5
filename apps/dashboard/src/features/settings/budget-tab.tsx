import { Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { readBudgetOptions, readBudgetQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import { setBudget } from '../../api/generated/sdk.gen.js';
import type { Budget } from '../../api/generated/types.gen.js';
import { usd } from '../../ui/format.js';
import { LimitField } from '../../ui/limit-field.js';
import { moneyProblem, moneyTyped } from '../../ui/money.js';
import { Loading, Panel, ProblemAlert } from '../../ui/parts.js';

/** The tenant's limits: at them its missions are not picked. */
export function BudgetTab() {
  const budget = useQuery(readBudgetOptions());
  if (budget.isError) return <ProblemAlert error={budget.error} />;
  if (budget.data === undefined) return <Loading what="the budget" />;
  return <Limits budget={budget.data} />;
}

function Limits({ budget }: { readonly budget: Budget }) {
  const queries = useQueryClient();
  const [limit, setLimit] = useState(budget.limit_usd ?? '');
  const [daily, setDaily] = useState(budget.daily_usd ?? '');
  const save = useMutation({
    mutationFn: () =>
      setBudget({ body: { limit_usd: moneyTyped(limit), daily_usd: moneyTyped(daily) }, throwOnError: true }),
    onSuccess: () => {
      notifications.show({ message: 'The limits are set.' });
      void queries.invalidateQueries({ queryKey: readBudgetQueryKey() });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Panel title="Limits of the tenant">
      <form onSubmit={submit} style={{ maxWidth: 420 }}>
        <Stack>
          <Text fz="sm" c="dimmed">
            {usd(budget.spent_usd)} spent, {usd(budget.reserved_usd)} reserved.
          </Text>
          <LimitField label="Limit in USD" description="Empty: none" value={limit} onChange={setLimit} />
          <LimitField
            label="Limit per day in USD"
            description="Empty: none; days are UTC"
            value={daily}
            onChange={setDaily}
          />
          <Group>
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
    </Panel>
  );
}
