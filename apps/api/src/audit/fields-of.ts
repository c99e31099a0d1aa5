import type { Json } from '#contracts';

/** Those fields of a resource that a change names, for what is remembered of it. */
export function fieldsOf(view: Readonly<Record<string, Json>>, change: object): Record<string, Json> {
  return Object.fromEntries(Object.entries(view).filter(([name]) => name in change));
}
