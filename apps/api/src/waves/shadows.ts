import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ApiProblem } from '../edge/problem.js';

/** Shadows that this process runs at once. */
const SHADOWS_MAX = 8;

/** Of these for one tenant, so that none keeps the others from theirs. */
const SHADOWS_PER_TENANT_MAX = 2;

const BUSY_SECONDS = 5;

/** Where shadows run: a bounded number at a time, until this process ends. */
@Injectable()
export class Shadows implements OnModuleDestroy {
  /** The tenant of each that is under way. */
  private readonly running: string[] = [];
  private readonly ended = new AbortController();

  /** Runs `work` with what ends it when this process does. 429 when too many are under way. */
  async run<Result>(tenantId: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const ofTenant = this.running.filter((one) => one === tenantId).length;
    if (ofTenant >= SHADOWS_PER_TENANT_MAX || this.running.length >= SHADOWS_MAX)
      throw new ApiProblem(
        429,
        'too_many_shadows',
        'Too many shadows are under way here; try again when one has ended.',
        { retryAfterSeconds: BUSY_SECONDS },
      );
    this.running.push(tenantId);
    try {
      return await work(this.ended.signal);
    } finally {
      this.running.splice(this.running.indexOf(tenantId), 1);
    }
  }

  onModuleDestroy(): void {
    this.ended.abort();
  }
}
