import { randomBytes } from 'node:crypto';
import type { Brief } from '#contracts';
import type { Tx } from '#database';
import { lockAttempt, readOffers, saveAttempt, type AttemptRow } from './attempt.store.js';
import { readBrief } from './brief.store.js';
import { refOf } from './domain/refs.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { lockTenantRoom } from './mission.store.js';
import { readTask } from './task.store.js';
import { transition } from './end-task.js';

const LEASE_TOKEN_BYTES = 24;

/** A worker's wish: so many attempts of a pool, held for so long at a time. */
export interface LeaseRequest {
  readonly pool: string;
  readonly attemptsMax: number;
  readonly leaseSeconds: number;
  readonly worker: string;
}

export interface LeasedAttempt {
  readonly missionId: string;
  readonly attemptId: string;
  readonly taskId: string;
  readonly leaseToken: string;
  readonly leaseUntil: Date;
  readonly brief: Brief;
}

/**
 * Leases offered attempts of one mission, most urgent first, to a worker: each gets a token that proves who holds it.
 * Empty when the mission does not run, when somebody else was faster, or when its tenant has as many leased as it may.
 */
export async function leaseAttempts(
  tx: Tx,
  missionId: string,
  request: LeaseRequest,
): Promise<LeasedAttempt[]> {
  return inMission(tx, missionId, async (ledger) => {
    if (ledger.mission.state !== 'active') return [];
    const leased: LeasedAttempt[] = [];
    const attemptsMax = Math.min(request.attemptsMax, await lockTenantRoom(tx, 'attempts'));
    for (const offer of await readOffers(tx, missionId, request.pool, attemptsMax))
      leased.push(await leaseAttempt(ledger, offer, request));
    return leased;
  });
}

async function leaseAttempt(
  ledger: MissionLedger,
  offer: AttemptRow,
  request: LeaseRequest,
): Promise<LeasedAttempt> {
  const { tx, now } = ledger;
  const attempt = await lockAttempt(tx, offer.id);
  const leaseToken = randomBytes(LEASE_TOKEN_BYTES).toString('base64url');
  const leaseUntil = new Date(now.getTime() + request.leaseSeconds * 1_000);
  await saveAttempt(ledger, attempt, {
    state: 'leased',
    worker: request.worker,
    leaseToken,
    leaseSeconds: request.leaseSeconds,
    leaseUntil,
    startedAt: now,
  });
  const task = await transition(ledger, await readTask(tx, attempt.taskId), 'start', { stateReason: null });
  const actor = { kind: 'worker', id: request.worker } as const;
  const refs = { ref: refOf('T', task.number), attempt: refOf('A', attempt.refNumber), state: 'working' };
  if (attempt.number === 1)
    ledger.append({ type: 'task.started', actor, taskId: task.id, attemptId: attempt.id, data: refs });
  ledger.append({
    type: 'attempt.started',
    actor,
    taskId: task.id,
    attemptId: attempt.id,
    data: { ...refs, state: 'leased', number: attempt.number, pool: attempt.pool },
  });
  const brief = await readBrief(ledger, task, attempt);
  return {
    missionId: ledger.mission.id,
    attemptId: attempt.id,
    taskId: task.id,
    leaseToken,
    leaseUntil,
    brief,
  };
}
