import type { StagedWrite } from '#contracts';
import type { ConductorRequest } from '#context';
import type { Transactions } from '#database';
import { judgeWrites, type OpenWave } from '#ledger';
import {
  ContextBoundError,
  fitsProven,
  ModelFailure,
  provenTokens,
  type MessagesBody,
  type ModelAnswer,
  type ModelGateway,
} from '#model';
import { crashPoint } from '#telemetry';
import { answerRead, cutResult, RESULT_CHARACTERS_MAX } from './answer-read.js';
import { parseCalls, type ParsedCall, type ToolUse } from './domain/decisions.js';
import { judgedCall, judgementText } from './domain/judged-call.js';
import type { WaveLease } from './wave-lease.js';

/** Why a wave stopped asking. */
export type StopReason =
  'handoff' | 'decided' | 'end_turn' | 'request_limit' | 'context_full' | 'paused' | 'cut_short';

/** Reasons that are not the conductor's own: it may not have got to all of its page, which the next wave reads again. */
export const CUT_SHORT: ReadonlySet<StopReason> = new Set([
  'request_limit',
  'context_full',
  'paused',
  'cut_short',
]);

/** Where full results do not fit into the next request, less of each is shown, but not less than this. */
const RESULT_CHARACTERS_MIN = 250;

/** What a conversation came to. */
export interface Conversation {
  readonly writes: readonly StagedWrite[];
  readonly stopReason: StopReason;
  /** The exact bodies sent. */
  readonly requests: readonly MessagesBody[];
  /** Input tokens of the first request as the provider counted them. */
  readonly firstRequestTokens: number;
}

interface ToolResult {
  readonly type: 'tool_result';
  readonly tool_use_id: string;
  readonly content: string;
  readonly is_error: boolean;
}

/**
 * Asks the model and stages what it decides, until it has handed off, or said all it wants in valid writes, or a bound
 * is reached. The history only grows: what was sent is never edited. Throws what the gateway throws; then nothing that
 * was staged counts.
 */
export class ConductorConversation {
  private readonly messages: MessagesBody['messages'];
  private readonly requests: MessagesBody[] = [];
  private readonly writes: StagedWrite[] = [];
  /** Of the last answer's calls. */
  private results: readonly ToolResult[] = [];

  constructor(
    private readonly ports: {
      readonly transactions: Transactions;
      readonly gateway: ModelGateway;
      readonly lease: WaveLease;
    },
    private readonly wave: OpenWave,
    private readonly request: ConductorRequest,
  ) {
    this.messages = [...request.messages];
  }

  async run(): Promise<Conversation> {
    const first = await this.ask(null);
    let answer = first;
    for (;;) {
      const stopReason = (await this.take(answer)) ?? (await this.mayAskAgain());
      if (stopReason !== null) return this.result(stopReason, first);
      const next = await this.askAgain(answer);
      if (next === null) return this.result('context_full', first);
      answer = next;
    }
  }

  /** Asks with the results of the last answer, cut as far as it takes to stay within the budget; null when that is not enough. */
  private async askAgain(last: ModelAnswer): Promise<ModelAnswer | null> {
    const budgetTokens = this.wave.policy.context_budget_tokens;
    for (let shown = RESULT_CHARACTERS_MAX; shown >= RESULT_CHARACTERS_MIN; shown /= 2) {
      const content = this.results.map((result) => ({
        ...result,
        content: cutResult(result.content, shown),
      }));
      this.messages.splice(-1, 1, { role: 'user', content });
      const proven = this.provenNext(last, content);
      try {
        return await this.ask(fitsProven(proven, budgetTokens) ? proven : null);
      } catch (error) {
        if (!(error instanceof ContextBoundError)) throw error;
      }
    }
    return null;
  }

  private async ask(proven: number | null): Promise<ModelAnswer> {
    const { wave, request } = this;
    const body: MessagesBody = { ...request, messages: [...this.messages] };
    const answer = await this.ports.gateway.ask({
      tenantId: wave.tenantId,
      missionId: wave.missionId,
      waveId: wave.waveId,
      attemptId: null,
      role: 'conductor',
      body,
      contextBudgetTokens: wave.policy.context_budget_tokens,
      provenTokens: proven,
      allowPremium: wave.policy.allow_premium,
      signal: this.ports.lease.signal,
    });
    this.requests.push(body);
    crashPoint('wave.after_request');
    return answer;
  }

  /** Stages an answer's writes and appends its turn with the results; says why to stop, or null to ask again. */
  private async take({ message }: ModelAnswer): Promise<StopReason | null> {
    if (message.stop_reason === 'refusal')
      throw new ModelFailure('bad_response', 'the model refused to answer');
    if (message.stop_reason === 'end_turn') return 'end_turn';
    if (message.stop_reason !== 'tool_use') return this.stopAtCut(message.stop_reason);
    const calls = parseCalls(toolUses(message.content));
    const results: ToolResult[] = [];
    for (const call of calls) results.push(await this.answerCall(call));
    const allValid = results.every((result) => !result.is_error);
    if (allValid && this.writes.some((write) => write.tool === 'handoff')) return 'handoff';
    if (allValid && calls.every((call) => call.kind === 'write')) return 'decided';
    this.results = results;
    this.messages.push({ role: 'assistant', content: message.content }, { role: 'user', content: results });
    return null;
  }

  /** Calls count only when the model stopped to have them run: one that was cut off arrives without its input. */
  private stopAtCut(reason: string | null): StopReason {
    if (this.writes.length > 0) return 'cut_short';
    throw new ModelFailure(
      'bad_response',
      `the answer ended with ${reason ?? 'nothing'} before anything was decided`,
    );
  }

  private async answerCall(call: ParsedCall): Promise<ToolResult> {
    const result = (content: string, isError: boolean): ToolResult => ({
      type: 'tool_result',
      tool_use_id: call.id,
      content,
      is_error: isError,
    });
    if (call.kind === 'error') return result(call.message, true);
    if (call.kind === 'read')
      return result(await answerRead(this.ports.transactions, this.wave, call.read), false);
    const verdicts = await this.ports.transactions.inTransaction(this.wave.tenantId, (tx) =>
      judgeWrites(tx, this.wave.missionId, [...this.writes, ...call.writes]),
    );
    const judged = judgedCall(call.id, call.writes, verdicts.slice(this.writes.length));
    this.writes.push(...judged.accepted);
    return result(judgementText(judged), judged.rejected.length > 0);
  }

  private async mayAskAgain(): Promise<StopReason | null> {
    if (this.requests.length >= this.wave.policy.requests_per_wave_max) return 'request_limit';
    return (await this.ports.lease.mayGoOn()) ? null : 'paused';
  }

  private provenNext(last: ModelAnswer, appended: readonly ToolResult[]): number {
    const texts = appended.map((result) => JSON.stringify(result));
    return provenTokens(
      { promptTokens: last.promptTokens, outputTokens: last.usage.output },
      { texts, blocks: texts.length, messages: 2 },
    );
  }

  private result(stopReason: StopReason, first: ModelAnswer): Conversation {
    return {
      writes: this.writes,
      stopReason,
      requests: this.requests,
      firstRequestTokens: first.promptTokens,
    };
  }
}

function toolUses(content: ModelAnswer['message']['content']): ToolUse[] {
  return content.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
  );
}
