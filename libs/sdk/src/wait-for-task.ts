import { setTimeout as delay } from 'node:timers/promises';
import { mayPass, TaskFailedError, WaitTimeoutError } from './errors.js';
import type { Task } from './generated/index.js';
import type { MissionHints } from './mission-hints.js';

/** Without a hint it looks again after this, and then ever less often. */
const LOOK_MS = 1_000;
const LOOK_MAX_MS = 15_000;
/** Hints that come within this time are one look; ever more of them, so that many waits do not use up a tenant's requests. */
const COALESCE_MS = 100;
const COALESCE_MAX_MS = 2_000;
const TIMEOUT_MS_DEFAULT = 600_000;

export interface WaitOptions {
  /** 10 minutes unless given; `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The task once it has completed, woken by the live stream and looking by itself now and then. Throws `TaskFailedError`
 * when it has ended otherwise, and `WaitTimeoutError` when the time is up.
 */
export async function waitForTask(
  read: () => Promise<Task>,
  hints: Pick<MissionHints, 'listen'>,
  { timeoutMs = TIMEOUT_MS_DEFAULT, signal }: WaitOptions = {},
): Promise<Task> {
  const endsAtMs = performance.now() + timeoutMs;
  let wake = () => {};
  let missionId: string | null = null;
  const stopListening = hints.listen((hinted) => {
    if (hinted === missionId) wake();
  });
  try {
    for (let looks = 0; ; looks += 1) {
      const hinted = new AbortController();
      wake = () => hinted.abort(); // also by what happens while the task is read
      const task = await read().catch((error: unknown) => orLater(error, endsAtMs));
      missionId = task?.mission_id ?? missionId;
      if (task?.state === 'completed') return task;
      if (task?.state === 'failed' || task?.state === 'canceled') throw new TaskFailedError(task);
      const leftMs = endsAtMs - performance.now();
      if (task !== null && leftMs <= 0) throw new WaitTimeoutError(task);
      await pause(Math.min(leftMs, LOOK_MS * 1.5 ** looks, LOOK_MAX_MS), hinted.signal, signal);
      if (hinted.signal.aborted) await delay(Math.min(COALESCE_MS * 1.5 ** looks, COALESCE_MAX_MS));
    }
  } finally {
    stopListening();
  }
}

/** Null where another look may succeed and there is time for one; else what went wrong. */
function orLater(error: unknown, endsAtMs: number): null {
  if (mayPass(error) && performance.now() < endsAtMs) return null;
  throw error;
}

/** Throws what the caller's own signal was aborted with. */
async function pause(pauseMs: number, hinted: AbortSignal, signal: AbortSignal | undefined): Promise<void> {
  const woken = signal === undefined ? hinted : AbortSignal.any([hinted, signal]);
  await delay(pauseMs, undefined, { signal: woken }).catch(() => undefined);
  signal?.throwIfAborted();
}
