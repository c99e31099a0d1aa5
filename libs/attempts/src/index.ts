export { claimAttempts, type ClaimedAttempt, type ClaimRequest } from './claim-attempts.js';
export { RunAttempt, type RunAttemptDependencies } from './run-attempt.js';
