import { TextInput } from '@mantine/core';
import { moneyProblem } from './money.js';

/** A limit in dollars, typed; empty is none. */
export function LimitField({
  onChange,
  value,
  ...rest
}: {
  readonly label: string;
  readonly description: string;
  readonly value: string;
  readonly onChange: (typed: string) => void;
  readonly 'data-autofocus'?: boolean;
}) {
  return (
    <TextInput
      {...rest}
      inputMode="decimal"
      value={value}
      error={moneyProblem(value)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
