import { decodeId, type Scope } from '#contracts';
import type { Transactions, Tx } from '#database';
import type { Resource, ResourceKind } from '#ledger';
import type { Call } from '../edge/call.js';
import { ApiProblem, notFoundProblem } from '../edge/problem.js';
import { findInReach } from '../edge/reach.js';

/** What one MCP request may reach: its key's tenant, or its one mission, within its key's scopes. */
export class Reach {
  constructor(
    readonly call: Pick<Call, 'tenantId' | 'actor' | 'trusted' | 'boundMissionId' | 'principal'>,
    private readonly transactions: Transactions,
  ) {}

  /** One transaction of the tenant. */
  run<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.transactions.inTransaction(this.call.tenantId, work);
  }

  /** Throws `insufficient_scope` unless the key has one of these. */
  require(scopes: readonly Scope[]): void {
    if (scopes.some((scope) => this.call.principal.scopes.includes(scope))) return;
    throw new ApiProblem(403, 'insufficient_scope', `This key lacks the scope ${scopes.join(' or ')}.`);
  }

  /** Throws `insufficient_scope` for a key that is bound to one mission. */
  requireWholeTenant(): void {
    if (this.call.boundMissionId === null) return;
    throw new ApiProblem(403, 'insufficient_scope', 'This key is bound to one mission.');
  }

  /** The row that an id names. Throws `not_found`, also for what the key does not reach. */
  async find(tx: Tx, kind: ResourceKind, text: string): Promise<Resource> {
    const id = decodeId(kind, text);
    const found = id === null ? null : await findInReach(tx, this.call.boundMissionId, { kind, id });
    if (found === null) throw notFoundProblem();
    return found;
  }

  /** The mission that a list is narrowed to; null for all that the tenant has. */
  async missionFilter(tx: Tx, text: string | undefined): Promise<string | null> {
    return text === undefined ? this.call.boundMissionId : (await this.find(tx, 'mission', text)).id;
  }
}
