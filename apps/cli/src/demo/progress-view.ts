import type { Mission, Wave } from '#contracts';
import { bar, shortTokens } from '../text-layout.js';
import { endedTasks } from './mission-standing.js';

const TASKS_BAR_WIDTH = 40;
const CONTEXT_BAR_WIDTH = 12;

/** How each state looks in the bar, from what is done to what waits longest. */
const LOOKS: readonly [state: keyof Mission['counts'], cell: string][] = [
  ['completed', '█'],
  ['failed', '×'],
  ['canceled', '×'],
  ['working', '▓'],
  ['input_required', '?'],
  ['queued', '▒'],
  ['blocked', '░'],
];

/** A mission in the middle of its work. */
export interface Progress {
  readonly counts: Mission['counts'];
  /** How many tasks were asked for; a conductor may add its own. */
  readonly asked: number;
  /** The last one that committed; null before the first. */
  readonly wave: Pick<Wave, 'number' | 'context'> | null;
  readonly seconds: number;
}

/** The block below the waves at a terminal: tasks by state, and how full the conductor's context was. */
export function progressLines({ counts, asked, wave, seconds }: Progress): string[] {
  const total = Math.max(
    asked,
    LOOKS.reduce((sum, [state]) => sum + counts[state], 0),
  );
  const filled = LOOKS.filter(([state]) => counts[state] > 0);
  const states = filled.map(([state, cell]) => `${cell} ${counts[state]} ${state}`);
  return [
    `${stateBar(counts, total)}  ${endedTasks(counts)}/${total} tasks done  ${seconds} s`,
    states.join('  '),
    wave === null ? 'no wave has committed yet' : contextLine(wave),
  ];
}

/** Each border is rounded by itself, so the cells always add up to the bar's width. */
function stateBar(counts: Mission['counts'], total: number): string {
  let tasks = 0;
  let line = '';
  for (const [state, cell] of LOOKS) {
    tasks += counts[state];
    line += cell.repeat(
      Math.max(Math.round((tasks / Math.max(total, 1)) * TASKS_BAR_WIDTH) - line.length, 0),
    );
  }
  return line.padEnd(TASKS_BAR_WIDTH);
}

function contextLine({ number, context: { tokens, budget } }: Pick<Wave, 'number' | 'context'>): string {
  return `wave ${number}  context ${bar(tokens, budget, CONTEXT_BAR_WIDTH)} ${shortTokens(tokens)}/${shortTokens(budget)}`;
}
