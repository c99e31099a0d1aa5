/** One text of an address; anything else is as if it were not there. */
export function textIn(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  if (typeof value === 'number') return String(value); // the router reads "12" as a number
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** One of a closed set. */
export function choiceIn<Choice extends string>(
  search: Record<string, unknown>,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = textIn(search, name);
  return choices.find((choice) => choice === value);
}
