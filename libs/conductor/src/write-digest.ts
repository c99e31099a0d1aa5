import { randomBytes } from 'node:crypto';
import { pickMissionWithDigests } from '#dispatch';
import { claimDigest, finishDigest, readDigestSources, type ClaimedDigest } from '#ledger';
import { stopFailure, type ModelAnswer } from '#model';
import { crashPoint } from '#telemetry';
import { DIGEST_SYSTEM_TEXT, digestRequestText, wordingOf } from './domain/digest-text.js';
import type { RunWaveDependencies } from './run-wave.js';

const FENCE_KEY_BYTES = 4;

/**
 * Lets a model reword one live digest of the fairest mission. Nobody waits for it: the digest stands as the ledger wrote it
 * until better words are in place, and for good when they do not come in its few tries, whatever the reason.
 */
export class WriteDigest {
  constructor(private readonly dependencies: RunWaveDependencies) {}

  /** False when no digest was due. What goes wrong costs the digest a try and is logged, not thrown. */
  async run(): Promise<boolean> {
    const { transactions, logger } = this.dependencies;
    const digest = await transactions.inSystemTransaction(async (system) => {
      const picked = await pickMissionWithDigests(system);
      return picked === null ? null : claimDigest(await system.become(picked.tenantId), picked.missionId);
    });
    if (digest === null) return false;
    try {
      const objection = await this.reword(digest);
      if (objection !== null)
        logger.info({ digest: digest.digestId, reason: objection }, 'a digest was not reworded');
    } catch (error) {
      logger.warn({ err: error, digest: digest.digestId }, 'a digest was not reworded');
    }
    return true;
  }

  /** Null when a model's words are in place, else why not. */
  private async reword(digest: ClaimedDigest): Promise<string | null> {
    const answer = await this.ask(digest);
    crashPoint('digest.after_request');
    const failure = stopFailure(answer.message.stop_reason);
    if (failure !== null) return failure;
    const said = answer.message.content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
    const wording = wordingOf(said.join('\n'));
    if (wording === null) return 'the answer was not the JSON that was asked for';
    return this.dependencies.transactions.inTransaction(digest.tenantId, (tx) =>
      finishDigest(tx, digest.digestId, wording),
    );
  }

  private async ask(digest: ClaimedDigest): Promise<ModelAnswer> {
    const { tenantId, missionId } = digest;
    const { body, policy } = await this.dependencies.transactions.inTransaction(tenantId, (tx) =>
      readDigestSources(tx, digest),
    );
    const key = randomBytes(FENCE_KEY_BYTES).toString('hex');
    return this.dependencies.gateway.ask({
      tenantId,
      missionId,
      waveId: null,
      attemptId: null,
      role: 'digest',
      body: {
        model: policy.model,
        max_tokens: policy.outputTokensMax,
        system: DIGEST_SYSTEM_TEXT,
        messages: [{ role: 'user', content: digestRequestText(body, key) }],
      },
      contextBudgetTokens: policy.contextBudgetTokens,
      provenTokens: null,
      allowPremium: policy.allowPremium,
      signal: this.dependencies.shutdown,
    });
  }
}
