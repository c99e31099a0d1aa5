import { countTokens } from '../../apps/simulator/src/index.js';
import { seededRandom, type Random } from '../harness/random.js';
import { measureRetention, type Retention } from './probe.js';
import { askToRecord } from './record-notes.js';
import { truthAfter, type World, type WorldEvent } from './world.js';

/** A sentence that a policy carries from one rotation to the next. */
interface Line {
  readonly text: string;
  readonly tokens: number;
  readonly since: number;
  readonly weight: number;
  /** The task that it speaks of. */
  readonly task: string | null;
}

/** How a policy without a ledger remembers: what it keeps of its lines when a rotation has added more. */
export type Memory = (lines: readonly Line[], rotation: number) => readonly Line[];

/** As much as a wave is built for. */
export const TRANSCRIPT_TOKENS_MAX = 16_000;
export const SUMMARY_TOKENS_MAX = 2_000;
/** Of each line that a model is told to carry over, the chance that its rewriting drops or blurs it. */
export const LOSS_PER_REWRITE = 0.01;
const AGE_HALVED_AT = 50;

/** The newest lines of one conversation, cut from its beginning; what stood there at first stays in its system prompt. */
export const truncatedConversation: Memory = (lines) => {
  const pinned = lines.filter(isPinned);
  let room = TRANSCRIPT_TOKENS_MAX - sumOf(pinned);
  const newest = lines
    .filter((line) => !isPinned(line))
    .toReversed()
    .filter(({ tokens }) => (room -= tokens) >= 0);
  return [...pinned, ...newest.reverse()];
};

/** A summary that is written anew each rotation: the weightiest lines that fit, less what every rewriting loses. */
export function rollingSummary(seed: number): Memory {
  const random: Random = seededRandom(seed);
  return (lines, rotation) => {
    const survived = lines.filter(({ since }) => since === rotation || random() >= LOSS_PER_REWRITE);
    const byWorth = survived.toSorted((one, other) => worthAt(other, rotation) - worthAt(one, rotation));
    let room = SUMMARY_TOKENS_MAX;
    const kept = new Set(byWorth.filter(({ tokens }) => (room -= tokens) >= 0));
    return survived.filter((line) => kept.has(line));
  };
}

export interface ForgetfulRelay {
  readonly retention: readonly Retention[];
  readonly tasks: number;
  /** Results that arrive when nothing is left of their task. */
  readonly lost_tasks: number;
  /** Tasks sent again that nothing is left of, so that they are done again. */
  readonly duplicate_dispatches: number;
}

/** Plays a world through a policy without a ledger: all it has is what its memory keeps. */
export function runForgetful(
  world: World,
  checkpoints: readonly number[],
  memory: Memory,
): Promise<ForgetfulRelay> {
  return new Forgetful(world, memory).run(checkpoints);
}

class Forgetful {
  private lines: readonly Line[] = [];
  private readonly known = { tasks: 0, lost_tasks: 0, duplicate_dispatches: 0 };

  constructor(
    private readonly world: World,
    private readonly memory: Memory,
  ) {}

  async run(checkpoints: readonly number[]): Promise<ForgetfulRelay> {
    const retention: Retention[] = [];
    for (const [index, events] of this.world.rotations.entries()) {
      const rotation = index + 1;
      this.takeResults(rotation);
      for (const event of events) this.happen(event, rotation);
      this.lines = this.memory(this.lines, rotation);
      if (!checkpoints.includes(rotation)) continue;
      const text = this.lines.map((line) => line.text).join('\n');
      const sight = { text, inForceText: text, tokens: sumOf(this.lines), read: null };
      retention.push(await measureRetention(sight, truthAfter(this.world, rotation), rotation));
    }
    return { retention, ...this.known };
  }

  private takeResults(rotation: number): void {
    for (const event of this.world.rotations.slice(0, rotation - 1).flat()) {
      if (event.kind !== 'task' || event.dueAt !== rotation - 1) continue;
      if (!this.knows(event.task.title)) this.known.lost_tasks += 1;
      this.add(event.task.metadata.outcome, { rotation, weight: WEIGHT.result, task: event.task.title });
    }
  }

  private happen(event: WorldEvent, rotation: number): void {
    switch (event.kind) {
      case 'directive':
        return this.add(event.fact.text, { rotation, weight: WEIGHT.directive });
      case 'retire':
        // Whoever still knows it is told, and strikes it out.
        this.lines = this.lines.filter(({ text }) => text !== event.fact.text);
        return;
      case 'task':
        this.known.tasks += 1;
        return this.add(event.task.title, { rotation, weight: WEIGHT.task, task: event.task.title });
      case 'task_again':
        if (!this.knows(event.task.title)) this.known.duplicate_dispatches += 1;
        return;
      case 'record':
        return this.record(event, rotation);
      case 'chatter':
        return this.add(event.text, { rotation, weight: WEIGHT.chatter });
    }
  }

  private record({ fact, insteadOf }: Extract<WorldEvent, { kind: 'record' }>, rotation: number): void {
    if (insteadOf !== null) this.lines = this.lines.filter(({ text }) => !text.includes(insteadOf.code));
    const { text } = fact;
    const said = askToRecord({ kind: 'decision', text, insteadOf: null });
    this.add(said, { rotation, weight: WEIGHT.noted });
  }

  private knows(task: string): boolean {
    return this.lines.some((line) => line.task === task);
  }

  private add(
    text: string,
    { rotation, weight, task = null }: { rotation: number; weight: number; task?: string | null },
  ): void {
    this.lines = [...this.lines, { text, tokens: countTokens(text), since: rotation, weight, task }];
  }
}

/** What a summary holds on to, beside each other. */
const WEIGHT = { directive: 8, task: 6, noted: 4, result: 2, chatter: 1 } as const;

function isPinned({ since, weight }: Line): boolean {
  return since === 1 && weight === WEIGHT.directive;
}

function worthAt({ weight, since }: Line, rotation: number): number {
  return weight / (1 + (rotation - since) / AGE_HALVED_AT);
}

function sumOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { tokens }) => sum + tokens, 0);
}
