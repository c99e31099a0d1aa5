import { Controller, Inject, Post } from '@nestjs/common';
import { runShadow } from '#conductor';
import { shadowInputSchema, shadowSchema, type Shadow, type ShadowInput } from '#contracts';
import { Transactions } from '#database';
import { readShadowedWave, type Resource } from '#ledger';
import { ModelGateway } from '#model';
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

  /** A caller who has gone comes back with their Idempotency-Key; without one nobody will ever read the answer. */
  private async run(call: Call, waveId: string, input: ShadowInput): Promise<Shadow> {
    const { transactions, gateway } = this;
    const mayComeBack = call.request.headers['idempotency-key'] !== undefined;
    const wave = await transactions.inTransaction(call.tenantId, (tx) => readShadowedWave(tx, waveId));
    return this.shadows.run(call.tenantId, (signal) => {
      const mayGoOn = () => Promise.resolve(mayComeBack || !call.response.closed);
      return runShadow({ transactions, gateway, lease: { signal, mayGoOn } }, wave, input).catch(
        (error: unknown) => {
          throw toShadowProblem(error);
        },
      );
    });
  }
}
