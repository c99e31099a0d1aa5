import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { z } from 'zod';

/** Another process migrates this database, or backs it up, and does not come to an end. */
export class MigrationLockError extends Error {
  override readonly name = 'MigrationLockError';

  constructor() {
    super(
      `Another process has been migrating this database, or a backup of it is being made, for ${LOCK_WAIT_MS / 1000} s. ` +
        'Try again when it is done.',
    );
  }
}

const LOCK_WAIT_MS = 60_000;
const LOCK_RETRY_MS = 100;
/** The advisory lock that Prisma's own engine takes, so that the two never run at once. */
const LOCK_ID = 72_707_369;

/**
 * Nobody else migrates, and no backup is made, while this connection lasts. False, and no lock, when there is nothing to
 * do: a backup may take hours, and a service that needs no migration starts beside it.
 * @throws MigrationLockError
 */
export async function lockToMigrate(client: pg.Client, isUpToDate: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  while (!(await tryLock(client, 'pg_try_advisory_lock'))) {
    if (await isUpToDate()) return false;
    await pauseUntil(deadline);
  }
  return true;
}

/**
 * Nobody migrates while this connection lasts; others may back up too.
 * @throws MigrationLockError
 */
export async function lockToBackUp(client: pg.Client): Promise<void> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  while (!(await tryLock(client, 'pg_try_advisory_lock_shared'))) await pauseUntil(deadline);
}

/** To ask again and again instead of waiting in Postgres: a waiting session would block CREATE INDEX CONCURRENTLY. */
async function pauseUntil(deadline: number): Promise<void> {
  if (performance.now() > deadline) throw new MigrationLockError();
  await delay(LOCK_RETRY_MS);
}

async function tryLock(
  client: pg.Client,
  how: 'pg_try_advisory_lock' | 'pg_try_advisory_lock_shared',
): Promise<boolean> {
  const { rows } = await client.query(`SELECT ${how}($1) AS locked`, [LOCK_ID]);
  return z
    .array(z.object({ locked: z.boolean() }))
    .parse(rows)
    .some((row) => row.locked);
}
