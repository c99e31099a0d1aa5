export { createHandlers, type WorkerDependencies } from './handlers.js';
