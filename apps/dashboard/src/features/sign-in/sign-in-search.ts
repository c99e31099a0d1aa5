import { textIn } from '../../ui/search-text.js';

export interface SignInSearch {
  /** Where to go on, an address of this dashboard. */
  readonly next?: string | undefined;
}

/** An address elsewhere is no place to go on: `//host` and `/\host` are such addresses too. */
export function signInSearch(search: Record<string, unknown>): SignInSearch {
  const next = textIn(search, 'next');
  return next !== undefined && /^\/(?![/\\])/.test(next) ? { next } : {};
}
