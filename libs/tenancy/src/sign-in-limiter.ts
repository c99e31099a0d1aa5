import { createHash } from 'node:crypto';
import { addFailure, waitSeconds, type FailedTries } from './domain/failed-tries.js';

/** Failures in a quarter of an hour, from one address and with one text in the place of a key. */
const FAILURES_PER_ADDRESS_MAX = 20;
const FAILURES_PER_CREDENTIAL_MAX = 5;
/** Beyond this many the failures are forgotten: never a reason to run out of memory. */
const REMEMBERED_MAX = 10_000;

/** One try to sign in. */
export interface SignInTry {
  readonly address: string;
  /** A key or a token, as presented. */
  readonly credential: string;
}

/** Counts failed tries to sign in to this process. */
export class SignInLimiter {
  private readonly failures = new Map<string, FailedTries>();

  constructor(private readonly nowMs: () => number) {}

  /** Whole seconds until this try is heard; 0 when it may be made now. */
  waitSeconds(signIn: SignInTry): number {
    return Math.max(
      ...bucketsOf(signIn).map(({ name, max }) => waitSeconds(this.failures.get(name), max, this.nowMs())),
    );
  }

  noteFailure(signIn: SignInTry): void {
    if (this.failures.size >= REMEMBERED_MAX) this.failures.clear();
    for (const { name } of bucketsOf(signIn))
      this.failures.set(name, addFailure(this.failures.get(name), this.nowMs()));
  }
}

/** A credential is remembered by its hash: what somebody mistyped is nearly a key. */
function bucketsOf({ address, credential }: SignInTry): { name: string; max: number }[] {
  const hash = createHash('sha256').update(credential).digest('base64');
  return [
    { name: `address ${address}`, max: FAILURES_PER_ADDRESS_MAX },
    { name: `credential ${hash}`, max: FAILURES_PER_CREDENTIAL_MAX },
  ];
}
