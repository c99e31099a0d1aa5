import { availableParallelism, totalmem } from 'node:os';
import { Command, CommanderError } from 'commander';
import { BENCHMARKS } from './benchmarks.js';
import { outcomeText } from './harness/outcome.js';
import type { Stage } from './harness/stage.js';

const EXIT = { ok: 0, broken: 1, usage: 2 } as const;
const CLEAR_LINE = '\r\u001b[2K';

export interface BenchStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

interface Asked {
  readonly name: string | undefined;
  readonly json: boolean;
  readonly size: number | null;
}

/** Runs one command line, without `node` and the script; what the process is to end with. */
export async function runBench(
  commandLine: readonly string[],
  streams: BenchStreams,
  openStage: () => Promise<Stage>,
): Promise<number> {
  const asked = parse(commandLine, streams);
  if (typeof asked === 'number') return asked;
  const { name, json, size } = asked;
  const benchmark = name === undefined ? undefined : BENCHMARKS[name];
  if (name === undefined || benchmark === undefined) {
    const unknown = name === undefined ? '' : `There is no benchmark ${name}.\n`;
    const list = Object.entries(BENCHMARKS).map(
      ([known, { summary }]) => `  ${known.padEnd(10)}${summary}\n`,
    );
    (unknown === '' ? streams.stdout : streams.stderr).write(`${unknown}${list.join('')}`);
    return unknown === '' ? EXIT.ok : EXIT.usage;
  }
  const startedAt = performance.now();
  const say = progressLine(streams);
  const stage = await openStage();
  try {
    const { transactions, databaseUrl } = stage;
    const outcome = await benchmark.run({ transactions, databaseUrl, size, say });
    say('');
    const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(1));
    const { report, checks } = outcome;
    const document = { benchmark: name, machine: machine(), seconds, ...report, checks };
    streams.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${outcomeText(outcome)}\n`);
    return checks.every(({ holds }) => holds) ? EXIT.ok : EXIT.broken;
  } finally {
    say('');
    await stage.close();
  }
}

function parse(commandLine: readonly string[], { stdout, stderr }: BenchStreams): Asked | number {
  let name: string | undefined;
  const program = new Command('bench')
    .description('Measures Wavekeeper. Without a name: lists what can be measured.')
    .argument('[name]', 'the benchmark')
    .option('--json', 'print one JSON document', false)
    .option('--size <n>', 'with so many tasks (relay: rotations) instead of all', wholeNumber)
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .exitOverride()
    .action((given?: string) => {
      name = given;
    });
  try {
    program.parse([...commandLine], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
  const { json, size } = program.opts<{ json: boolean; size?: number }>();
  return { name, json, size: size ?? null };
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new CommanderError(
      EXIT.usage,
      'bench.size',
      `error: --size takes a whole number from 1, not ${text}`,
    );
  return Number(text);
}

/** One line at a terminal, nothing elsewhere. */
function progressLine({ stderr }: BenchStreams): (progress: string) => void {
  return stderr.isTTY === true ? (progress) => void stderr.write(CLEAR_LINE + progress) : () => undefined;
}

function machine() {
  return {
    processors: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}
