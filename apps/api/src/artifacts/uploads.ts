import { Inject, Injectable } from '@nestjs/common';
import { ARTIFACT_BYTES_MAX } from '#contracts';
import type { Call } from '../edge/call.js';
import { BodyDeadlines } from '../edge/body-deadlines.js';
import { ApiProblem } from '../edge/problem.js';
import { receiveFile, type ReceivedFile } from './received-file.js';

/** Uploads that this process takes at once: so many times 64 MiB of disk. */
const UPLOADS_MAX = 16;

/** Of these for one tenant, so that a few that send slowly do not keep the others from theirs. */
const UPLOADS_PER_TENANT_MAX = 2;

/** Receives artifacts, a bounded number at a time. */
@Injectable()
export class Uploads {
  /** The tenant of each upload under way. */
  private readonly running: string[] = [];

  constructor(@Inject(BodyDeadlines) private readonly deadlines: BodyDeadlines) {}

  /** Hands the received body to `take` and forgets it then. 429 when too many are under way. */
  async receive<Result>(
    { request, response, tenantId }: Pick<Call, 'request' | 'response' | 'tenantId'>,
    take: (file: ReceivedFile) => Promise<Result>,
  ): Promise<Result> {
    const ofTenant = this.running.filter((one) => one === tenantId).length;
    if (ofTenant >= UPLOADS_PER_TENANT_MAX || this.running.length >= UPLOADS_MAX)
      throw new ApiProblem(
        429,
        'too_many_uploads',
        'Too many uploads are under way here; try again in a moment.',
        {
          retryAfterSeconds: 1,
        },
      );
    this.running.push(tenantId);
    try {
      this.deadlines.extend(request, response);
      const file = await receiveFile(request, ARTIFACT_BYTES_MAX);
      try {
        return await take(file);
      } finally {
        await file.close();
      }
    } finally {
      this.running.splice(this.running.indexOf(tenantId), 1);
    }
  }
}
