import process from 'node:process';
import { openStage, type Stage } from './harness/stage.js';
import { runBench } from './run-bench.js';

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
let stage: Stage | null = null;

// What was begun is not worth finishing, but its database must not be left behind.
for (const [signal, exitCode] of Object.entries(SIGNALS))
  process.once(signal, () => {
    void (stage?.close() ?? Promise.resolve()).finally(() => process.exit(exitCode));
  });

process.exitCode = await runBench(process.argv.slice(2), process, async () => (stage = await openStage()));
