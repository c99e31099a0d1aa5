import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Transactions } from '#database';
import { readArtifact, readArtifactBytes, type Resource } from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { Route } from '../edge/route.js';
import { requestedBytes } from './byte-range.js';

@Controller('v1/artifacts')
export class ArtifactsController {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @Get(':id')
  @Route({
    summary: 'Read an artifact’s bytes, whole or a range of them',
    access: ['tasks:read', 'workers:claim'],
    subject: 'artifact',
    answer: null,
  })
  async readArtifact(@CurrentCall() call: Call, @Subject() subject: Resource, @Res() response: Response) {
    await this.transactions.inTransaction(call.tenantId, async (tx) => {
      const artifact = await readArtifact(tx, subject.id);
      const requested = requestedBytes(call.request.headers.range, artifact.sizeBytes);
      response.setHeader('Accept-Ranges', 'bytes');
      response.setHeader('ETag', `"${artifact.sha256}"`);
      if (requested === 'unsatisfiable') {
        response.status(416).setHeader('Content-Range', `bytes */${artifact.sizeBytes}`).end();
        return;
      }
      const { start, end } = requested ?? { start: 0, end: artifact.sizeBytes - 1 };
      const bytes = await readArtifactBytes(tx, artifact.id, { start, end });
      if (requested !== null) {
        response.status(206);
        response.setHeader('Content-Range', `bytes ${start}-${end}/${artifact.sizeBytes}`);
      }
      response.attachment(artifact.name); // guesses a type from the name
      response.setHeader('Content-Type', artifact.mediaType);
      response.end(bytes);
    });
  }
}
