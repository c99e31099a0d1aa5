import * as api from './generated/index.js';

export { abortAfter } from './abort-after.js';
export { Wavekeeper, type NewTask, type SubmittedTask } from './wavekeeper.js';
/** Every route of the API as a typed function, for what `Wavekeeper` has no method for. */
export { api };
export {
  AccessError,
  ConflictError,
  InvalidRequestError,
  NoServiceError,
  NotFoundError,
  RateLimitError,
  ServiceError,
  TaskFailedError,
  WaitTimeoutError,
  WavekeeperError,
} from './errors.js';
export { verifyWebhook, type RawRequest } from './webhook.js';
export type { Connection } from './connection.js';
export type { WaitOptions } from './wait-for-task.js';
export { worker, type AttemptEnd, type WorkerOptions, type WorkerReport } from './worker.js';
export { AttemptFailedError, BrokenWorkerError, type AttemptContext, type Handler } from './work.js';
export { AttemptLostError } from './held-lease.js';
export type {
  Artifact,
  Attempt,
  Brief,
  Claim,
  Event,
  InputRequest,
  Mission,
  Problem,
  Task,
  TaskSummary,
  WebhookBody,
} from './generated/index.js';
