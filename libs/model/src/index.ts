export {
  ModelGateway,
  type MessagesBody,
  type ModelAnswer,
  type ModelGatewayOptions,
  type ModelRequest,
} from './model-gateway.js';
export { BudgetError, ContextBoundError, ModelFailure } from './model-failure.js';
export { fitsProven, provenTokens, type Appended } from './domain/bound.js';
export type { FailureKind } from './domain/failure.js';
export { catalogueRow } from './domain/catalogue.js';
export { costUsd, promptTokens, type CountedUsage } from './domain/pricing.js';
