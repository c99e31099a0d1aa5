/** What a caller can do about a refusal: nothing was written in any of these cases. */
export type RefusalKind = 'not_found' | 'conflict' | 'invalid' | 'forbidden';

/**
 * A command that the ledger refuses. `code` is stable and is what the API answers with; `message` says what to do.
 * `pointer` names the field (JSON Pointer) when one is to blame.
 */
export class LedgerRefusal extends Error {
  constructor(
    readonly kind: RefusalKind,
    readonly code: string,
    message: string,
    readonly pointer: string | null = null,
  ) {
    super(message);
    this.name = 'LedgerRefusal';
  }
}

/** What does not exist and what another tenant owns are the same. */
export function notFound(what: string): LedgerRefusal {
  return new LedgerRefusal('not_found', 'not_found', `There is no such ${what}.`);
}

export function conflict(code: string, message: string): LedgerRefusal {
  return new LedgerRefusal('conflict', code, message);
}

export function forbidden(code: string, message: string): LedgerRefusal {
  return new LedgerRefusal('forbidden', code, message);
}

export function invalid(code: string, message: string, pointer: string | null = null): LedgerRefusal {
  return new LedgerRefusal('invalid', code, message, pointer);
}
