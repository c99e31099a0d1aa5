import { Autocomplete, Button, Group, Loader, Modal, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { shadowWave } from '../../api/generated/sdk.gen.js';
import type { Mission, Wave } from '../../api/generated/types.gen.js';
import { wholeNumber } from '../../ui/format.js';
import { LimitField } from '../../ui/limit-field.js';
import { moneyProblem } from '../../ui/money.js';
import { ProblemAlert } from '../../ui/parts.js';
import {
  BUDGET_TOKENS_MIN,
  budgetTokensProblem,
  diffText,
  shadowInputOf,
  suggestedModels,
  type TypedShadow,
} from './shadow-model.js';
import { ShadowResult } from './shadow-result.js';

/** Asks the wave's question again, and shows in place what is decided otherwise. */
export function ShadowDialog(props: {
  readonly wave: Wave;
  readonly policy: Mission['policy'] | undefined;
  readonly onClose: () => void;
}) {
  const { wave, policy, onClose } = props;
  const shadow = useMutation({
    mutationFn: (typed: TypedShadow) =>
      shadowWave({ path: { id: wave.id }, body: shadowInputOf(typed), throwOnError: true }),
    meta: { isSaidInPlace: true },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Wave ${wave.number}, asked again`}
      closeButtonProps={{ 'aria-label': 'Close' }}
      // What is on its way is paid for: nothing closes it before it is seen.
      closeOnClickOutside={!shadow.isPending}
      closeOnEscape={!shadow.isPending}
      withCloseButton={!shadow.isPending}
      size="xl"
    >
      <Stack>
        <Text fz="sm" c="dimmed">
          Its question goes to a model once more. Nothing that is decided is carried out; what it costs is
          paid from the budget, which keeps a fifth for the work.
        </Text>
        <ShadowForm
          wave={wave}
          models={suggestedModels(wave, policy)}
          isPending={shadow.isPending}
          onAsk={(typed) => shadow.mutate(typed)}
        />
        <div role="status">
          {shadow.isSuccess && <Title order={2}>{diffText(shadow.data.data.decisions)}</Title>}
          {shadow.isPending && (
            <Group gap="sm">
              <Loader size="sm" />
              <Text fz="sm">Asking; at most three minutes.</Text>
            </Group>
          )}
        </div>
        {shadow.isError && <ProblemAlert error={shadow.error} />}
        {shadow.isSuccess && <ShadowResult wave={wave} shadow={shadow.data.data} />}
      </Stack>
    </Modal>
  );
}

function ShadowForm(props: {
  readonly wave: Wave;
  readonly models: string[];
  readonly isPending: boolean;
  readonly onAsk: (typed: TypedShadow) => void;
}) {
  const [model, setModel] = useState(props.wave.model);
  const [budgetTokens, setBudgetTokens] = useState('');
  const [usdMax, setUsdMax] = useState('');
  const isGood = budgetTokensProblem(budgetTokens) === null && moneyProblem(usdMax) === null;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    props.onAsk({ model, budgetTokens, usdMax });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Group grow align="flex-start">
          <Autocomplete
            label="Model"
            description="Any that the provider has"
            data={props.models}
            filter={({ options }) => options} // what stands there hides none of the others
            maxLength={100}
            value={model}
            onChange={setModel}
            data-autofocus
          />
          <TextInput
            label="Context budget in tokens"
            description={`Empty: ${wholeNumber(props.wave.context.budget)}, as then`}
            placeholder={`At least ${wholeNumber(BUDGET_TOKENS_MIN)}`}
            inputMode="numeric"
            value={budgetTokens}
            error={budgetTokensProblem(budgetTokens)}
            onChange={(event) => setBudgetTokens(event.currentTarget.value)}
          />
          <LimitField
            label="At most in USD"
            description="Empty: as then"
            value={usdMax}
            onChange={setUsdMax}
          />
        </Group>
        <Group justify="flex-end">
          <Button type="submit" loading={props.isPending} disabled={!isGood}>
            Ask again
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
