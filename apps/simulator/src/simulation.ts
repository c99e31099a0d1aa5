import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { ApiError, type ApiErrorType } from './api-error.js';
import { countAnswerTokens, limitAnswer, sayText, type Answer } from './domain/answer.js';
import { chargeUsd } from './domain/charge.js';
import { checkRequest, checkWindow, invalid, type Refusal } from './domain/check-request.js';
import { conduct } from './domain/conductor-policy.js';
import { countPromptTokens, promptSegments, type PromptSegment } from './domain/count-tokens.js';
import { reword } from './domain/digest-policy.js';
import { faultFor, spoilAnswer, type FaultKind } from './domain/faults.js';
import type { OutgoingMessage } from './domain/message-events.js';
import {
  countRequestSchema,
  messagesRequestSchema,
  type MessagesRequest,
  type Prompt,
} from './domain/messages-request.js';
import { findModel } from './domain/models.js';
import { roleOf, viewOf, type PromptRole } from './domain/parse-request-text.js';
import type { InputUsage } from './domain/prefix-cache.js';
import { checkThinking, isAskedToThink, think } from './domain/thinking.js';
import { work } from './domain/worker-policy.js';
import { errorOfFault } from './fault-error.js';
import { PromptMeter } from './prompt-meter.js';
import type { ParsedScript } from './script.js';

/** A message request as it was taken. */
export interface RecordedRequest {
  /** Null for a prompt that is none of Wavekeeper's. */
  readonly role: PromptRole | null;
  readonly model: string;
  /** The whole prompt, as `count_tokens` counts it. */
  readonly inputTokens: number;
  /** Milliseconds of the simulator's clock. */
  readonly at: number;
  readonly outcome: 'ok' | FaultKind | ApiErrorType;
  /** What was charged for it, in dollars, heard of or not. */
  readonly chargedUsd: number;
}

/** What to send for a message request, and how it shall go wrong. */
export interface Exchange {
  readonly message: OutgoingMessage;
  readonly stream: boolean;
  readonly fault: FaultKind | null;
  /** Milliseconds between two events of a slow stream. */
  readonly slowMs: number;
}

const RECORDED_REQUESTS_MAX = 10_000;
const PAUSED_ANSWERS_MAX = 1_000;

/** The faults by which a prompt never reaches the model: nothing of it is cached. */
const UNREAD_FAULTS: ReadonlySet<FaultKind | null> = new Set(['stall_headers', 'garbage']);

/** All that the simulator remembers: how often each role has asked, what is cached, what was asked of late. */
export class Simulation {
  private readonly asked: Record<PromptRole, number> = { conductor: 0, worker: 0, digest: 0 };
  private readonly meter: PromptMeter;
  private readonly recorded: RecordedRequest[] = [];
  /** Texts of answers that were paused: a conversation may end with one of them. */
  private readonly paused = new Set<string>();
  private readonly secret: string;

  constructor(
    private readonly script: ParsedScript,
    private readonly clock: () => number,
  ) {
    this.meter = new PromptMeter(clock);
    this.secret = `simulated thinking ${script.seed}`;
  }

  /** The latest requests, oldest first. */
  requests(): readonly RecordedRequest[] {
    return [...this.recorded];
  }

  /** Tokens of a whole prompt. Throws ApiError for what the API would refuse. */
  countTokens(body: unknown): number {
    if (!this.script.counts_tokens) throw new ApiError('not_found_error', 'count_tokens');
    const prompt = parsed(countRequestSchema, body);
    const segments = promptSegments(prompt);
    refuse(this.check(prompt, segments));
    return countPromptTokens(segments);
  }

