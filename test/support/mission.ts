import type { z } from 'zod';
import {
  decodeId,
  missionInputSchema,
  scheduleInputSchema,
  taskInputSchema,
  type Actor,
  type MissionInput,
  type StagedWrite,
  type SubmittedTask,
  type TaskInput,
  type TenantLimits,
} from '#contracts';
import type { Transactions, Tx } from '#database';
import {
  answerInputRequest,
  commitWave,
  completeAttempt,
  createMission,
  createSchedule,
  leaseAttempts,
  openWave,
  postMessage,
  refNumber,
  submitTasks,
  timeOutRequest,
  type AttemptOutcome,
  type LeasedAttempt,
  type OpenWave,
} from '#ledger';
import { createTenant } from '#tenancy';
import type { TestDatabase } from './database.js';
import { toAccept, toDispatch } from './writes.js';

export const A_KEY: Actor = { kind: 'key', id: 'key_test' };
export const A_WORKER: Actor = { kind: 'worker', id: 'a worker' };

export async function aTenant(
  transactions: Transactions,
  limits: Partial<TenantLimits> = {},
): Promise<string> {
  const { row } = await transactions.inSystemTransaction((system) =>
    createTenant(system, {
      name: 'a tenant',
      limits: { requests_per_minute: 0, ...limits },
      environment: 'local',
    }),
  );
  return row.id;
}

/** A mission of `tenantId`, or of a fresh tenant. Its waves need not be waited for. */
export async function aMission(
  database: TestDatabase,
  input: Partial<MissionInput> = {},
  tenantId?: string,
): Promise<TestMission> {
  const tenant = tenantId ?? (await aTenant(database.transactions));
  const mission = missionInputSchema.parse({
    title: 'A mission',
    objective: 'Do what is asked.',
    ...input,
    policy: { debounce_ms: 0, ...input.policy },
  });
  const missionId = await database.transactions.inTransaction(tenant, (tx) =>
    createMission(tx, mission, A_KEY),
  );
  return new TestMission(database, tenant, missionId);
}

/** A row as Postgres returns it: columns in snake_case, money as text. The expectations are what checks it. */
export type Row = Record<string, unknown>;

/** A mission driven by hand: the test is its API client, its conductor and its worker. */
export class TestMission {
  constructor(
    private readonly database: TestDatabase,
    readonly tenantId: string,
    readonly id: string,
  ) {}

  /** One transaction of the mission's tenant. */
  run<Result>(command: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.database.transactions.inTransaction(this.tenantId, command);
  }

  /** Submits tasks by title alone, or with any of their fields. */
  async submit(...tasks: readonly (string | Partial<TaskInput>)[]): Promise<SubmittedTask[]> {
    const items = tasks.map((task) => ({
      task: taskInputSchema.parse(typeof task === 'string' ? { title: task } : { title: 'A task', ...task }),
    }));
    return this.run((tx) => submitTasks(tx, this.id, items, A_KEY));
  }

  /** Makes a task come again each year, so that no test meets its moment by chance; returns the id of its row. */
  schedule(input: Partial<z.input<typeof scheduleInputSchema>> = {}): Promise<string> {
    const schedule = scheduleInputSchema.parse({
      cron: '@yearly',
      task: { title: 'Again' },
      catch_up: 'one',
      ...input,
    });
    return this.run((tx) => createSchedule(tx, this.id, schedule, A_KEY));
  }

  /** Moves a schedule's next run to the beginning of this year, as if nobody had been there since. */
  async makeDue(scheduleId: string): Promise<void> {
    await this.query(
      `UPDATE schedule SET next_run_at = date_trunc('year', clock_timestamp(), 'UTC')
        WHERE tenant_id = $1 AND mission_id = $2 AND id = $3`,
      [scheduleId],
    );
  }

  /** A schedule's row, by id. */
  async scheduleRow(scheduleId: string): Promise<Row> {
    return this.one('SELECT * FROM schedule WHERE tenant_id = $1 AND mission_id = $2 AND id = $3', [
      scheduleId,
    ]);
  }

  /** A person's word, unless told otherwise. */
  say(text: string, from: { readonly trusted: boolean } = { trusted: true }): Promise<string> {
    return this.run((tx) => postMessage(tx, this.id, { text, ...from }, A_KEY));
  }

