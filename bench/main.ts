import process from 'node:process';
import { openStage, type Stage } from './harness/stage.js';
import { runBench } from './run-bench.js';

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
let stage: Stage | null = null;
let isStopping = false;

// What was begun is not worth finishing, but its database must not be left behind; a second signal waits with the first.
for (const [signal, exitCode] of Object.entries(SIGNALS))
  process.on(signal, () => {
    if (isStopping) return;
    isStopping = true;
    void (stage?.close() ?? Promise.resolve()).finally(() => process.exit(exitCode));
  });

process.exitCode = await runBench(process.argv.slice(2), process, async () => (stage = await openStage()));
