import { buildContext, type ConductorRequest, type ContextInput } from '#context';
import {
  contextLevel,
  encodeId,
  mergePolicy,
  readStoredPolicy,
  type Policy,
  type Shadow,
  type ShadowInput,
} from '#contracts';
import type { Transactions } from '#database';
import { checkedPolicy, conflict, writeItems, type ShadowedWave } from '#ledger';
import { ContextBoundError, type ModelGateway } from '#model';
import { ShadowLedger } from './conductor-ledger.js';
import { ConductorConversation, type Conversation, type ConversationPorts } from './conversation.js';
import { diffDecisions, sharedFacts } from './domain/diff-decisions.js';
import { nextTry, type Try } from './domain/next-try.js';
import { OvercommittedError } from './overcommitted-error.js';
import { WaveMeter } from './wave-meter.js';

/** A whole shadow. Somebody waits for its answer, so it gets less time than a wave. */
const SHADOW_MS_MAX = 180_000;

export interface ShadowPorts {
  readonly transactions: Transactions;
  readonly gateway: ModelGateway;
  /** Whether another request may be sent, and what ends the one in hand. */
  readonly lease: ConversationPorts['lease'];
}

/**
 * Asks a wave's question again, of another model or under another policy, and compares what is decided. Nothing comes of
 * it but its bill: no write is carried out, and no row is touched but the books. Throws what the gateway throws, never
 * asks another model than it was told to, and refuses a policy that cannot be.
 */
export async function runShadow(
  { transactions, gateway, lease }: ShadowPorts,
  wave: ShadowedWave,
  change: ShadowInput,
): Promise<Shadow> {
  const stored = JSON.parse(wave.context.inputJson) as ContextInput; // written only by the wave's commit
  const policy = changedPolicy(stored.policy, change);
  const { tenantId, missionId, waveId, number } = wave;
  const books = { tenantId, missionId, waveId: null, role: 'shadow' } as const;
  const ledger = new ShadowLedger(transactions, { tenantId, missionId, snapshot: stored.snapshot });
  const meter = new WaveMeter(SHADOW_MS_MAX);
  const { packed, conversation } = await packAndAsk(wave, { ...stored, policy }, change, (request) =>
    new ConductorConversation(
      { gateway, books, ledger, lease, meter },
      { waveId, number, policy },
      request,
    ).run(),
  );
  const facts = sharedFacts(stored.snapshot, policy.workers, wave.decisions);
  return {
    wave_id: encodeId('wave', waveId),
    model: policy.model,
    stop_reason: conversation.stopReason,
    requests: meter.requests,
    reads: ledger.reads,
    context: {
      tokens: meter.peakTokens,
      budget: policy.context_budget_tokens,
      level: contextLevel(meter.peakTokens, policy.context_budget_tokens),
      total_tokens: packed.totalTokens,
      is_stored_request: packed.isStored,
    },
    usage: meter.usage(),
    decisions: diffDecisions(wave.decisions, conversation.writes.flatMap(writeItems), facts),
  };
}

function changedPolicy(stored: Policy, { model, policy }: ShadowInput): Policy {
  const patch = { ...policy, ...(model === undefined ? {} : { model }) };
  const { policy: known, unreadable } = readStoredPolicy(stored);
  if (unreadable.length > 0)
    throw conflict(
      'policy_unreadable',
      `This wave ran under a policy with fields that cannot be read now (${unreadable.join(', ')}). Choose another.`,
    );
  return checkedPolicy(mergePolicy(known, patch));
}

/** What of a policy is in no request's text. */
const UNSEEN_PARTS: ReadonlySet<string> = new Set(['wave_usd_max', 'allow_premium']);

/** A first request, and what it was made of. */
interface Packed {
  readonly request: ConductorRequest;
  readonly totalTokens: number;
  readonly targetTokens: number;
  readonly isStored: boolean;
}

/**
 * Asks with the request that the wave sent, unless the policy asks for another; then with one that the builder makes of the same
 * snapshot. Where the model counts more tokens in it than fit, with one that is packed for less, as a wave does.
 */
async function packAndAsk(
  wave: ShadowedWave,
  input: ContextInput,
  change: ShadowInput,
  ask: (request: ConductorRequest) => Promise<Conversation>,
): Promise<{ readonly packed: Packed; readonly conversation: Conversation }> {
  const { model } = input.policy;
  const isStored = Object.keys(change.policy).every((part) => UNSEEN_PARTS.has(part));
  const isResized =
    change.policy.context_budget_tokens !== undefined || change.policy.context_target_tokens !== undefined;
  const targetTokens = isResized ? input.policy.context_target_tokens : input.targetTokens;
  let current: Try = { model, targetTokens, smaller: 0, isFallback: false, isHalved: false };
  let packed = isStored ? storedPack(wave, model) : pack({ ...input, targetTokens });
  for (;;) {
    try {
      return { packed, conversation: await ask(packed.request) };
    } catch (error) {
      if (!(error instanceof ContextBoundError)) throw error;
      const next = nextTry(current, { kind: 'bound', packedTokens: packed.targetTokens });
      if (next === null) throw error;
      current = next;
      packed = pack({ ...input, targetTokens: next.targetTokens });
    }
  }
}

/** The wave's own first request, byte for byte but for the model. */
function storedPack({ context }: ShadowedWave, model: string): Packed {
  const { total_tokens: totalTokens, target_tokens: targetTokens } = context.manifest;
  const [request] = context.requests as unknown as readonly ConductorRequest[]; // the builder made it
  if (request === undefined) throw new Error('a committed wave has kept no request');
  return { request: { ...request, model }, totalTokens, targetTokens, isStored: true };
}

function pack(input: ContextInput): Packed {
  const made = buildContext(input);
  if (made.kind === 'overcommitted') throw new OvercommittedError(made.obligedTokens, made.allowedTokens);
  const { request, totalTokens, targetTokens } = made;
  return { request, totalTokens, targetTokens, isStored: false };
}