  openWave(): Promise<OpenWave | null> {
    return this.run((tx) => openWave(tx, this.id));
  }

  async mustOpenWave(): Promise<OpenWave> {
    const wave = await this.openWave();
    if (wave === null) throw new Error('no wave was due');
    return wave;
  }

  /** Ends a wave with what its conductor decided; it has seen its whole page. */
  commit(wave: OpenWave, ...writes: readonly StagedWrite[]): Promise<boolean> {
    return this.run((tx) =>
      commitWave(tx, {
        missionId: this.id,
        waveId: wave.waveId,
        epoch: wave.epoch,
        writes,
        seenInboxSeqs: wave.snapshot.inbox.flatMap((item) => refNumber('I', item.ref) ?? []),
        stopReason: 'handoff',
        trigger: wave.snapshot.wave.trigger,
        context: NO_CONTEXT,
        warnedAtTokens: null,
        spills: [],
      }),
    );
  }

  /** A whole wave, from opening to commit. */
  async wave(...writes: readonly StagedWrite[]): Promise<OpenWave> {
    const wave = await this.mustOpenWave();
    if (!(await this.commit(wave, ...writes))) throw new Error('the wave was fenced off');
    return wave;
  }

  claim(request: { readonly pool?: string; readonly max?: number } = {}): Promise<LeasedAttempt[]> {
    return this.run((tx) =>
      leaseAttempts(tx, this.id, {
        pool: request.pool ?? 'builtin',
        attemptsMax: request.max ?? 1,
        leaseSeconds: 60,
        worker: 'a worker',
      }),
    );
  }

  async mustClaim(): Promise<LeasedAttempt> {
    const [attempt] = await this.claim();
    if (attempt === undefined) throw new Error('nothing was offered');
    return attempt;
  }

  /** One task, submitted, dispatched and claimed. */
  async workingOn(task: string | Partial<TaskInput> = 'A task'): Promise<LeasedAttempt> {
    const [submitted] = await this.submit(task);
    await this.wave(toDispatch(refOf(submitted)));
    return this.mustClaim();
  }

  complete(attempt: LeasedAttempt, summary = 'Done.'): Promise<AttemptOutcome> {
    return this.run((tx) =>
      completeAttempt(
        tx,
        attempt.attemptId,
        { leaseToken: attempt.leaseToken, result: { summary, output: null, artifacts: [] } },
        A_WORKER,
      ),
    );
  }

  /** Dispatches ready tasks, works on them and accepts the results: three waves' worth of a happy day. */
  async finish(...refs: readonly string[]): Promise<void> {
    await this.wave(toDispatch(...refs));
    for (const attempt of await this.claim({ max: refs.length })) await this.complete(attempt);
    await this.wave(...refs.map((ref) => toAccept(ref)));
  }

  /** Answers an input request by its ref, as a person unless told otherwise. */
  async answer(
    ref: string,
    value: string,
    { comment = null, trusted = true }: { readonly comment?: string | null; readonly trusted?: boolean } = {},
  ): Promise<void> {
    const { id } = await this.request(ref);
    await this.run((tx) => answerInputRequest(tx, String(id), { value, comment, trusted }, A_KEY));
  }

  /** The row of an input request, by ref. */
  async request(ref: string): Promise<Row> {
    return this.one('SELECT * FROM input_request WHERE tenant_id = $1 AND mission_id = $2 AND number = $3', [
      refNumber('Q', ref),
    ]);
  }

  /** Lets an input request's deadline pass, as many sweeps at once as wanted then find it. */
  async passDeadline(ref: string, sweeps = 1): Promise<void> {
    await this.query(
      `UPDATE input_request SET deadline_at = clock_timestamp() - interval '1 second'
        WHERE tenant_id = $1 AND mission_id = $2 AND number = $3`,
      [refNumber('Q', ref)],
    );
    const { id } = await this.request(ref);
    await Promise.all(
      Array.from({ length: sweeps }, () => this.run((tx) => timeOutRequest(tx, this.id, String(id)))),
    );
  }

