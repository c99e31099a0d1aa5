/** What was typed into a field of money; null for nothing, which is no limit. */
export function moneyTyped(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

/** Why it is no amount; null when it is one, or empty. */
export function moneyProblem(text: string): string | null {
  const typed = moneyTyped(text);
  return typed === null || /^\d{1,9}(\.\d{1,9})?$/.test(typed) ? null : 'An amount such as 12.50';
}
