import { Controller, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { artifactQuerySchema, artifactSchema, encodeId } from '#contracts';
import { Transactions } from '#database';
import { keepArtifact, requireLease, type Resource } from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { DocumentedBody, QueryOf } from '../edge/input.js';
import { ApiProblem } from '../edge/problem.js';
import { requestStateOf } from '../edge/request-state.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { Uploads } from './uploads.js';

const MEDIA_TYPE = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(;[\x20-\x7e]{0,100})?$/;
const BYTES = z.string().meta({ format: 'binary', description: 'at most 64 MiB, of any media type' });

@Controller('v1/attempts/:id/artifacts')
export class UploadController {
  constructor(
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(Uploads) private readonly uploads: Uploads,
  ) {}

  @Post()
  @Route({
    summary: 'Upload a file that belongs to the result; its result then names it',
    access: ['workers:claim'],
    subject: 'attempt',
    status: 201,
    answer: artifactSchema,
  })
  @DocumentedBody({ 'application/octet-stream': BYTES })
  async uploadArtifact(
    @CurrentCall() call: Call,
    @Subject() attempt: Resource,
    @QueryOf(artifactQuerySchema) query: z.output<typeof artifactQuerySchema>,
  ) {
    const bodyWith = (sha256: string | undefined) => ({ query, mediaType: mediaTypeOf(call), sha256 });
    // whoever holds no lease takes no place of those who do; what has been answered once is answered again
    if (!(await this.commands.isAnswered(call, (answered) => bodyWith(sha256In(answered)))))
      await this.transactions.inTransaction(call.tenantId, (tx) =>
        requireLease(tx, attempt.id, query.lease_token),
      );
    return this.uploads.receive(call, async (file) => {
      requireSha256(query.sha256, file.sha256);
      const { sizeBytes, sha256, read } = file;
      requestStateOf(call.request).body = bodyWith(sha256);
      return this.commands.run(call, async (tx) => {
        const kept = await keepArtifact(tx, attempt.id, {
          leaseToken: query.lease_token,
          artifact: { name: query.name, mediaType: mediaTypeOf(call), sizeBytes, sha256, read },
        });
        const body = {
          id: encodeId('artifact', kept.id),
          name: kept.name,
          media_type: kept.mediaType,
          size_bytes: kept.sizeBytes,
          sha256: kept.sha256,
        };
        return { status: 201, body };
      });
    });
  }
}

/** Of what an earlier upload was answered; undefined when the answer was to something else. */
function sha256In(answered: unknown): string | undefined {
  return artifactSchema.safeParse(answered).data?.sha256;
}

/** Before anything is kept: what arrived is not what was sent. */
function requireSha256(expected: string | undefined, received: string): void {
  if (expected === undefined || expected === received) return;
  const message = `What arrived has the sha-256 ${received}; send it again.`;
  throw new ApiProblem(422, 'sha256_mismatch', message, {
    errors: [{ pointer: '/sha256', code: 'sha256_mismatch', message }],
  });
}

/** What the sender calls it; it is only ever served as a download. */
function mediaTypeOf({ request }: Call): string {
  const said = request.headers['content-type'] ?? '';
  return MEDIA_TYPE.test(said) ? said : 'application/octet-stream';
}
