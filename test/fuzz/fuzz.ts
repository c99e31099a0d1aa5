import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { encodeId, newUuid, SCOPES, type IdKind, type Scope } from '#contracts';
import { createApiKey, createSession } from '#tenancy';
import { anApi, OPERATOR_KEY } from '../../apps/api/test-support/api.js';
import { apiDocument, type Operation } from '../../apps/api/test-support/operations.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { aMission } from '../support/mission.js';
import { startRelay, type Relay } from '../support/relay.js';
import { FRESH_KEY, fuzzRequests, type FuzzRequest, type Role } from './requests.js';

/** What the API may refuse with; anything else is a surprise. */
const REFUSALS = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429];
const AT_ONCE = 4;
/** Rows come and go while it runs: which there are is looked up anew after so many requests. */
const REQUESTS_PER_LOOK = 50;
const FINDINGS_SHOWN_MAX = 20;
const TABLES: Partial<Record<IdKind, string>> = {
  endpoint: 'webhook_endpoint',
  delivery: 'webhook_delivery',
};

export interface FuzzReport {
  readonly requests: number;
  readonly seed: number;
  readonly seconds: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** The first few of each kind, with the request that led to it. */
  readonly serverErrors: readonly string[];
  readonly undocumented: readonly string[];
  readonly mismatches: readonly string[];
  readonly notReplayed: readonly string[];
}

/** Sends so many made-up requests to the API on a database of its own, and reports what should not have been answered. */
export async function fuzz(options: {
  readonly requests: number;
  readonly seed: number;
}): Promise<FuzzReport> {
  const startedAt = performance.now();
  const database = await createTestDatabase();
  const relay = await startRelay(database.transactions);
  const app = await anApi(database.transactions, relay.gateway);
  try {
    const run = await FuzzRun.create(database, app, relay);
    const requests = fc.sample(fuzzRequests, { numRuns: options.requests, seed: options.seed });
    for (let at = 0; at < requests.length; at += REQUESTS_PER_LOOK)
      await run.sendAll(requests.slice(at, at + REQUESTS_PER_LOOK));
    return { ...options, seconds: Math.round((performance.now() - startedAt) / 1_000), ...run.findings() };
  } finally {
    await app.close();
    await relay.close();
    await database.drop();
  }
}

