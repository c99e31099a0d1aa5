/**
 * Aborts after so many milliseconds, or with any of the others. Node 20 collects a timeout that only `AbortSignal.any`
 * knows of, and then it never comes; one that is listened to is kept.
 */
export function abortAfter(ms: number, ...others: readonly AbortSignal[]): AbortSignal {
  const timeout = AbortSignal.timeout(ms);
  timeout.addEventListener('abort', () => undefined);
  return AbortSignal.any([...others, timeout]);
}
