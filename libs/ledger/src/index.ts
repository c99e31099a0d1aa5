export { LedgerRefusal, conflict, invalid, notFound, type RefusalKind } from './errors.js';
export { submitTasks, type SubmissionItem } from './submit-tasks.js';
export { cancelTask, retryTask, updateTask } from './change-task.js';
export {
  cancelLeftovers,
  controlMission,
  createMission,
  ensureDefaultMission,
  updateMission,
} from './missions.js';
export { ensureDigests, rebuildDigests } from './rebuild-digests.js';
export type { RebuiltDigests } from './grow-digests.js';
export { claimDigest, finishDigest, readDigestSources, type ClaimedDigest } from './reword-digests.js';
export type { DigestWording, Rewording } from './domain/reword-digest.js';
export { holdMission } from './holds.js';
export { ATTEMPTS_IN_FLIGHT_MAX, inMission, type MissionLedger } from './mission-ledger.js';
export { postMessage } from './messages.js';
export { answerInputRequest, remindOfRequest, timeOutRequest } from './answer-input-request.js';
export {
  createSchedule,
  deleteSchedule,
  fireSchedule,
  listSchedules,
  lockSchedule,
  updateSchedule,
} from './schedules.js';
export { readSchedule, type ScheduleRow } from './schedule.store.js';
export { addDirective, moveDirective, proposeDirective, type DirectiveAction } from './directives.js';
export { leaseAttempts, type LeasedAttempt, type LeaseRequest } from './lease-attempts.js';
export {
  completeAttempt,
  expireAttempt,
  failAttempt,
  heartbeatAttempt,
  releaseAttempt,
  type AttemptOutcome,
} from './end-attempt.js';
export type { AttemptRefusal } from './domain/lease.js';
export { keepArtifact, requireLease, type ReceivedArtifact } from './keep-artifact.js';
export { acceptLateResult } from './accept-late-result.js';
export { readExpiredAttempts } from './attempt.store.js';
export { openWave, WAVE_LEASE_MS, type OpenWave } from './open-wave.js';
export { commitWave, type WaveCommit } from './commit-wave.js';
export { abortWave, expireWave, type Abortion } from './abort-wave.js';
export { rotateConductor, type ExpectTokens } from './rotate-conductor.js';
export { previewRotation } from './preview-rotation.js';
export { judgeWrites } from './judge-writes.js';
export { mayShadowGoOn, readShadowedWave, type ShadowedWave } from './shadowed-wave.js';
export { checkedPolicy } from './checked-policy.js';
export { prolongWaveLease, readWaveContext, sumWaveUsage, type StoredContext } from './wave.store.js';
export { endDayOfMission, readTenantBudget, setTenantBudget, type TenantBudget } from './budgets.js';
export { permitModelCall, settleModelCall, settleOrphanedCall, type CallPermission } from './model-calls.js';
export { readRateSamples, type NewModelCall, type SettledTokens } from './model-call.store.js';
export { parkTenant } from './park-tenant.js';
export { emitTenantEvent, testEndpoint, type TenantEvent } from './tenant-events.js';
export {
  expandDigest,
  readNamed,
  readText,
  searchNotes,
  searchTasks,
  textPart,
  type Found,
  type TextPart,
} from './tool-reads.store.js';
export {
  decide,
  namedTasks,
  type Change,
  type Decision,
  type LedgerView,
  type TaskView,
} from './domain/decide.js';
export {
  CARD_TOKENS_MAX,
  cardHead,
  cardText,
  DIGEST_TOKENS_MAX,
  digestHead,
  digestRef,
  digestText,
  type CardNode,
  type DigestBody,
  type DigestNode,
  type TreeNode,
} from './domain/digest-node.js';
export { DIGEST_ARITY, growTree, liveNodes } from './domain/digest-tree.js';
export { writeCard, type TaskEnd } from './domain/write-card.js';
export { extractDigest } from './domain/write-digest.js';
export { writeItems, type WriteItem } from './domain/write-items.js';
export { toNanoUsd, toUsd } from './domain/budget.js';
export { missionStatus } from './domain/mission-state.js';
export { readWorkerPolicy, type WorkerPolicy } from './worker-policy.js';
export { timeoutOutcome } from './domain/input-request-state.js';
export { refNumber, refOf } from './domain/refs.js';
export type {
  ConductorSnapshot,
  SnapshotBoard,
  SnapshotDirective,
  SnapshotInboxItem,
  SnapshotInFlight,
  SnapshotMission,
  SnapshotNote,
  SnapshotRequest,
  SnapshotResult,
  SnapshotReview,
  SnapshotTask,
  SnapshotWave,
} from './domain/snapshot.js';
export { LEDGER_INVARIANTS } from './doctor/invariants.js';
export { examineLedger, type Examination } from './doctor/examine-ledger.store.js';

// What the API reads, and webhook endpoints.
export { findResource, type Resource, type ResourceKind } from './read/resource.store.js';
export {
  listMissions,
  lockMissionStatus,
  readMissionStatus,
  type MissionRead,
} from './read/missions.store.js';
export {
  listTasks,
  readTaskWithAttempts,
  type TaskFilter,
  type TaskRead,
  type TaskSummaryRead,
} from './read/tasks.store.js';
export { readAttempt, type AttemptRead } from './read/attempts.store.js';
export {
  ARTIFACT_PART_BYTES,
  readArtifact,
  readArtifactBytes,
  type ArtifactRead,
  type SpilledText,
} from './artifact.store.js';
export {
  listDirectives,
  listNotes,
  readDirective,
  type DirectiveRead,
  type NoteRead,
} from './read/registers.store.js';
export { listMessages, readMessage, type MessageRead } from './read/messages.store.js';
export {
  listInputRequests,
  readInputRequestWithTasks,
  type InputRequestFilter,
  type InputRequestRead,
} from './read/input-requests.store.js';
export { listWaves, readWaveWithDecisions, type WaveRead } from './read/waves.store.js';
export { readUsageBy, readUsageTotals, type UsageFilter, type UsageRead } from './read/usage.store.js';
export {
  readContextSeries,
  readRecentContexts,
  type ContextSeriesRead,
  type SeriesPointRead,
} from './read/context-series.store.js';
export { readNeighbourhood, type NeighbourRead } from './read/neighbourhood.store.js';
export { listWorkers, type WorkerRead } from './read/workers.store.js';
export { listEvents, listTaskEvents, type EventRead } from './read/events.store.js';
export {
  listDeliveries,
  readDelivery,
  type DeliveryFilter,
  type DeliveryRead,
} from './read/deliveries.store.js';
export { listEndpoints, lockEndpoint, readEndpoint, type EndpointRead } from './endpoint.store.js';
export {
  createEndpoint,
  deleteEndpoint,
  endpointSecretPlace,
  ensureCallbackEndpoints,
  resealEndpoints,
  rotateEndpointSecret,
  updateEndpoint,
  type NewCallback,
  type NewEndpoint,
} from './endpoints.js';
export { recoverEndpoint } from './recover-endpoint.js';
export { redeliver } from './redeliver.js';
