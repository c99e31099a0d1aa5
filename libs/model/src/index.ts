export {
  ModelGateway,
  type GatewayCounters,
  type ModelAnswer,
  type ModelGatewayOptions,
  type ModelRequest,
} from './model-gateway.js';
export type { MessagesBody, ModelProvider } from './model-provider.js';
export { BudgetError, ContextBoundError, ModelFailure, UnprovedError } from './model-failure.js';
export { fits, provenTokens, type Appended } from './domain/bound.js';
export { catalogueRow, fallbackModel } from './domain/catalogue.js';
export { stopFailure, type FailureKind } from './domain/failure.js';
export { costUsd, promptTokens, type CountedUsage } from './domain/pricing.js';
