export {
  buildContext,
  BUILDER_VERSION,
  type ContextInput,
  type ContextPack,
  type Overcommitted,
} from './build-context.js';
export { directiveRoom } from './directive-room.js';
export { rebuildContext, type Rebuild } from './rebuild-context.js';
export type {
  CacheBreakpoint,
  ConductorRequest,
  RequestText,
  RequestTool,
} from './domain/conductor-request.js';
export { estimateTokens, cutToTokens, upperBoundTokens } from './domain/estimate.js';
export { cleanText, cleanLine } from './domain/outside-text.js';
export { fenceKeys, type FenceKeys, fencedTitle, fencedText, framed, type Frame } from './domain/fence.js';
export { canonicalJson, sha256Hex } from './domain/canonical-json.js';
export {
  REQUEST_RESERVE_TOKENS,
  COUNT_MARGIN_TOKENS,
  effectiveTargetTokens,
} from './domain/section-table.js';
