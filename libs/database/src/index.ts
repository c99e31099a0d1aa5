export { EventNotices, tellOfEvents, type EventListener } from './event-notices.js';
export { Transactions, type CommittedEvents, type Ring, type SystemTx, type Tx } from './transactions.js';
export {
  hasEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.js';
export { findFreePort } from './free-port.js';
export { EmbeddedPostgresError } from './postgres-cluster.js';
export { migrate, MigrationBusyError, MigrationEditedError, MigrationFailedError } from './migrate.js';
export { MigrationLockError } from './migration-lock.js';
export { backUp, type BackupProgress, type BackupSummary } from './back-up.js';
export { BackupError, readBackupHeader, type BackupHeader } from './backup-file.js';
export { restore } from './restore.js';
export { createPool, type DatabaseRole, type PoolOptions } from './pools.js';
export { Prisma } from './generated/client.js';