  /** Takes one message request of a key. Throws ApiError for what the API would refuse, and for faults of that form. */
  exchange(body: unknown, apiKey: string): Exchange {
    const request = parsed(messagesRequestSchema, body);
    const segments = promptSegments(request);
    const inputTokens = countPromptTokens(segments);
    const role = roleOf(request);
    const fault = this.nextFault(role);
    const refusal = this.check(request, segments) ?? checkWindow(inputTokens, request.max_tokens);
    const outcome: RecordedRequest['outcome'] = refusal?.type ?? fault ?? 'ok';
    const asked = { role, model: request.model, inputTokens, at: this.clock(), outcome };
    const error = errorOfFault(fault, this.script.retry_after_seconds);
    if (refusal !== null || error !== null) this.record({ ...asked, chargedUsd: 0 });
    refuse(refusal);
    if (error !== null) throw error;
    const answer = limitAnswer(spoilAnswer(this.answer(request, role), fault), request.max_tokens);
    const inputUsage = this.account(request, segments, apiKey, fault);
    this.record({ ...asked, chargedUsd: chargeFor(request.model, { answer, inputUsage, fault }) });
    if (answer.stopReason === 'pause_turn') this.pause(answer);
    const id = `msg_${randomUUID().replaceAll('-', '')}`;
    return {
      message: { id, model: request.model, answer, inputUsage },
      stream: request.stream,
      fault,
      slowMs: this.script.slow_ms,
    };
  }

  private check(prompt: Prompt, segments: readonly PromptSegment[]): Refusal | null {
    const last = prompt.messages.at(-1)?.content ?? [];
    const isPaused = this.paused.has(last.flatMap((block) => ('text' in block ? [block.text] : [])).join());
    const refusal = checkRequest(prompt, segments, isPaused);
    if (refusal !== null) return refusal;
    const objection = checkThinking(prompt, this.secret);
    return objection === null ? null : invalid(objection);
  }

  private pause(answer: Answer): void {
    this.paused.add(answer.blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join());
    const [oldest] = this.paused;
    if (this.paused.size > PAUSED_ANSWERS_MAX && oldest !== undefined) this.paused.delete(oldest);
  }

  private nextFault(role: PromptRole | null): FaultKind | null {
    if (role === null) return null;
    this.asked[role] += 1;
    return faultFor(this.script.faults, role, this.asked[role]);
  }

  private answer(request: MessagesRequest, role: PromptRole | null): Answer {
    const said = this.said(request, role);
    return this.script.thinking || isAskedToThink(request)
      ? { ...said, blocks: [think(request, this.secret), ...said.blocks] }
      : said;
  }

  private said(request: MessagesRequest, role: PromptRole | null): Answer {
    if (role === 'conductor') {
      const policy = this.script.conductors[request.model] ?? this.script.conductor;
      return conduct(policy, viewOf(request));
    }
    if (role === 'digest') return reword(this.script.conductor, request);
    return role === 'worker' ? work(request, this.script.seed) : sayText('Understood.');
  }

  private account(
    request: MessagesRequest,
    segments: readonly PromptSegment[],
    apiKey: string,
    fault: FaultKind | null,
  ): InputUsage {
    const { usage, kept } = this.meter.account(request, segments, apiKey);
    if (!UNREAD_FAULTS.has(fault)) this.meter.keep(kept);
    return usage;
  }

  private record(request: RecordedRequest): void {
    this.recorded.push(request);
    if (this.recorded.length > RECORDED_REQUESTS_MAX) this.recorded.shift();
  }
}

/** What reached the model is charged whole, whether its answer arrived or not. */
function chargeFor(
  modelId: string,
  exchange: { readonly answer: Answer; readonly inputUsage: InputUsage; readonly fault: FaultKind | null },
): number {
  const model = findModel(modelId);
  if (model === undefined || UNREAD_FAULTS.has(exchange.fault)) return 0;
  return chargeUsd(model, exchange.inputUsage, countAnswerTokens(exchange.answer));
}

function refuse(refusal: Refusal | null): void {
  if (refusal !== null) throw new ApiError(refusal.type, refusal.message);
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ApiError(
    'invalid_request_error',
    `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
  );
}
