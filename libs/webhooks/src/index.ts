export { Deliver, type DeliverDependencies } from './deliver.js';
export { countDueDeliveries } from './claim-delivery.store.js';
export { newWebhookSecret } from './domain/sign.js';
export {
  judgeTarget,
  parseAllowedNetworks,
  type AllowedNetwork,
  type Target,
  type TargetRefusal,
} from './domain/target.js';
export { SafeFetch, type SafeFetchOptions } from './safe-fetch.js';
