import type { Policy, StagedWrite } from '#contracts';
import type { ConductorRequest } from '#context';
import type { SpilledText } from '#ledger';
import {
  ContextBoundError,
  fits,
  ModelFailure,
  stopFailure,
  UnprovedError,
  type MessagesBody,
  type ModelAnswer,
  type ModelGateway,
  type ModelRequest,
} from '#model';
import { crashPoint } from '#telemetry';
import type { ConductorLedger } from './conductor-ledger.js';
import { onlyHandoff, parseCalls, type ParsedCall, type ToolUse } from './domain/decisions.js';
import { GUARD_NOTES, judgeNext, type GuardState, type GuardStop } from './domain/guard.js';
import { judgedCall, judgementText } from './domain/judged-call.js';
import { RESULT_BYTES_MAX } from './domain/spill.js';
import { appendTurn, provenNext, type CallResult, type Turn } from './turn.js';
import type { WaveLease } from './wave-lease.js';
import type { WaveMeter } from './wave-meter.js';

/** Why a wave stopped asking. */
export type StopReason = 'handoff' | 'decided' | 'end_turn' | 'paused' | 'cut_short' | GuardStop;

/** Reasons that are not the conductor's own: it may not have got to all of its page, which the next wave reads again. */
export const CUT_SHORT: ReadonlySet<StopReason> = new Set([
  'request_limit',
  'time_limit',
  'price_limit',
  'context_full',
  'paused',
  'cut_short',
]);

/** Where results do not fit into the next request, less of each is shown; at last nothing, and only a hand-off is asked for. */
const SHOWN_BYTES = [RESULT_BYTES_MAX, 1_000, 500, 250, 0] as const;

/** What a conversation is held with. */
export interface ConversationPorts {
  readonly gateway: ModelGateway;
  /** In whose books its requests stand. */
  readonly books: Pick<ModelRequest, 'tenantId' | 'missionId' | 'waveId' | 'role'>;
  readonly ledger: ConductorLedger;
  readonly lease: Pick<WaveLease, 'signal' | 'mayGoOn'>;
  readonly meter: WaveMeter;
}

/** The wave that it is about. */
export interface ConversationSubject {
  readonly waveId: string;
  readonly number: number;
  readonly policy: Policy;
}

/** What a conversation came to. */
export interface Conversation {
  readonly writes: readonly StagedWrite[];
  readonly stopReason: StopReason;
  /** The exact bodies sent. */
  readonly requests: readonly MessagesBody[];
  /** Input tokens of the first request as the provider counted them. */
  readonly firstRequestTokens: number;
  /** Results that the requests show by their ends, whole. */
  readonly spills: readonly SpilledText[];
}

/**
 * Asks the model and stages what it decides, until it has handed off, or said all it wants in valid writes, or the
 * guard closes. The history only grows: what was sent, and what came, is never edited. Throws what the gateway throws;
 * then nothing that was staged counts.
 */
export class ConductorConversation {
  private messages: MessagesBody['messages'];
  private readonly requests: MessagesBody[] = [];
  private readonly writes: StagedWrite[] = [];
  private readonly spills = new Map<string, SpilledText>();
  private guard: GuardState = 'open';

  constructor(
    private readonly ports: ConversationPorts,
    private readonly wave: ConversationSubject,
    private readonly request: ConductorRequest,
  ) {
    this.messages = [...request.messages];
  }

  async run(): Promise<Conversation> {
    const first = await this.ask(this.messages, null);
    let answer = first;
    for (;;) {
      const turn = await this.take(answer);
      if (typeof turn === 'string') return this.result(turn, first);
      const before = this.guard;
      const stopReason = this.judge(answer) ?? (await this.pause());
      if (stopReason !== null) return this.result(stopReason, first);
      const note = this.guard === before ? null : (GUARD_NOTES[this.guard] ?? null);
      const next = await this.askAgain(answer, turn, note);
      if (next === null) return this.result('context_full', first);
      answer = next;
    }
  }

  /** Asks with the results of the last answer, cut as far as it takes to stay within the budget; null when that is not enough. */
  private async askAgain(last: ModelAnswer, turn: Turn, note: string | null): Promise<ModelAnswer | null> {
    const budgetTokens = this.wave.policy.context_budget_tokens;
    const { waveId } = this.wave;
    for (const shownBytesMax of SHOWN_BYTES) {
      if (shownBytesMax === 0) this.guard = 'hard';
      const said = shownBytesMax === 0 ? (GUARD_NOTES.hard ?? null) : note;
      const next = appendTurn(turn, { waveId, shownBytesMax, note: said });
      const tokens = provenNext(
        { promptTokens: last.promptTokens, outputTokens: last.usage.output },
        turn,
        next.messages,
      );
      const proven = fits({ tier: 'proved', tokens }, budgetTokens) ? tokens : null;
      const messages = [...this.messages, ...next.messages];
      try {
        const answer = await this.ask(messages, proven);
        this.messages = messages;
        this.keep(next.spills);
        return answer;
      } catch (error) {
        if (error instanceof UnprovedError && this.guard === 'hard') return null;
        if (!(error instanceof ContextBoundError)) throw error;
        if (turn.results.length === 0) return null; // there is nothing to show less of
      }
    }
    return null;
  }

