import type { Command } from 'commander';
import { readPlan } from '../import/read-plan.js';
import type { ImportPlan } from '../import/plan.js';
import { runImport, type ImportOutcome } from '../import/run-import.js';
import type { Session } from '../session.js';
import { count, harmless, indented, oneLine, shortTokens } from '../text-layout.js';
import { jsonOption } from './options.js';

const LINE_CHARACTERS = 100;
const TASKS_SHOWN_MAX = 30;

interface ImportOptions {
  readonly json?: true;
  readonly dryRun?: true;
}

export function addImportCommand(program: Command, session: Session): void {
  program
    .command('import')
    .argument('<file>', 'a Claude Code transcript, a Beads issues.jsonl, or the JSON of gh issue list')
    .description('make a mission of a conversation that has grown too long, or of a list of issues')
    .option('--dry-run', 'say what it would make, and make nothing')
    .addOption(jsonOption())
    .action((file: string, options: ImportOptions) => importFile(session, file, options));
}

async function importFile(session: Session, file: string, options: ImportOptions): Promise<void> {
  const plan = await readPlan(file);
  if (options.dryRun) {
    if (options.json) session.terminal.printJson(plan);
    else session.terminal.print(planLines(plan).join('\n'));
    return;
  }
  const outcome = await runImport(await session.client(), plan);
  if (options.json) return session.terminal.printJson({ ...outcome, skipped: plan.skipped });
  session.terminal.print(outcomeLines(plan, outcome).join('\n'));
  if (outcome.directives_proposed > 0)
    session.terminal.note(`read them: wavekeeper directive list ${outcome.mission_id}`);
  session.terminal.note(`next: wavekeeper watch ${outcome.mission_id}`);
}

function planLines(plan: ImportPlan): string[] {
  const tasks = plan.tasks.slice(0, TASKS_SHOWN_MAX).map(({ title, depends_on: dependencies }) => {
    const waits = dependencies.length === 0 ? '' : `  (after ${dependencies.length})`;
    return `  ${oneLine(title, LINE_CHARACTERS)}${waits}`;
  });
  const more = plan.tasks.length - tasks.length;
  return [
    `${plan.format}: ${oneLine(plan.title, LINE_CHARACTERS)}`,
    `${count(plan.directives.length, 'line')} that read like standing instructions, to be proposed`,
    ...plan.directives.map((directive) => `  ${oneLine(directive, LINE_CHARACTERS)}`),
    `${count(plan.tasks.length, 'task')}, ${plan.done.length} finished there`,
    ...tasks,
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...plan.messages.flatMap(({ text, trusted }) => [
      trusted === false ? 'message, to be read as material' : 'message',
      indented(harmless(text)),
    ]),
    ...skippedLines(plan),
  ];
}

function outcomeLines(plan: ImportPlan, outcome: ImportOutcome): string[] {
  const { created, existing, refused } = outcome.tasks;
  const before = outcome.before_tokens === null ? 'not known' : shortTokens(outcome.before_tokens);
  const after = outcome.after_tokens === null ? 'not yet known' : shortTokens(outcome.after_tokens);
  return [
    `${outcome.mission_id}  ${outcome.existing ? 'was there already' : 'is new'}  ${oneLine(plan.title, LINE_CHARACTERS)}`,
    `tasks: ${created} new, ${existing} there already${refused === 0 ? '' : `, ${refused} refused`}`,
    ...(outcome.directives_proposed === 0
      ? []
      : [`directives: ${outcome.directives_proposed} proposed, which hold once you accept them`]),
    ...skippedLines(plan),
    ...(plan.format === 'claude-code'
      ? [`context of the last request: ${before} tokens there, ${after} here`]
      : [`context of the last request: ${after} tokens`]),
  ];
}

function skippedLines({ skipped }: ImportPlan): string[] {
  return Object.entries(skipped).map(([reason, times]) => `left out: ${times} × ${reason}`);
}
