import { buildContext, type ContextInput } from './build-context.js';
import { canonicalJson, sha256Hex } from './domain/canonical-json.js';

/** The API's `rebuild`: whether the builder of today makes the same request of what was stored with a wave. */
export interface Rebuild {
  readonly equal: boolean;
  readonly sha256: string;
  readonly expected_sha256: string;
}

/** `storedInputJson` is a `ContextInput` as JSON, written by us: it is trusted to have that shape. */
export function rebuildContext(storedInputJson: string, expectedSha256: string): Rebuild {
  const outcome = buildContext(JSON.parse(storedInputJson) as ContextInput);
  const sha256 = outcome.kind === 'packed' ? outcome.requestSha256 : sha256Hex(canonicalJson(outcome));
  return { equal: sha256 === expectedSha256, sha256, expected_sha256: expectedSha256 };
}
