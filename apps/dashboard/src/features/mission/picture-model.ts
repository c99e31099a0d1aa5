import type { ContextSeries, Event as LedgerEvent } from '../../api/generated/types.gen.js';
import { count, percent, shortNumber, wholeNumber } from '../../ui/format.js';

/** A line of the picture: the number of a turn, and tokens. */
export type Line = readonly (readonly [turn: number, tokens: number])[];

export interface Picture {
  /** The teeth: each wave from its first request to its largest. */
  readonly carried: Line;
  readonly budget: Line;
  readonly conversation: Line;
  readonly compacted: Line;
  /** Until a conversation would first have been compacted, the two are one line. */
  readonly wasCompacted: boolean;
  /** The window is drawn once an estimate comes near it: before, it would only flatten all else. */
  readonly windowTokens: number | null;
  readonly rotations: readonly { readonly turn: number; readonly reason: string }[];
}

const NEAR_WINDOW = 0.4;

export function pictureOf(series: ContextSeries): Picture {
  const { points } = series;
  const end = (point: (typeof points)[number]) => point.turn + point.turns - 1;
  /** A wave of one request is one point, of its largest. */
  const wave = (point: (typeof points)[number], first: number, last: number): Line =>
    point.turns === 1
      ? [[point.turn, last]]
      : [
          [point.turn, first],
          [end(point), last],
        ];
  const largest = Math.max(0, ...points.map((point) => point.conversation_tokens));
  return {
    carried: points.flatMap((point): Line => wave(point, point.first_tokens, point.peak_tokens)),
    budget: points.flatMap((point): Line => wave(point, point.budget_tokens, point.budget_tokens)),
    conversation: points.map((point) => [end(point), point.conversation_tokens]),
    compacted: points.map((point) => [end(point), point.compacted_tokens]),
    wasCompacted: series.compactions > 0,
    windowTokens: largest > series.window_tokens * NEAR_WINDOW ? series.window_tokens : null,
    rotations: series.rotations.map(({ number, reason }) => ({ turn: turnAfter(points, number), reason })),
  };
}

/** After these the picture is another one. */
const REDRAWN_BY: readonly string[] = ['wave.committed', 'wave.aborted', 'conductor.rotated'];

/** Whether an event changes the picture: those that a stream repeats from the past are drawn already. */
export function isNewToPicture(series: ContextSeries | undefined, event: LedgerEvent): boolean {
  if (!REDRAWN_BY.includes(event.type)) return false;
  if (series === undefined) return true;
  if (event.type === 'conductor.rotated') return series.rotations.every(({ at }) => at !== event.created_at);
  return Number(event.data['number']) > (series.points.at(-1)?.number ?? 0);
}

/** Between the last turn of that wave and the first one after it. */
function turnAfter(points: ContextSeries['points'], number: number): number {
  const before = points.findLast((point) => point.number <= number);
  return before === undefined ? 1 : before.turn + before.turns - 0.5;
}

/** The sentence that stands for the picture, for whoever does not see it. */
export function pictureText(series: ContextSeries): string {
  const last = series.points.at(-1);
  if (last === undefined) return 'No wave has asked anything yet.';
  const peak = Math.max(...series.points.map((point) => point.peak_tokens));
  return [
    `Over ${count(series.turns, 'turn')} in ${count(series.waves, 'wave')} no request carried more than ${wholeNumber(peak)} tokens;`,
    `the ceiling is ${wholeNumber(last.budget_tokens)}.`,
    `One conversation would carry an estimated ${wholeNumber(last.conversation_tokens)} tokens by now,`,
    `with automatic compaction ${wholeNumber(last.compacted_tokens)}.`,
  ].join(' ');
}

export interface Comparison {
  readonly carried: string;
  /** "16.5× larger", or that it would be smaller: short missions are. */
  readonly ratio: string;
  readonly conversation: string;
  readonly read: string;
  readonly saved: string;
}

/** The two numbers that a person wants first. */
export function comparisonOf(series: ContextSeries): Comparison | null {
  const last = series.points.at(-1);
  if (last === undefined) return null;
  const times = last.conversation_tokens / Math.max(1, last.peak_tokens);
  const pastWindow = series.points.find((point) => point.conversation_tokens > series.window_tokens);
  return {
    carried: shortNumber(last.peak_tokens),
    ratio: [
      times >= 1 ? `${times.toFixed(1)}× larger` : 'smaller than a wave, so far',
      ...(pastWindow === undefined
        ? []
        : [`past ${shortNumber(series.window_tokens)} since turn ${wholeNumber(pastWindow.turn)}`]),
    ].join(', '),
    conversation: shortNumber(last.conversation_tokens),
    read: shortNumber(series.read_tokens),
    saved: savedText(series.read_tokens, series.conversation_read_tokens),
  };
}

function savedText(read: number, instead: number): string {
  const share = instead === 0 ? 0 : (read - instead) / instead;
  const sign = share <= 0 ? '−' : '+';
  return `one conversation: ${shortNumber(instead)} (${sign}${percent(Math.abs(share))})`;
}

export interface PictureRow {
  readonly number: number;
  readonly waveId: string;
  readonly turn: number;
  readonly first: number;
  readonly peak: number;
  readonly budget: number;
  readonly conversation: number;
  readonly compacted: number;
}

const ROWS_MAX = 12;

/** The same numbers in a table: evenly spread, the first and the last among them. */
export function pictureRows({ points }: ContextSeries): PictureRow[] {
  const step = Math.max(1, (points.length - 1) / (ROWS_MAX - 1));
  const places = new Set(
    Array.from({ length: ROWS_MAX }, (_, row) => Math.min(points.length - 1, Math.round(row * step))),
  );
  return [...places].flatMap((place) => {
    const point = points[place];
    return point === undefined
      ? []
      : [
          {
            number: point.number,
            waveId: point.wave_id,
            turn: point.turn,
            first: point.first_tokens,
            peak: point.peak_tokens,
            budget: point.budget_tokens,
            conversation: point.conversation_tokens,
            compacted: point.compacted_tokens,
          },
        ];
  });
}
