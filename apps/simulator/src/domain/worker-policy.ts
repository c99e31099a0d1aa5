import { createHash } from 'node:crypto';
import { sayText, type Answer } from './answer.js';
import { splitFences, withoutFenceMarks } from './fences.js';
import type { Prompt } from './messages-request.js';

const SUMMARY_CHARACTERS_MAX = 300;
/** A brief's lines that a result repeats, of each section. */
const REPEATED_LINES_MAX = 20;

/** What a worker answers to a brief: the outcome recorded there, or else one made from its title and criteria. */
export function work(prompt: Prompt, seed: number): Answer {
  const brief = (prompt.messages[0]?.content ?? [])
    .flatMap((block) => (block.type === 'text' ? [block.text] : []))
    .join('\n');
  const outcome = recordedOutcome(brief);
  return sayText(outcome === null ? inventedResult(brief, seed) : `${firstSentence(outcome)}\n${outcome}`);
}

function recordedOutcome(brief: string): string | null {
  const pieces = splitFences(brief);
  const heading = pieces.findIndex((piece) => piece.kind === 'line' && piece.text === '## Recorded outcome');
  const recorded =
    heading === -1 ? undefined : pieces.slice(heading + 1).find((piece) => piece.kind === 'fenced');
  return recorded === undefined || recorded.text.trim() === '' ? null : recorded.text;
}

function firstSentence(text: string): string {
  const firstLine = text.trimStart().split('\n', 1)[0]?.trim() ?? '';
  const sentence = /^.+?[.!?。！？](?=\s|$)/u.exec(firstLine)?.[0] ?? firstLine;
  return sentence.slice(0, SUMMARY_CHARACTERS_MAX).toWellFormed();
}

const APPROACHES = [
  'Took the smallest change that does it and left what surrounds it as it was.',
  'Began with the case that was most likely to fail and worked outwards from there.',
  'Reused what was there already and added only what was missing.',
  'Compared two ways of doing it and kept the one that is easier to undo.',
] as const;

function inventedResult(brief: string, seed: number): string {
  const readable = withoutFenceMarks(brief);
  const [, ref = 'the task', title = 'as asked'] = /^# Task (T\d+): (.*)$/m.exec(readable) ?? [];
  const criteria = linesUnder(readable, 'Acceptance criteria');
  const feedback = linesUnder(readable, 'Feedback on the last attempt');
  const met = criteria.length === 0 ? '' : ` and meets ${criteria.length} acceptance criteria`;
  return [
    `${ref} (${title.slice(0, SUMMARY_CHARACTERS_MAX)}) is finished${met}.`,
    APPROACHES[draw(`${seed} ${ref} ${title}`, APPROACHES.length)] ?? APPROACHES[0],
    ...feedback.slice(0, 1).map((line) => `Changed after the feedback: ${line}`),
    ...criteria.map((criterion) => `Met: ${criterion}`),
  ].join('\n');
}

function linesUnder(text: string, heading: string): string[] {
  const [, after = ''] = text.split(`\n## ${heading}\n`, 2);
  const [section = ''] = after.split(/^## /m, 1);
  return section
    .split('\n')
    .flatMap((line) => line.replace(/^(?:[-*]|\d+[.:)])\s*/, '').trim() || [])
    .slice(0, REPEATED_LINES_MAX)
    .map((line) => line.slice(0, SUMMARY_CHARACTERS_MAX).toWellFormed());
}

/** A number below `sides` that only the text decides. */
function draw(text: string, sides: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) % sides;
}