class FuzzRun {
  private readonly statuses: Record<string, number> = {};
  private readonly serverErrors: string[] = [];
  private readonly undocumented: string[] = [];
  private readonly mismatches: string[] = [];
  private readonly notReplayed: string[] = [];
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false });
  private readonly validators = new Map<string, ValidateFunction>();
  private ids = new Map<IdKind, string[]>();

  private constructor(
    private readonly database: TestDatabase,
    private readonly url: string,
    private readonly tenantId: string,
    private readonly callers: Callers,
  ) {}

  static async create(database: TestDatabase, app: INestApplication<Server>, relay: Relay): Promise<FuzzRun> {
    const server = app.getHttpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const mission = await aMission(database);
    await mission.submit('Done', { title: 'In hand', worker: 'build' }); // nobody works for that pool
    await relay.settle();
    const { port } = server.address() as AddressInfo; // it listens on a port
    const callers = await Callers.create(database, mission);
    return new FuzzRun(database, `http://127.0.0.1:${port}`, mission.tenantId, callers);
  }

  async sendAll(requests: readonly FuzzRequest[]): Promise<void> {
    this.ids = new Map();
    await this.callers.signIn();
    await this.liftLimits();
    const waiting = [...requests];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.send(next);
      }),
    );
  }

  /** A request of the operator may have limited the tenant: the others would see little but 429. */
  private async liftLimits(): Promise<void> {
    await this.database.owner.query(`UPDATE tenant SET limits = limits || '{"requests_per_minute": 0}'`);
  }

  findings(): Omit<FuzzReport, 'requests' | 'seed' | 'seconds'> {
    const shown = (found: readonly string[]) => found.slice(0, FINDINGS_SHOWN_MAX);
    return {
      statuses: this.statuses,
      serverErrors: shown(this.serverErrors),
      undocumented: shown(this.undocumented),
      mismatches: shown(this.mismatches),
      notReplayed: shown(this.notReplayed),
    };
  }

  private async send(request: FuzzRequest): Promise<void> {
    const query = new URLSearchParams(request.query).toString();
    const id = encodeURI(await this.idFor(request)).replaceAll('%25', '%');
    const path = `${request.operation.path.replace('{id}', id)}${query === '' ? '' : `?${query}`}`;
    const idempotencyKey = request.idempotencyKey === FRESH_KEY ? newUuid() : request.idempotencyKey;
    const answer = await this.ask(request, path, idempotencyKey);
    this.statuses[answer.status] = (this.statuses[answer.status] ?? 0) + 1;
    this.judge(request, answer);
    const isKept = request.operation.verb === 'post' && request.operation.access !== 'public';
    if (isKept && request.idempotencyKey === FRESH_KEY && answer.status < 300)
      this.judgeAgain(request, answer, await this.ask(request, path, idempotencyKey));
  }

  private async ask(request: FuzzRequest, path: string, idempotencyKey: string | null): Promise<Answer> {
    const { operation, body, mediaType, role } = request;
    const response = await fetch(`${this.url}${path}`, {
      method: operation.verb.toUpperCase(),
      redirect: 'manual',
      headers: {
        'content-type': mediaType,
        ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
        ...this.callers.headersOf(role),
      },
      ...(operation.verb === 'get' ? {} : { body }),
    });
    return {
      path,
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      isReplayed: response.headers.get('idempotent-replayed') === 'true',
      text: await response.text(),
    };
  }

  /** The same request again is the same answer, byte for byte; unless what it names is gone since, or the caller limited. */
  private judgeAgain(request: FuzzRequest, first: Answer, again: Answer): void {
    const isExcused = again.status === 404 || again.status === 429;
    const isSame = again.isReplayed && again.status === first.status && again.text === first.text;
    if (!isExcused && !isSame)
      this.notReplayed.push(`${request.operation.operationId}: ${first.text} then ${again.text}`);
  }

  private judge(request: FuzzRequest, answer: Answer): void {
    const { operation } = request;
    const found = `${operation.verb} ${answer.path} as ${request.role}: ${answer.status} ${answer.text.slice(0, 300)} for ${request.body.slice(0, 300)}`;
    const isDocumented = String(answer.status) in operation.answers;
    if (answer.status >= 500) this.serverErrors.push(found);
    else if (!isDocumented && !REFUSALS.includes(answer.status)) this.undocumented.push(found);
    const problem = this.mismatchOf(operation, answer, isDocumented ? String(answer.status) : 'default');
    if (problem !== null) this.mismatches.push(`${problem}: ${found}`);
  }

  private mismatchOf(operation: Operation, { status, type, text }: Answer, described: string): string | null {
    const schema = operation.answers[described];
    if (status >= 400 && !type.startsWith('application/problem+json')) return `a problem as ${type}`;
    if (schema === null || schema === undefined) return null;
    const key = `${operation.operationId} ${described}`;
    const validate =
      this.validators.get(key) ?? this.ajv.compile({ ...schema, components: apiDocument.components });
    this.validators.set(key, validate);
    return validate(JSON.parse(text)) ? null : this.ajv.errorsText(validate.errors);
  }

  /** A row of the kind, one of nobody, or what is no id. */
  private async idFor({ operation: { kind }, id }: FuzzRequest): Promise<string> {
    if (kind === null || typeof id === 'string') return id === null ? '' : String(id);
    const ids = this.ids.get(kind) ?? (await this.lookUp(kind));
    this.ids.set(kind, ids);
    return (id === null ? undefined : ids[id % Math.max(1, ids.length)]) ?? encodeId(kind, newUuid());
  }

  private async lookUp(kind: IdKind): Promise<string[]> {
    if (kind === 'tenant') return [encodeId('tenant', this.tenantId)];
    const table = TABLES[kind] ?? kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const { rows } = await this.database.owner.query<{ id: string }>(
      `SELECT id FROM ${table} WHERE tenant_id = $1 AND id <> ALL ($2) ORDER BY id DESC LIMIT 100`,
      [this.tenantId, this.callers.keyIds],
    );
    return rows.map((row) => encodeId(kind, row.id));
  }
}

interface Answer {
  readonly path: string;
  readonly status: number;
  readonly type: string;
  readonly isReplayed: boolean;
  readonly text: string;
}

/** Keys that no request of the run can revoke, and a session that is begun anew now and then. */
class Callers {
  private session = '';

  private constructor(
    private readonly database: TestDatabase,
    private readonly tenantId: string,
    readonly keyIds: readonly string[],
    private readonly keys: Readonly<Record<Exclude<Role, 'session'>, string | null>>,
  ) {}

  static async create(
    database: TestDatabase,
    { tenantId, id }: { readonly tenantId: string; readonly id: string },
  ): Promise<Callers> {
    const make = (scopes: readonly Scope[], missionId: string | null) =>
      database.transactions.inTransaction(tenantId, (tx) =>
        createApiKey(tx, { name: 'k', scopes, missionId, expiresAt: null, environment: 'local' }),
      );
    const [all, one, bound] = [
      await make(SCOPES, null),
      await make(['tasks:write'], null),
      await make(SCOPES, id),
    ];
    return new Callers(database, tenantId, [all.row.id, one.row.id, bound.row.id], {
      'all scopes': all.apiKey,
      'one scope': one.apiKey,
      'one mission': bound.apiKey,
      operator: OPERATOR_KEY,
      nobody: null,
    });
  }

  async signIn(): Promise<void> {
    const [keyId = ''] = this.keyIds;
    const { token } = await this.database.transactions.inTransaction(this.tenantId, (tx) =>
      createSession(tx, keyId),
    );
    this.session = token;
  }

  headersOf(role: Role): Record<string, string> {
    if (role === 'session')
      return { cookie: `wavekeeper=${this.session}`, origin: 'null', 'sec-fetch-site': 'same-origin' };
    const key = this.keys[role];
    return key === null ? {} : { authorization: `Bearer ${key}` };
  }
}
