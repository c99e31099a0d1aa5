/** Short names in a mission's text, numbered per mission. */
export type RefKind = 'T' | 'A' | 'D' | 'N' | 'I' | 'Q' | 'G';

export function refOf(kind: RefKind, number: number): string {
  return `${kind}${number}`;
}

/** `('T', 'T12')` → 12; null when the text is no ref of that kind that a row could have. */
export function refNumber(kind: RefKind, text: string): number | null {
  const match = /^([A-Z])([1-9][0-9]{0,8})$/.exec(text);
  return match?.[1] === kind ? Number(match[2]) : null;
}