  private async ask(messages: MessagesBody['messages'], proven: number | null): Promise<ModelAnswer> {
    const { wave, request, ports } = this;
    const body: MessagesBody = { ...request, messages };
    const answer = await ports.gateway.ask({
      ...ports.books,
      attemptId: null,
      body,
      contextBudgetTokens: wave.policy.context_budget_tokens,
      provenTokens: proven,
      allowPremium: wave.policy.allow_premium,
      ...(this.guard === 'hard' ? { unproved: 'refuse' as const } : {}),
      timeLeftMs: ports.meter.timeLeftMs,
      signal: ports.lease.signal,
    });
    this.requests.push(body);
    ports.meter.add(answer);
    crashPoint('wave.after_request');
    return answer;
  }

  /** Stages an answer's writes; says why to stop, or what to append when the conductor is to be asked again. */
  private async take({ message }: ModelAnswer): Promise<StopReason | Turn> {
    if (message.stop_reason === 'end_turn') return 'end_turn';
    if (message.stop_reason === 'pause_turn') return { content: message.content, results: [] };
    if (message.stop_reason !== 'tool_use') return this.stopAtCut(message.stop_reason);
    const calls = parseCalls(toolUses(message.content)).map((call) =>
      this.guard === 'hard' ? onlyHandoff(call) : call,
    );
    const results: CallResult[] = [];
    for (const call of calls) results.push(await this.answerCall(call));
    const mayEnd = this.guard === 'hard' || results.every((result) => !result.isError);
    if (mayEnd && this.writes.some((write) => write.tool === 'handoff')) return 'handoff';
    if (mayEnd && calls.every((call) => call.kind === 'write')) return 'decided';
    return { content: message.content, results };
  }

  /** Calls count only when the model stopped to have them run: one that was cut off arrives without its input. */
  private stopAtCut(reason: string | null): StopReason {
    const kind = stopFailure(reason) ?? 'unknown_stop';
    if (kind === 'truncated' && this.writes.length > 0) return 'cut_short';
    throw new ModelFailure(kind, `the answer ended with ${reason ?? 'nothing'} and counts for nothing`);
  }

  private async answerCall(call: ParsedCall): Promise<CallResult> {
    const result = (text: string, isError: boolean): CallResult => ({
      id: call.id,
      tool: call.kind === 'read' ? call.read.tool : call.kind,
      text,
      isError,
    });
    if (call.kind === 'error') return result(call.message, true);
    if (call.kind === 'read') return result(await this.ports.ledger.read(call.read, this.spills), false);
    const verdicts = await this.ports.ledger.judge(this.writes, call.writes);
    const judged = judgedCall(call.id, call.writes, verdicts);
    this.writes.push(...judged.accepted);
    return result(judgementText(judged), judged.rejected.length > 0);
  }

  private judge(last: ModelAnswer): StopReason | null {
    const { policy } = this.wave;
    const verdict = judgeNext(this.guard, {
      ...this.ports.meter.facts(),
      filledTokens: last.promptTokens + last.usage.output,
      budgetTokens: policy.context_budget_tokens,
      requestsMax: policy.requests_per_wave_max,
      usdMax: policy.wave_usd_max === null ? null : Number(policy.wave_usd_max),
    });
    this.guard = verdict.state;
    return verdict.stop;
  }

  private async pause(): Promise<StopReason | null> {
    return (await this.ports.lease.mayGoOn()) ? null : 'paused';
  }

  /** What has been sent points to them. */
  private keep(spills: ReturnType<typeof appendTurn>['spills']): void {
    for (const { id, text, sha256, tool } of spills)
      this.spills.set(id, { id, text, sha256, name: `wave ${this.wave.number}: ${tool}` });
  }

  private result(stopReason: StopReason, first: ModelAnswer): Conversation {
    return {
      writes: this.writes,
      stopReason,
      requests: this.requests,
      firstRequestTokens: first.promptTokens,
      spills: [...this.spills.values()],
    };
  }
}

function toolUses(content: ModelAnswer['message']['content']): ToolUse[] {
  return content.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
  );
}
