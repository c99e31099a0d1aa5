import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Transactions, type SystemTx, type Tx } from '#database';
import { crashPoint } from '#telemetry';
import { SecretBox } from '#tenancy';
import type { Call } from './call.js';
import { canonicalJson } from './canonical-json.js';
import {
  findKeptReply,
  findOperatorReply,
  keepReply,
  lockOperatorKey,
  takeIdempotencyKey,
  type KeptReply,
} from './idempotency.store.js';
import { ApiProblem, problemBody } from './problem.js';
import { requestStateOf } from './request-state.js';

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** What a command answers. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

interface Outcome {
  readonly reply: Reply;
  readonly replayed: boolean;
}

/** Work apart under way, and the request that it is done for. */
interface InHand {
  readonly fingerprint: string;
  readonly outcome: Promise<Outcome>;
}

/** The door that every POST goes through: its effect and its kept answer are one transaction. */
@Injectable()
export class CommandRunner {
  /** Work apart that this process has in hand, by whose key it has. */
  private readonly inHand = new Map<string, InHand>();

  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(SecretBox) private readonly secretBox: SecretBox,
  ) {}

  /** Runs `work` once per Idempotency-Key, and returns the body to send. What it throws is not kept: nothing was done. */
  async run(call: Call, work: (tx: Tx) => Promise<Reply>): Promise<unknown> {
    return answer(call.response, await this.perform(call, work));
  }

  private async perform(call: Call, work: (tx: Tx) => Promise<Reply>): Promise<Outcome> {
    const key = idempotencyKeyOf(call.request);
    const outcome = await this.transactions.inTransaction(call.tenantId, async (tx) => {
      const done =
        key === null ? { reply: await work(tx), replayed: false } : await this.once(tx, { call, key, work });
      crashPoint('api.command.before_commit');
      return done;
    });
    crashPoint('api.command.after_commit');
    return outcome;
  }

  /**
   * The same for work that has transactions of its own, such as waiting for a claim: its answer is kept afterwards, so
   * that a crash between the two leaves what every lost answer leaves, such as a lease that runs out. Who asks with the
   * same key meanwhile shares that run, also its failure: however many ask, and whether or not they still listen, the
   * work is done once. In another process, they are given the answer that was kept first.
   */
  async runApart(call: Call, work: () => Promise<Reply>): Promise<unknown> {
    const key = idempotencyKeyOf(call.request);
    if (key === null) return answer(call.response, { reply: await work(), replayed: false });
    const place = placeOf(call.tenantId, key);
    const fingerprint = fingerprintOf(call.request, call.boundMissionId);
    const first = this.inHand.get(place);
    if (first?.fingerprint === fingerprint)
      return answer(call.response, { ...(await first.outcome), replayed: true });
    if (first !== undefined) {
      const known = await this.findOutcome(call, key); // the one in hand may be the one that has no right to the key
      if (known === null) throw keyReused();
      return answer(call.response, known);
    }
    const outcome = this.performApart(call, key, work);
    this.inHand.set(place, { fingerprint, outcome });
    try {
      return answer(call.response, await outcome);
    } finally {
      this.inHand.delete(place);
    }
  }

  private async performApart(call: Call, key: string, work: () => Promise<Reply>): Promise<Outcome> {
    const known = await this.findOutcome(call, key);
    if (known !== null) return known;
    const reply = await work();
    return this.perform(call, () => Promise.resolve(reply));
  }

  private async findOutcome(call: Call, key: string): Promise<Outcome | null> {
    return this.transactions.inTransaction(call.tenantId, async (tx) => {
      const kept = await findKeptReply(tx, key);
      return kept && this.replay(tx, key, kept, fingerprintOf(call.request, call.boundMissionId));
    });
  }

  /**
   * An answer is kept for this very request: `run` will give it again. `bodyOf` makes of a kept answer the body that its
   * request had, when this one's has not arrived yet.
   */
  async isAnswered(call: Call, bodyOf: (answered: unknown) => unknown): Promise<boolean> {
    const key = idempotencyKeyOf(call.request);
    if (key === null) return false;
    return this.transactions.inTransaction(call.tenantId, async (tx) => {
      const kept = await findKeptReply(tx, key);
      if (kept === null) return false;
      const body = bodyOf(await this.open(tx, key, kept));
      return kept.fingerprint === fingerprintOf(call.request, call.boundMissionId, body);
    });
  }

  /** `run` for the operator's only POST: the tenant that `work` makes keeps the answer. */
  async runForNewTenant(
    { request, response }: Pick<Call, 'request' | 'response'>,
    work: (system: SystemTx) => Promise<{ readonly tx: Tx; readonly reply: Reply }>,
  ): Promise<unknown> {
    const given = idempotencyKeyOf(request);
    const outcome = await this.transactions.inSystemTransaction(async (system): Promise<Outcome> => {
      if (given === null) return { reply: (await work(system)).reply, replayed: false };
      const key = `operator\n${given}`; // no tenant can send a line feed in a header
      const fingerprint = fingerprintOf(request, null);
      await lockOperatorKey(system, key);
      const kept = await findOperatorReply(system, key);
      if (kept !== null) return this.replay(await system.become(kept.tenantId), key, kept, fingerprint);
      const { tx, reply } = await work(system);
      await takeIdempotencyKey(tx, key, fingerprint);
      await keepReply(tx, key, await this.seal(tx, key, reply));
      return { reply, replayed: false };
    });
    return answer(response, outcome);
  }

  private async once(
    tx: Tx,
    { call, key, work }: { call: Call; key: string; work: (tx: Tx) => Promise<Reply> },
  ): Promise<Outcome> {
    const fingerprint = fingerprintOf(call.request, call.boundMissionId);
    const kept = await takeIdempotencyKey(tx, key, fingerprint);
    if (kept !== null) return this.replay(tx, key, kept, fingerprint);
    const reply = await work(tx);
    await keepReply(tx, key, await this.seal(tx, key, reply));
    return { reply, replayed: false };
  }

  private async seal(tx: Tx, key: string, reply: Reply): Promise<{ status: number; body: string }> {
    const sealed = await this.secretBox.seal(tx, JSON.stringify(reply.body), placeOf(tx.tenantId, key));
    return { status: reply.status, body: sealed.toString('base64') };
  }

  private async replay(tx: Tx, key: string, kept: KeptReply, fingerprint: string): Promise<Outcome> {
    if (kept.fingerprint !== fingerprint) throw keyReused();
    return { reply: { status: kept.status, body: await this.open(tx, key, kept) }, replayed: true };
  }

  private async open(tx: Tx, key: string, kept: KeptReply): Promise<unknown> {
    const sealed = Buffer.from(kept.body, 'base64');
    return JSON.parse(await this.secretBox.open(tx, sealed, placeOf(tx.tenantId, key)));
  }
}

