export { formatApiKey, isApiKey, type KeyEnvironment } from './domain/api-key.js';
export type { RequestVerdict } from './domain/request-bucket.js';
export { RequestLimiter } from './request-limiter.js';
export { SealBrokenError, SecretBox } from './secret-box.js';
export { authenticate, isKeyInForce, type Principal, type TenantPrincipal } from './authenticate.store.js';
export { createApiKey, listApiKeys, revokeApiKey, type ApiKeyRow, type NewApiKey } from './api-key.store.js';
export {
  createTenant,
  deleteTenant,
  findTenant,
  listTenants,
  lockTenant,
  updateTenant,
  type NewTenant,
  type TenantRow,
} from './tenant.store.js';
export { olderThan, type PageStart } from './domain/page.js';
