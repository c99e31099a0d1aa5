import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { originOf, saysForeign } from '../edge/cross-site.js';
import { ApiProblem } from '../edge/problem.js';

export const LISTENING_HOST = Symbol('host that the service listens on');
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]', '::1'];

/**
 * Agents are not browsers. A page of somebody else is refused by its Origin; one whose name was made to point at this
 * machine (DNS rebinding) by the Host that it asked for, where the service listens on loopback alone.
 */
@Injectable()
export class LocalHostGuard implements CanActivate {
  constructor(@Inject(LISTENING_HOST) private readonly listeningHost: string) {}

  canActivate(context: ExecutionContext): boolean {
    const origin = originOf(context.switchToHttp().getRequest<Request>());
    const isForeign = saysForeign({ ...origin, method: 'POST' }); // a read is answered to nobody else either
    if (!isForeign && this.isOurs(origin.host)) return true;
    throw new ApiProblem(
      403,
      'cross_site_request',
      'This address is for programs on the host that it names.',
    );
  }

  private isOurs(host: string | undefined): boolean {
    if (!LOOPBACK_NAMES.includes(this.listeningHost)) return true;
    return host !== undefined && LOOPBACK_NAMES.includes(host.toLowerCase().replace(/:\d+$/, ''));
  }
}