/** A refusal that is an answer, not an exception: what was written with it stays. */
export function problemReply(request: Request, problem: ApiProblem): Reply {
  return { status: problem.status, body: problemBody(problem, requestStateOf(request).requestId) };
}

function keyReused(): ApiProblem {
  return new ApiProblem(
    422,
    'idempotency_key_reused',
    'This Idempotency-Key was used for another request; use a new one.',
  );
}

function answer(response: Response, { reply, replayed }: Outcome): unknown {
  if (replayed) response.setHeader('Idempotent-Replayed', 'true');
  if (reply.status >= 400) response.type('application/problem+json');
  response.status(reply.status);
  return reply.body;
}

function idempotencyKeyOf(request: Request): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  throw new ApiProblem(422, 'invalid_idempotency_key', 'An Idempotency-Key is 1 to 255 characters of ASCII.');
}

/** What makes two requests the same one: also how far their keys reach, since an answer may tell of all that they reach. */
function fingerprintOf(
  request: Request,
  boundMissionId: string | null,
  body: unknown = requestStateOf(request).body,
): string {
  const reach = boundMissionId === null ? '' : ` within ${boundMissionId}`;
  const text = `${request.method} ${request.path}${reach}\n${body === undefined ? '' : canonicalJson(body)}`;
  return createHash('sha256').update(text).digest('hex');
}

/** Sealed answers open beside their own key only. */
function placeOf(tenantId: string, key: string): string {
  return `${tenantId}|idempotency_key|${key}|body`;
}
