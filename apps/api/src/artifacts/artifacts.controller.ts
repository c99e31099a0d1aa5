import { once } from 'node:events';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Transactions } from '#database';
import { ARTIFACT_PART_BYTES, readArtifact, readArtifactBytes, type Resource } from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { Route } from '../edge/route.js';
import { requestedBytes, type ByteRange } from './byte-range.js';

/** As long as a live stream waits for its reader. */
const SLOW_READER_MS = 30_000;

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
    const artifact = await this.transactions.inTransaction(call.tenantId, (tx) =>
      readArtifact(tx, subject.id),
    );
    const tag = `"${artifact.sha256}"`;
    const requested = requestedBytes(rangeOf(call, tag), artifact.sizeBytes);
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('ETag', tag);
    if (requested === 'unsatisfiable') {
      response.status(416).setHeader('Content-Range', `bytes */${artifact.sizeBytes}`).end();
      return;
    }
    const range = requested ?? { start: 0, end: artifact.sizeBytes - 1 };
    if (requested !== null) {
      response.status(206);
      response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${artifact.sizeBytes}`);
    }
    response.attachment(artifact.name); // guesses a type from the name
    response.setHeader('Content-Type', artifact.mediaType);
    response.setHeader('Content-Length', range.end - range.start + 1);
    if (call.request.method !== 'HEAD') await this.send(call, artifact.id, range);
    response.end();
  }

  /** Part by part, as fast as the reader takes them, each in a transaction of its own: artifacts never change. */
  private async send(call: Call, artifactId: string, range: ByteRange): Promise<void> {
    const { response } = call;
    const closed = once(response, 'close');
    for (let start = range.start; start <= range.end;) {
      const partEnd = (Math.floor(start / ARTIFACT_PART_BYTES) + 1) * ARTIFACT_PART_BYTES - 1;
      const part = { start, end: Math.min(partEnd, range.end) };
      const bytes = await this.transactions.inTransaction(call.tenantId, (tx) =>
        readArtifactBytes(tx, artifactId, part),
      );
      if (response.destroyed) return;
      if (!response.write(bytes)) await this.untilDrained(response, closed);
      start = part.end + 1;
    }
  }

  /** A reader that takes nothing for so long is cut off: what it has asked for is held for it here. */
  private async untilDrained(response: Response, closed: Promise<unknown>): Promise<void> {
    const timer = setTimeout(() => response.destroy(), SLOW_READER_MS);
    await Promise.race([once(response, 'drain'), closed]).finally(() => clearTimeout(timer));
  }
}

/** A range of a version that is no more is none: the whole of the new one is sent. */
function rangeOf({ request }: Call, tag: string): string | undefined {
  const { range, 'if-range': ifRange } = request.headers;
  return ifRange === undefined || ifRange === tag ? range : undefined;
}
