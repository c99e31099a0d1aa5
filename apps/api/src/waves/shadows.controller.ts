import { Controller, Inject, Post } from '@nestjs/common';
import { runShadow } from '#conductor';
import { shadowInputSchema, shadowSchema, type Shadow, type ShadowInput } from '#contracts';
import { Transactions } from '#database';
import { mayShadowGoOn, readShadowedWave, type Resource } from '#ledger';
import { ModelGateway } from '#model';
import { isApiKeyGood } from '#tenancy';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { JsonBody } from '../edge/input.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { toShadowProblem } from './shadow-problem.js';
import { Shadows } from './shadows.js';

@Controller('v1/waves/:id/shadow')
export class ShadowsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(ModelGateway) private readonly gateway: ModelGateway,
    @Inject(Shadows) private readonly shadows: Shadows,
  ) {}

  @Post()
  @Route({
    summary:
      'Ask a wave’s question again, of another model or under another policy, and compare the decisions; paid from the budget, without any other effect',
    access: ['missions:write'],
    subject: 'wave',
    answer: shadowSchema,
  })
  async shadowWave(
    @CurrentCall() call: Call,
    @Subject() wave: Resource,
    @JsonBody(shadowInputSchema) input: ShadowInput,
  ) {
    return this.commands.runApart(call, async () => ({
      status: 200,
      body: await this.run(call, wave.id, input),
    }));
  }

  private async run(call: Call, waveId: string, input: ShadowInput): Promise<Shadow> {
    const { transactions, gateway } = this;
    const wave = await transactions.inTransaction(call.tenantId, (tx) => readShadowedWave(tx, waveId));
    return this.shadows.run(call.tenantId, (signal) => {
      const mayGoOn = () => this.mayGoOn(call, wave.missionId);
      return runShadow({ transactions, gateway, lease: { signal, mayGoOn } }, wave, input).catch(
        (error: unknown) => {
          throw toShadowProblem(error);
        },
      );
    });
  }

  /**
   * Asked before each further request, since each is paid. A caller who has gone comes back with their Idempotency-Key;
   * without one nobody will ever read the answer.
   */
  private async mayGoOn(call: Call, missionId: string): Promise<boolean> {
    const mayComeBack = call.request.headers['idempotency-key'] !== undefined;
    if (!mayComeBack && call.response.closed) return false;
    return this.transactions.inTransaction(
      call.tenantId,
      async (tx) => (await isApiKeyGood(tx, call.keyId)) && mayShadowGoOn(tx, missionId),
    );
  }
}
