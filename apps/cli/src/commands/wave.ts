import type { Command } from 'commander';
import {
  CONTEXT_BUDGET_TOKENS_MIN,
  STANDARD_WINDOW_TOKENS,
  type ComparedDecision,
  type ContextManifest,
  type ContextSection,
  type DecisionRecord,
  type Shadow,
  type Wave,
} from '#contracts';
import type { Session } from '../session.js';
import { bar, count, harmless, indented, oneLine, shortTokens, table } from '../text-layout.js';
import { integerBetween, jsonOption } from './options.js';

const BAR_WIDTH = 20;
const REASON_CHARACTERS = 80;
const INPUT_CHARACTERS = 80;
const SUBJECT_CHARACTERS = 40;
const NUMERIC_COLUMNS = [2, 4, 5];

export function addWaveCommands(program: Command, session: Session): void {
  const wave = program.command('wave').description('bounded runs of a conductor');
  wave
    .command('show')
    .argument('<id>', 'wav_…')
    .description('what a wave was started by, decided and cost')
    .addOption(jsonOption())
    .action((id: string, options: { json?: true }) => showWave(session, id, options));
  wave
    .command('context')
    .argument('<id>', 'wav_…')
    .description('what a wave saw, section by section, and what was left out')
    .option('--rebuild', 'rebuild it from the ledger and compare the bytes')
    .addOption(jsonOption())
    .action((id: string, options: { json?: true; rebuild?: true }) => showContext(session, id, options));
  wave
    .command('shadow')
    .argument('<id>', 'wav_…')
    .description('ask its question again and compare; nothing is carried out, the budget pays')
    .option('--model <model>', 'of another model than the wave asked')
    .option(
      '--context-budget <tokens>',
      'packed anew for another context budget',
      integerBetween(CONTEXT_BUDGET_TOKENS_MIN, STANDARD_WINDOW_TOKENS),
    )
    .addOption(jsonOption())
    .action((id: string, options: ShadowOptions) => shadow(session, id, options));
}

interface ShadowOptions {
  readonly json?: true;
  readonly model?: string;
  readonly contextBudget?: number;
}

async function showWave(session: Session, id: string, options: { json?: true }): Promise<void> {
  const wave = await (await session.client()).getWave(id);
  if (options.json) return session.terminal.printJson(wave);
  session.terminal.print(waveFacts(wave).join('\n'));
  session.terminal.print(wave.decisions.length === 0 ? 'No decisions.' : 'Decisions');
  session.terminal.print(indented(table(wave.decisions.map(decisionRow)).join('\n')));
  if (wave.handoff_note !== null)
    session.terminal.print(`Hand-off note\n${indented(harmless(wave.handoff_note))}`);
}

function waveFacts(wave: Wave): string[] {
  const { usage } = wave;
  return table([
    [
      'wave',
      `${wave.number} (${wave.state}, trigger ${wave.trigger}, stop ${wave.stop_reason ?? 'not yet'})`,
    ],
    ['model', `${wave.model}, ${wave.requests} requests`],
    [
      'context',
      `${shortTokens(wave.context.tokens)}/${shortTokens(wave.context.budget)} ${wave.context.level}`,
    ],
    [
      'tokens',
      `input ${usage.input_tokens}, cache write ${usage.cache_write_tokens}, cache read ${usage.cache_read_tokens}, output ${usage.output_tokens}`,
    ],
    ['cost', `$${usage.cost_usd}`],
  ]);
}

function decisionRow(decision: DecisionRecord): string[] {
  const subject =
    decision.changed.map((change) => change.ref).join(', ') ||
    oneLine(JSON.stringify(decision.input), INPUT_CHARACTERS);
  return [decision.outcome, decision.tool, subject, oneLine(decision.reason ?? '', REASON_CHARACTERS)];
}

async function showContext(
  session: Session,
  id: string,
  options: { json?: true; rebuild?: true },
): Promise<void> {
  const client = await session.client();
  const manifest = await client.getWaveContext(id, { rebuild: options.rebuild ? 'true' : undefined });
  if (options.json) return session.terminal.printJson(manifest);
  session.terminal.print(contextTable(manifest).join('\n'));
  session.terminal.print(
    `total ${manifest.total_tokens} of ${manifest.budget_tokens} tokens (aims for ${manifest.target_tokens}; the provider counted ${manifest.counted_tokens})`,
  );
  if (manifest.rebuild !== null)
    session.terminal.print(
      manifest.rebuild.equal
        ? `rebuilt from the ledger: the same bytes (${manifest.rebuild.sha256})`
        : `rebuilt from the ledger: OTHER bytes (${manifest.rebuild.sha256}, expected ${manifest.rebuild.expected_sha256})`,
    );
}

async function shadow(session: Session, id: string, options: ShadowOptions): Promise<void> {
  const { json, model, contextBudget } = options;
  session.terminal.note('asking; at most three minutes');
  const compared = await (
    await session.client()
  ).shadowWave(id, {
    ...(model === undefined ? {} : { model }),
    ...(contextBudget === undefined ? {} : { policy: { context_budget_tokens: contextBudget } }),
  });
  if (json) return session.terminal.printJson(compared);
  session.terminal.print(table(differences(compared)).join('\n'));
  session.terminal.print(
    `${compared.model}: ${compared.requests} requests, stop ${compared.stop_reason}, largest ${shortTokens(compared.context.tokens)}/${shortTokens(compared.context.budget)}, cost $${compared.usage.cost_usd}`,
  );
  if (compared.reads > 0)
    session.terminal.note(
      `it read the ledger ${count(compared.reads, 'time')}, as that is now and not as it was then`,
    );
}

/** What differs first; of what both decided, what the shadow said. */
function differences({ decisions }: Pick<Shadow, 'decisions'>): string[][] {
  const { same, changed, only_original: gone, only_shadow: added } = decisions;
  return [
    ...changed.map(({ shadow: input, ...decision }) => differenceRow('otherwise', { ...decision, input })),
    ...gone.map((decision) => differenceRow('only the wave', decision)),
    ...added.map((decision) => differenceRow('only the shadow', decision)),
    ...same.map((decision) => differenceRow('the same', decision)),
  ];
}

function differenceRow(verdict: string, { tool, subject, input }: ComparedDecision): string[] {
  const about = oneLine(subject ?? '', SUBJECT_CHARACTERS);
  return [verdict, tool, about, oneLine(JSON.stringify(input), INPUT_CHARACTERS)];
}

/** One row per section: how full it is of its own ceiling, how many blocks it has, how many were left out. */
function contextTable(manifest: Pick<ContextManifest, 'sections'>): string[] {
  const header = ['', 'section', 'tokens', 'of its ceiling', 'blocks', 'omitted'];
  return table([header, ...manifest.sections.map(sectionRow)], NUMERIC_COLUMNS);
}

function sectionRow(section: ContextSection): string[] {
  const omitted = section.omitted.reduce((sum, omission) => sum + omission.count, 0);
  return [
    section.name,
    section.title,
    `${section.tokens}/${section.ceiling}`,
    bar(section.tokens, section.ceiling, BAR_WIDTH),
    String(section.blocks.length),
    String(omitted),
  ];
}
