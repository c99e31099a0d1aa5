export { formatApiKey, isApiKey, type KeyEnvironment } from './domain/api-key.js';
export { RequestLimiter } from './request-limiter.js';
export { SealBrokenError } from './seal.js';
export { masterKeyId, SecretBox } from './secret-box.js';
export type { Principal, TenantPrincipal } from './principal.js';
export { authenticate } from './authenticate.store.js';
export {
  createApiKey,
  findApiKey,
  findEndedKeys,
  isApiKeyGood,
  listApiKeys,
  rerollApiKey,
  revokeApiKey,
  type ApiKeyRow,
  type NewApiKey,
} from './api-key.store.js';
export {
  authenticateSession,
  createSession,
  endSession,
  SESSION_HOURS_MAX,
  type NewSession,
} from './session.store.js';
export { createSignInLink, redeemSignInLink, type NewSignInLink } from './sign-in-link.store.js';
export {
  createAnswerLink,
  findAnswerLink,
  type AnswerLink,
  type NewAnswerLink,
} from './answer-link.store.js';
export { SignInLimiter, type SignInTry } from './sign-in-limiter.js';
export { listAudit, recordAudit, type AuditRow, type NewAuditEntry } from './audit.store.js';
export { deleteModelCredential, openModelCredential, putModelCredential } from './model-credential.store.js';
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
