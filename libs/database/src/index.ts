export { Transactions, type Ring, type SystemTx, type Tx } from './transactions.js';
export {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.js';
export { EmbeddedPostgresError } from './postgres-cluster.js';
export { migrate, MigrationEditedError, MigrationFailedError, MigrationLockError } from './migrate.js';
export { createPool, type DatabaseRole, type PoolOptions } from './pools.js';
export { Prisma } from './generated/client.js';
