import { WAVE_TRIGGERS, type DecisionRecord, type Wave } from '#contracts';
import { bar, shortTokens } from '../text-layout.js';

const BAR_WIDTH = 12;
const NUMBER_WIDTH = 3;
const TRIGGER_WIDTH = Math.max(...WAVE_TRIGGERS.map((trigger) => trigger.length));
/** As wide as `23.9K/24K`. */
const TOKENS_WIDTH = 9;

type WaveFacts = Pick<Wave, 'number' | 'trigger' | 'context' | 'decisions'>;

/** A committed wave as one line: its number and trigger, how full its context was, and what it decided. */
export function waveLine(wave: WaveFacts): string {
  const { tokens, budget } = wave.context;
  return [
    `wave ${String(wave.number).padEnd(NUMBER_WIDTH)}`,
    wave.trigger.padEnd(TRIGGER_WIDTH),
    `${shortTokens(tokens)}/${shortTokens(budget)}`.padStart(TOKENS_WIDTH),
    bar(tokens, budget, BAR_WIDTH),
    decisionsText(wave.decisions),
  ].join('  ');
}

/** `accepted 5, dispatched 7`: applied decisions by what they did, and how many were rejected. */
export function decisionsText(decisions: readonly DecisionRecord[]): string {
  const amounts = new Map<string, number>();
  for (const decision of decisions) {
    const word = wordFor(decision);
    if (word !== null) amounts.set(word, (amounts.get(word) ?? 0) + 1);
  }
  const parts = [...amounts].map(([word, amount]) => `${word} ${amount}`);
  return [...parts, ...(isDone(decisions) ? ['done'] : [])].join(', ') || 'nothing to do';
}

/** Past tense of one decision; null for the hand-off, which every wave may end with. */
function wordFor({ tool, input, outcome }: DecisionRecord): string | null {
  if (outcome === 'rejected') return 'rejected';
  switch (tool) {
    case 'task_review':
      return reviewWord(fieldOf(input, 'verdict'));
    case 'task_upsert':
      return fieldOf(input, 'expected_version') === undefined ? 'created' : 'changed';
    case 'task_dispatch':
      return 'dispatched';
    case 'note':
      return 'noted';
    case 'handoff':
      return null;
    default:
      return tool;
  }
}

function reviewWord(verdict: unknown): string {
  if (verdict === 'accept') return 'accepted';
  return verdict === 'revise' ? 'sent back' : 'failed';
}

function isDone(decisions: readonly DecisionRecord[]): boolean {
  return decisions.some(
    ({ tool, outcome, input }) =>
      tool === 'handoff' && outcome === 'applied' && fieldOf(input, 'done') === true,
  );
}

function fieldOf(input: DecisionRecord['input'], name: string): unknown {
  return input !== null && typeof input === 'object' && !Array.isArray(input) ? input[name] : undefined;
}
