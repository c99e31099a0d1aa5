import type { z } from 'zod';
import type { conductorGaugeSchema, LedgerEvent, Mission, Wave } from '#contracts';
import { waveLine } from '../demo/wave-line.js';
import { bar, count, oneLine, shortTokens, table } from '../text-layout.js';

const BAR_WIDTH = 20;
const WORD_CHARACTERS = 60;
const SEQ_WIDTH = 5;
const TYPE_WIDTH = 18;
export const WAVES_SHOWN = 6;
export const EVENTS_SHOWN = 8;
const ENDED: readonly Mission['state'][] = ['completed', 'canceled', 'archived'];

/** What a person sees of a mission at one moment. */
export interface WatchedMission {
  readonly mission: Mission;
  readonly conductor: z.output<typeof conductorGaugeSchema>;
  /** Newest first. */
  readonly waves: readonly Wave[];
  /** Oldest first. */
  readonly events: readonly LedgerEvent[];
}

export function hasEnded(mission: Pick<Mission, 'state'>): boolean {
  return ENDED.includes(mission.state);
}

/** The screen of `watch`, line by line, none wider than `columns`. */
export function watchLines({ mission, conductor, waves, events }: WatchedMission, columns: number): string[] {
  const lines = [
    oneLine(mission.title, columns),
    ...missionLines(mission, conductor),
    '',
    'Waves',
    ...waves
      .slice(0, WAVES_SHOWN)
      .map((wave) => `  ${wave.state === 'committed' ? waveLine(wave) : openWaveLine(wave)}`),
    ...(waves.length === 0 ? ['  none yet'] : []),
    '',
    'Events',
    ...events.slice(-EVENTS_SHOWN).map((event) => `  ${eventLine(event)}`),
  ];
  return lines.map((line) => (line.length > columns ? oneLine(line, columns) : line));
}

/** `mission status` begins with the same. */
export function missionLines(mission: Mission, conductor: WatchedMission['conductor']): string[] {
  const { tokens, budget, level } = conductor.context;
  return table([
    ['state', [mission.state, ...mission.holds.map((hold) => `hold: ${hold}`)].join(', ')],
    ['tasks', countsText(mission)],
    [
      'conductor',
      conductor.wave === null ? 'at rest' : `wave ${conductor.wave.number} (${conductor.wave.trigger})`,
    ],
    ['context', `${bar(tokens, budget, BAR_WIDTH)} ${shortTokens(tokens)}/${shortTokens(budget)} ${level}`],
    ['inbox', `${count(conductor.spill, 'item')} that no wave has seen`],
    ['spent', `$${mission.budget.spent_usd} of ${mission.budget.limit_usd ?? 'no limit'}`],
  ]);
}

/** `17  task.completed  T3  Copy it`, on one line. */
export function eventLine({ seq, type, data }: LedgerEvent): string {
  const words = [data.ref, data.title ?? data.reason, type.startsWith('wave.') ? data.number : undefined];
  const said = words.flatMap((word) =>
    typeof word === 'number' || typeof word === 'string' ? [String(word)] : [],
  );
  const shown = said.map((word) => oneLine(word, WORD_CHARACTERS));
  return [String(seq ?? '').padStart(SEQ_WIDTH), type.padEnd(TYPE_WIDTH), ...shown].join('  ').trimEnd();
}

function openWaveLine(wave: Wave): string {
  return `wave ${String(wave.number).padEnd(3)}  ${wave.trigger}  ${wave.state}${wave.stop_reason === null ? '' : `: ${wave.stop_reason}`}`;
}

function countsText(mission: Mission): string {
  const filled = Object.entries(mission.counts).filter(([, amount]) => amount > 0);
  return filled.length === 0 ? 'none' : filled.map(([state, amount]) => `${amount} ${state}`).join(', ');
}
