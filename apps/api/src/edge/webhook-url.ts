import type { CheckWebhookUrl } from '../dependencies.js';
import { validationProblem } from './problem.js';

/** 422 for an address that webhooks may not be sent to; nothing to check when there is none. */
export function requireWebhookUrl(
  check: CheckWebhookUrl,
  url: string | null | undefined,
  pointer: string,
): void {
  const refusal = url === null || url === undefined ? null : check(url);
  if (refusal !== null) throw validationProblem([{ pointer, code: 'invalid_url', message: refusal }]);
}
