import { Controller, Delete, Inject, Put } from '@nestjs/common';
import type { z } from 'zod';
import { modelCredentialInputSchema } from '#contracts';
import { Transactions } from '#database';
import { deleteModelCredential, putModelCredential, recordAudit, SecretBox } from '#tenancy';
import { CurrentCall, type Call } from '../edge/call.js';
import { JsonBody } from '../edge/input.js';
import { Route } from '../edge/route.js';

@Controller('v1/model-credentials/anthropic')
export class ModelCredentialsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(SecretBox) private readonly secretBox: SecretBox,
  ) {}

  @Put()
  @Route({
    summary: 'Use the tenant’s own model key from the next request on; it is never shown',
    access: ['admin'],
    status: 204,
    answer: null,
  })
  async putModelCredential(
    @CurrentCall() call: Call,
    @JsonBody(modelCredentialInputSchema) input: z.output<typeof modelCredentialInputSchema>,
  ): Promise<void> {
    await this.transactions.inTransaction(call.tenantId, async (tx) => {
      await putModelCredential(tx, this.secretBox, { provider: 'anthropic', apiKey: input.api_key });
      await recordAudit(tx, { actor: call.actor, action: 'model_credential.set', subjectId: 'anthropic' });
    });
  }

  @Delete()
  @Route({
    summary: 'Forget the tenant’s own model key: the service’s is used again',
    access: ['admin'],
    status: 204,
    answer: null,
  })
  async deleteModelCredential(@CurrentCall() call: Call): Promise<void> {
    await this.transactions.inTransaction(call.tenantId, async (tx) => {
      if (!(await deleteModelCredential(tx, 'anthropic'))) return;
      await recordAudit(tx, {
        actor: call.actor,
        action: 'model_credential.removed',
        subjectId: 'anthropic',
      });
    });
  }
}
