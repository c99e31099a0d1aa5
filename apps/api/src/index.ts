export { createApiApp } from './create-api-app.js';
