import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ARTIFACT_BYTES_MAX } from '#contracts';
import { ApiProblem } from '../edge/problem.js';
import { receiveFile, type ReceivedFile } from './received-file.js';

/** Uploads that this process takes at once: so many times 64 MiB of disk. */
const UPLOADS_MAX = 8;

/** Receives artifacts, a bounded number at a time. */
@Injectable()
export class Uploads {
  private running = 0;

  /** Hands the received body to `take` and forgets it then. 429 when too many are under way. */
  async receive<Result>(request: Request, take: (file: ReceivedFile) => Promise<Result>): Promise<Result> {
    if (this.running >= UPLOADS_MAX)
      throw new ApiProblem(429, 'too_many_uploads', `${UPLOADS_MAX} uploads are under way here already.`, {
        retryAfterSeconds: 1,
      });
    this.running += 1;
    try {
      const file = await receiveFile(request, ARTIFACT_BYTES_MAX);
      try {
        return await take(file);
      } finally {
        await file.close();
      }
    } finally {
      this.running -= 1;
    }
  }
}
