import { buildContext } from '#context';
import type { ExpectTokens } from '#ledger';

/** What the builder would pack of a snapshot, by its own count; when it is overcommitted, what it would have to. */
export const expectTokens: ExpectTokens = (snapshot, policy) => {
  const pack = buildContext({ snapshot, policy, targetTokens: policy.context_target_tokens });
  return pack.kind === 'overcommitted' ? pack.obligedTokens : pack.totalTokens;
};
