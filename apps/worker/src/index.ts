export { createHandlers } from './handlers.js';