  /** The mission's row. */
  async row(): Promise<Row> {
    return this.one('SELECT * FROM mission WHERE tenant_id = $1 AND id = $2');
  }

  /** A task's row, by ref. */
  async task(ref: string): Promise<Row> {
    return this.one('SELECT * FROM task WHERE tenant_id = $1 AND mission_id = $2 AND number = $3', [
      refNumber('T', ref),
    ]);
  }

  /** Rows of a task's attempts, in order. */
  async attempts(ref: string): Promise<Row[]> {
    const { id } = await this.task(ref);
    return this.query(
      'SELECT * FROM attempt WHERE tenant_id = $1 AND mission_id = $2 AND task_id = $3 ORDER BY number',
      [id],
    );
  }

  /** Rows of its waves, in order. */
  waves(): Promise<Row[]> {
    return this.query('SELECT * FROM wave WHERE tenant_id = $1 AND mission_id = $2 ORDER BY number');
  }

  /** Kinds of the inbox items that no wave has seen, in order of arrival. */
  async unseen(): Promise<string[]> {
    const rows = await this.query(
      'SELECT kind FROM inbox_item WHERE tenant_id = $1 AND mission_id = $2 AND seen_by_wave IS NULL ORDER BY seq',
    );
    return rows.map((row) => String(row.kind));
  }

  /** Types of its events, in order; of those alone that begin with `prefix`. */
  async events(prefix = ''): Promise<string[]> {
    const rows = await this.query(
      'SELECT type FROM event WHERE tenant_id = $1 AND mission_id = $2 ORDER BY seq',
    );
    return rows.map((row) => String(row.type)).filter((type) => type.startsWith(prefix));
  }

  /** Any statement as the owner; $1 is the tenant, $2 the mission. */
  async query(sql: string, more: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.database.owner.query<Row>(sql, [this.tenantId, this.id, ...more]);
    return rows;
  }

  /** Lets an attempt's lease run out. */
  async expireLease(attempt: LeasedAttempt): Promise<void> {
    await this.query(
      `UPDATE attempt SET lease_until = clock_timestamp() - interval '1 second'
        WHERE tenant_id = $1 AND mission_id = $2 AND id = $3`,
      [attempt.attemptId],
    );
  }

  /** Lets the running wave's lease run out. */
  async expireWaveLease(): Promise<void> {
    await this.query(
      `UPDATE mission SET wave_lease_until = clock_timestamp() - interval '1 second' WHERE tenant_id = $1 AND id = $2`,
    );
  }

  /** Makes whatever is to happen later due now: the next wave, offers that wait, and tasks that wait for their back-off. */
  async skipWaiting(): Promise<void> {
    await this.query(
      `UPDATE mission SET wave_due_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND wave_due_at > clock_timestamp()`,
    );
    for (const [table, column] of [
      ['attempt', 'available_at'],
      ['task', 'ready_at'],
    ])
      await this.query(
        `UPDATE ${table} SET ${column} = clock_timestamp()
          WHERE tenant_id = $1 AND mission_id = $2 AND ${column} > clock_timestamp()`,
      );
  }

  private async one(sql: string, more: readonly unknown[] = []): Promise<Row> {
    const [row] = await this.query(sql, more);
    if (row === undefined) throw new Error('there is no such row');
    return row;
  }
}

/** The ref of a submitted task. */
export function refOf(submitted: SubmittedTask | undefined): string {
  if (submitted === undefined || 'problem' in submitted) throw new Error('the task was not taken in');
  return submitted.ref;
}

/** The id of a submitted task, as its row has it. */
export function rowIdOf(submitted: SubmittedTask | undefined): string {
  const id = submitted === undefined || 'problem' in submitted ? null : decodeId('task', submitted.id);
  if (id === null) throw new Error('the task was not taken in');
  return id;
}

/** What a wave without a model has to show for its context. */
const NO_CONTEXT = {
  inputJson: '{}',
  requestsJson: '[]',
  requestSha256: '',
  manifest: {
    seq: 0,
    builder_version: 'none',
    budget_tokens: 0,
    target_tokens: 0,
    total_tokens: 0,
    counted_tokens: 0,
    prefix_sha256: {},
    sections: [],
  },
};
