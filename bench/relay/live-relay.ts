import { readAsShown } from '#conductor';
import { readToolSchemas, type Actor, type ReadCall, type ReadTool } from '#contracts';
import type { Transactions } from '#database';
import {
  abortWave,
  addDirective,
  commitWave,
  moveDirective,
  openWave,
  postMessage,
  searchNotes,
  type OpenWave,
} from '#ledger';
import type { ModelAnswer } from '#model';
import { BenchMission, type AskedRequest } from '../harness/bench-mission.js';
import { readLedgerFacts, type LedgerFacts } from './ledger-facts.store.js';
import { DIGEST_ONLY, measureRetention, sightOf, WHOLE, type Ablation, type Retention } from './probe.js';
import type { Read } from './reader.js';
import { askToRecord, requestsOn, withNotes, type NoteEntry } from './record-notes.js';
import { truthAfter, type Fact, type World, type WorldEvent } from './world.js';

const PERSON: Actor = { kind: 'person', id: 'bench' };
const STRANGER: Actor = { kind: 'key', id: 'key_stranger' };
/** Every so many rotations a conductor is lost in the middle of its wave, and comes back too late. */
const CRASH_EVERY = 25;

/** Policies that are the product with something taken away, on the same snapshot. */
const POLICIES = {
  digest_only: { ablation: DIGEST_ONLY, mayRead: false },
  digest_and_registers: { ablation: WHOLE, mayRead: false },
  full: { ablation: WHOLE, mayRead: true },
} as const;
type LivePolicy = keyof typeof POLICIES;

export interface LiveRelay {
  readonly retention: Readonly<Record<LivePolicy, readonly Retention[]>>;
  readonly ledger: LedgerFacts;
  /** Commits of conductors that were no longer the mission's own. */
  readonly late_commits: number;
  readonly late_commits_accepted: number;
}

export interface LiveRelayOptions {
  readonly transactions: Transactions;
  readonly world: World;
  /** The rotations after which is measured. */
  readonly checkpoints: readonly number[];
  readonly onRotation?: (rotation: number) => void;
  /** What the measured contexts are built of; the whole snapshot unless a test breaks it. */
  readonly seen?: Ablation;
}

/** Plays a world through the product: its ledger, its builder, its waves, its tools. */
export async function runLiveRelay(options: LiveRelayOptions): Promise<LiveRelay> {
  const relay = await Relay.begin(options.transactions);
  try {
    const retention: Record<LivePolicy, Retention[]> = {
      digest_only: [],
      digest_and_registers: [],
      full: [],
    };
    for (const [index, events] of options.world.rotations.entries()) {
      const rotation = index + 1;
      for (const event of events) await relay.happen(event);
      if (options.checkpoints.includes(rotation))
        for (const [policy, found] of await relay.measure(options, rotation)) retention[policy].push(found);
      else if (rotation % CRASH_EVERY === 0) await relay.loseConductor();
      await relay.rotate(rotation);
      options.onRotation?.(rotation);
    }
    await relay.rotate(Infinity);
    const ledger = await relay.mission.run((tx) => readLedgerFacts(tx, relay.mission.missionId));
    return { retention, ledger, ...relay.late };
  } finally {
    await relay.mission.end();
  }
}

class Relay {
  readonly late = { late_commits: 0, late_commits_accepted: 0 };
  private readonly dueAt = new Map<string, number>();
  private readonly directiveIds = new Map<Fact, string>();

  private constructor(
    private readonly transactions: Transactions,
    readonly mission: BenchMission,
  ) {}

  static async begin(transactions: Transactions): Promise<Relay> {
    let record: (asked: AskedRequest) => Promise<ModelAnswer> = ({ answer }) => Promise.resolve(answer);
    const mission = await BenchMission.begin(transactions, { title: 'A long relay' }, (asked) =>
      record(asked),
    );
    const relay = new Relay(transactions, mission);
    record = (asked) => relay.record(asked);
    return relay;
  }

