import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { ApiError, type ApiErrorType } from './api-error.js';
import { limitAnswer, sayText, type Answer } from './domain/answer.js';
import { checkRequest, checkWindow, type Refusal } from './domain/check-request.js';
import { conduct } from './domain/conductor-policy.js';
import { countPromptTokens, promptSegments, type PromptSegment } from './domain/count-tokens.js';
import { faultFor, spoilAnswer, type FaultKind } from './domain/faults.js';
import type { OutgoingMessage } from './domain/message-events.js';
import {
  countRequestSchema,
  messagesRequestSchema,
  type MessagesRequest,
} from './domain/messages-request.js';
import { roleOf, viewOf, type PromptRole } from './domain/parse-request-text.js';
import type { InputUsage } from './domain/prefix-cache.js';
import { work } from './domain/worker-policy.js';
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
}

/** What to send for a message request, and how it shall go wrong. */
export interface Exchange {
  readonly message: OutgoingMessage;
  readonly stream: boolean;
  readonly fault: FaultKind | null;
}

const RECORDED_REQUESTS_MAX = 10_000;
const RETRY_AFTER_SECONDS = 1;

/** The faults by which a prompt never reaches the model: nothing of it is cached. */
const UNREAD_FAULTS: ReadonlySet<FaultKind | null> = new Set(['stall_headers', 'garbage']);

/** All that the simulator remembers: how often each role has asked, what is cached, what was asked of late. */
export class Simulation {
  private readonly asked: Record<PromptRole, number> = { conductor: 0, worker: 0, digest: 0 };
  private readonly meter: PromptMeter;
  private readonly recorded: RecordedRequest[] = [];

  constructor(
    private readonly script: ParsedScript,
    private readonly clock: () => number,
  ) {
    this.meter = new PromptMeter(clock);
  }

  /** The latest requests, oldest first. */
  requests(): readonly RecordedRequest[] {
    return [...this.recorded];
  }

  /** Tokens of a whole prompt. Throws ApiError for what the API would refuse. */
  countTokens(body: unknown): number {
    const prompt = parsed(countRequestSchema, body);
    const segments = promptSegments(prompt);
    refuse(checkRequest(prompt, segments));
    return countPromptTokens(segments);
  }

  /** Takes one message request of a key. Throws ApiError for what the API would refuse, and for faults of that form. */
  exchange(body: unknown, apiKey: string): Exchange {
    const request = parsed(messagesRequestSchema, body);
    const segments = promptSegments(request);
    const inputTokens = countPromptTokens(segments);
    const role = roleOf(request);
    const fault = this.nextFault(role);
    const refusal = checkRequest(request, segments) ?? checkWindow(inputTokens, request.max_tokens);
    const outcome = refusal?.type ?? fault ?? 'ok';
    this.record({ role, model: request.model, inputTokens, at: this.clock(), outcome });
    refuse(refusal);
    if (fault === '429') throw new ApiError('rate_limit_error', 'Slow down.', RETRY_AFTER_SECONDS);
    if (fault === '529') throw new ApiError('overloaded_error', 'Overloaded');
    const answer = limitAnswer(spoilAnswer(this.answer(request, role), fault), request.max_tokens);
    const inputUsage = this.account(request, segments, apiKey, fault);
    const id = `msg_${randomUUID().replaceAll('-', '')}`;
    return { message: { id, model: request.model, answer, inputUsage }, stream: request.stream, fault };
  }

  private nextFault(role: PromptRole | null): FaultKind | null {
    if (role === null) return null;
    this.asked[role] += 1;
    return faultFor(this.script.faults, role, this.asked[role]);
  }

  private answer(request: MessagesRequest, role: PromptRole | null): Answer {
    if (role === 'conductor') return conduct(this.script.conductor, viewOf(request));
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
