export { createApiApp } from './create-api-app.js';
export type { ApiDependencies, CheckWebhookUrl } from './dependencies.js';
