import { CommandFailure } from '../failure.js';
import { EXIT } from '../exit-codes.js';
import { isTranscriptLine, planOfTranscript } from './claude-code.js';
import { isBead, isGithubIssue, planOfBeads, planOfGithub } from './issues.js';
import { Skipped, type ImportPlan } from './plan.js';
import { readValues } from './read-values.js';

/** Values that are looked at before a file counts as none of the formats. */
const LOOKED_AT_MAX = 50;

const FORMATS = [
  { is: isBead, plan: planOfBeads },
  { is: isGithubIssue, plan: planOfGithub },
  { is: isTranscriptLine, plan: planOfTranscript },
] as const;

/** Reads a file of a format that its content shows, whatever it is called. Throws a usage error for any other. */
export async function readPlan(file: string): Promise<ImportPlan> {
  const skipped = new Skipped();
  const values = readValues(file, skipped);
  const sample = await firstOf(values, LOOKED_AT_MAX);
  const format = FORMATS.find(({ is }) => sample.some((value) => is(value)));
  if (format !== undefined) return format.plan(chained(sample, values), skipped);
  await values.return(undefined);
  throw new CommandFailure(
    `${file} is none of the files that can be imported.`,
    EXIT.usage,
    'Give a Claude Code transcript (~/.claude/projects/…/*.jsonl), a Beads issues.jsonl, or what gh issue list --json number,title,body,state,labels,url prints.',
  );
}

async function firstOf(values: AsyncIterator<unknown>, countMax: number): Promise<unknown[]> {
  const first: unknown[] = [];
  while (first.length < countMax) {
    const next = await values.next();
    if (next.done === true) break;
    first.push(next.value);
  }
  return first;
}

/** What was looked at, then the rest as it is read: a file is never held whole. */
async function* chained(first: readonly unknown[], rest: AsyncIterable<unknown>): AsyncGenerator {
  yield* first;
  yield* rest;
}