  async happen(event: WorldEvent): Promise<void> {
    const { mission } = this;
    const say = (text: string, trusted: boolean) =>
      mission.run((tx) => postMessage(tx, mission.missionId, { text, trusted }, trusted ? PERSON : STRANGER));
    switch (event.kind) {
      case 'directive':
        this.directiveIds.set(
          event.fact,
          await mission.run((tx) => addDirective(tx, mission.missionId, event.fact.text, PERSON)),
        );
        return;
      case 'retire': {
        const id = this.directiveIds.get(event.fact) ?? '';
        return mission.run((tx) => moveDirective(tx, id, 'retire', PERSON));
      }
      case 'task':
        this.dueAt.set(event.task.title, event.dueAt);
        return mission.arrive([event.task]);
      case 'task_again':
        return mission.arrive([event.task]);
      case 'record': {
        const { kind, text } = event.fact;
        if (kind !== 'decision' && kind !== 'failure' && kind !== 'question') return;
        await say(askToRecord({ kind, text, insteadOf: event.insteadOf?.code ?? null }), true);
        return;
      }
      case 'chatter':
        await say(event.text, false);
    }
  }

  /** One conductor after another until nothing is due, then the workers hand in what is due. */
  async rotate(rotation: number): Promise<void> {
    await this.mission.conduct();
    const done = await this.mission.work(({ task }) => (this.dueAt.get(task.title) ?? 0) <= rotation);
    if (rotation === Infinity && done > 0) await this.mission.conduct();
  }

  /** Looks at what the next conductor will be sent, and lets it crash before it has asked. */
  async measure({ world, seen = WHOLE }: LiveRelayOptions, rotation: number) {
    const wave = await this.open();
    const input = {
      snapshot: wave.snapshot,
      policy: wave.policy,
      targetTokens: wave.policy.context_target_tokens,
    };
    const read = this.reader(wave);
    const truth = truthAfter(world, rotation);
    const found: [LivePolicy, Retention][] = [];
    for (const policy of Object.keys(POLICIES) as LivePolicy[]) {
      const { ablation, mayRead } = POLICIES[policy];
      const sight = sightOf(seen(input), ablation, mayRead ? read : null);
      found.push([policy, await measureRetention(sight, truth, rotation)]);
    }
    await this.lose(wave);
    return found;
  }

  async loseConductor(): Promise<void> {
    await this.lose(await this.open());
  }

  private async open(): Promise<OpenWave> {
    const wave = await this.mission.run((tx) => openWave(tx, this.mission.missionId));
    if (wave === null) throw new Error('no wave was due');
    return wave;
  }

  /** The lease runs out; the conductor does not know and commits all the same. */
  private async lose(wave: OpenWave): Promise<void> {
    await this.mission.run((tx) => abortWave(tx, wave, { kind: 'lease_lost' }));
    const refs = wave.snapshot.board.ready.map(({ ref }) => ref);
    const accepted = await this.mission.run((tx) =>
      commitWave(tx, {
        missionId: wave.missionId,
        waveId: wave.waveId,
        epoch: wave.epoch,
        trigger: wave.snapshot.wave.trigger,
        writes: refs.length === 0 ? [] : [{ tool: 'task_dispatch', input: { refs } }],
        seenInboxSeqs: [],
        stopReason: 'handoff',
        warnedAtTokens: null,
        spills: [],
        context: NO_CONTEXT,
      }),
    );
    this.late.late_commits += 1;
    if (accepted) this.late.late_commits_accepted += 1;
  }

  /** What the page asks to be recorded becomes notes; what one takes the place of is looked up as a conductor would. */
  private async record({ body, answer }: AskedRequest): Promise<ModelAnswer> {
    const entries: NoteEntry[] = [];
    for (const { kind, text, insteadOf } of requestsOn(body)) {
      const supersedes = insteadOf === null ? undefined : await this.noteWith(insteadOf);
      entries.push({ kind, text, ...(supersedes === undefined ? {} : { supersedes }) });
    }
    return withNotes(answer, entries);
  }

  private async noteWith(words: string): Promise<string | undefined> {
    const { found } = await this.mission.run((tx) =>
      searchNotes(tx, this.mission.missionId, { query: words, offset: 0 }),
    );
    return found[0]?.ref;
  }

  private reader(wave: OpenWave): Read {
    return async (tool, input) => {
      if (!(tool in readToolSchemas)) return `There is no tool ${tool}.`;
      const name = tool as ReadTool;
      const parsed = readToolSchemas[name].parse(input);
      return readAsShown(this.transactions, wave, { tool: name, input: parsed } as ReadCall);
    };
  }
}

/** A conductor that never asked has nothing to show for its context. */
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
