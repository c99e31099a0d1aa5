import { Writable } from 'node:stream';
import { policyFrom, type DecisionRecord, type LedgerEvent, type Mission, type Wave } from '#contracts';
import type { Claim } from '#sdk';
import { Session } from '../src/session.js';
import { StopSwitch } from '../src/stop-switch.js';
import { Terminal } from '../src/terminal.js';

const CREATED_AT = '2026-11-23T10:00:00.000Z';
const NO_COUNTS = {
  blocked: 0,
  queued: 0,
  working: 0,
  input_required: 0,
  completed: 0,
  failed: 0,
  canceled: 0,
};

/** An instant so many seconds after the builders' mission was created. */
export function secondsIn(seconds: number): string {
  return new Date(Date.parse(CREATED_AT) + seconds * 1_000).toISOString();
}

export function aMission(
  parts: Partial<Omit<Mission, 'counts'>> & { counts?: Partial<Mission['counts']> } = {},
): Mission {
  return {
    id: 'msn_1',
    title: 'Move the archive',
    objective: '',
    acceptance_criteria: [],
    state: 'active',
    holds: [],
    policy: policyFrom({}),
    budget: { limit_usd: null, daily_usd: null, spent_usd: '0', reserved_usd: '0' },
    conductor: { epoch: 1, wave_id: null },
    waves: 0,
    input_requests_open: 0,
    last_seq: 0,
    is_default: false,
    callback_url: null,
    metadata: {},
    created_at: CREATED_AT,
    updated_at: CREATED_AT,
    ...parts,
    counts: { ...NO_COUNTS, ...parts.counts },
  };
}

export function aWave(parts: Partial<Wave> = {}): Wave {
  return {
    id: 'wav_1',
    mission_id: 'msn_1',
    number: 1,
    epoch: 1,
    state: 'committed',
    trigger: 'result',
    stop_reason: 'handoff',
    model: 'claude-sonnet-5-5',
    requests: 1,
    context: { tokens: 6_200, budget: 24_000, level: 'ok' },
    peak_request_tokens: 6_200,
    usage: {
      input_tokens: 1_000,
      cache_write_tokens: 200,
      cache_read_tokens: 5_000,
      output_tokens: 300,
      cost_usd: '0.01',
    },
    handoff_note: null,
    decisions: [],
    started_at: CREATED_AT,
    ended_at: CREATED_AT,
    ...parts,
  };
}

export function anEvent(
  seq: number,
  type: LedgerEvent['type'],
  parts: Partial<LedgerEvent> = {},
): LedgerEvent {
  return {
    id: `evt_${seq}`,
    seq,
    type,
    mission_id: 'msn_1',
    task_id: null,
    attempt_id: null,
    wave_id: null,
    actor: { kind: 'system', id: null },
    data: {},
    created_at: secondsIn(seq),
    ...parts,
  };
}

export function aDecision(tool: string, input: DecisionRecord['input'] = {}): DecisionRecord {
  return { tool, input, outcome: 'applied', reason: null, changed: [] };
}

export function aClaim(number = 1): Claim {
  const [id, taskId] = [`att_${number}`, `tsk_${number}`];
  const title = `Do thing ${number}`;
  return {
    attempt: {
      id,
      task_id: taskId,
      number: 1,
      state: 'leased',
      pool: 'build',
      worker: 'tester',
      lease_expires_at: secondsIn(60),
      started_at: CREATED_AT,
      ended_at: null,
      result: null,
      late_result: null,
      error: null,
      usage: null,
      progress: null,
      message: null,
    },
    task: {
      id: taskId,
      ref: `T${number}`,
      key: null,
      mission_id: 'msn_1',
      title,
      instructions: 'Carefully — ✓.',
      state: 'working',
      state_reason: null,
      worker: 'build',
      priority: 2,
      depends_on: [],
      acceptance_criteria: [],
      generation: 1,
      result: null,
      attempts: [],
      created_by_wave: null,
      reviewed_by_wave: null,
      digest_id: null,
      callback_url: null,
      metadata: {},
      created_at: CREATED_AT,
      updated_at: CREATED_AT,
      completed_at: null,
    },
    brief: {
      mission: { title: 'Move the archive', objective: 'All of it.' },
      directives: [],
      task: {
        ref: `T${number}`,
        title,
        instructions: 'Carefully — ✓.',
        acceptance_criteria: [],
      },
      dependencies: [],
      attempt: { number: 1, idempotency_key: `key-${number}`, feedback: null },
    },
    lease_token: `lease-${number}`,
    lease_expires_at: secondsIn(60),
  };
}

/** A session whose output is kept as text; `stdout` and `stderr` are no terminals. */
export function aSession(environment: NodeJS.ProcessEnv) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString('utf8');
        done();
      },
    });
  const stop = new StopSwitch();
  const terminal = new Terminal({ stdout: stream('stdout'), stderr: stream('stderr') });
  return { session: new Session(environment, terminal, () => stop), written, stop };
}
