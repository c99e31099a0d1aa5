import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 250;
const WAIT_MS = 15 * 60_000;
/** Between making the directory and writing the name of its owner into it. */
const NAMELESS_MS = 5_000;

/**
 * Runs `work` while no other process runs it under the same lock. The lock is a directory, which only one process
 * can make, with the owner's pid in it; one whose owner is gone is taken over.
 */
export async function withLock(lockDir, { onWait }, work) {
  await take(lockDir, onWait);
  try {
    return await work();
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
}

async function take(lockDir, onWait) {
  const deadline = Date.now() + WAIT_MS;
  mkdirSync(path.dirname(lockDir), { recursive: true });
  for (let waited = false; !tryTake(lockDir); waited = true) {
    const owner = readOwner(lockDir);
    if (isAbandoned(lockDir, owner)) {
      moveAway(lockDir, owner);
      continue;
    }
    if (Date.now() > deadline)
      throw new Error(`process ${owner} does not finish; when it is stuck, delete ${lockDir}`);
    if (!waited) onWait(owner);
    await delay(RETRY_MS);
  }
}

function tryTake(lockDir) {
  try {
    mkdirSync(lockDir);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(path.join(lockDir, 'pid'), String(process.pid));
  return true;
}

function readOwner(lockDir) {
  try {
    return Number(readFileSync(path.join(lockDir, 'pid'), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAbandoned(lockDir, owner) {
  if (owner === undefined) return ageMs(lockDir) > NAMELESS_MS;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function ageMs(lockDir) {
  try {
    return Date.now() - statSync(lockDir).mtimeMs;
  } catch {
    return 0; // given back in this moment
  }
}

/** Renames before it deletes: of several processes that found the lock abandoned, one succeeds. */
function moveAway(lockDir, abandonedBy) {
  const aside = `${lockDir}.${process.pid}`;
  try {
    renameSync(lockDir, aside);
  } catch {
    return; // another process was faster
  }
  // It may have been taken over and taken anew since we looked: then it is not ours to delete.
  if (readOwner(aside) === abandonedBy) rmSync(aside, { recursive: true, force: true });
  else renameSync(aside, lockDir);
}
