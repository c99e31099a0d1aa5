// `npm run check`: every part is an npm script that can be run alone. As many run at once as there are processors;
// the output of a part is shown when it fails.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The slowest first, so that none of them is left for the end; linting in two, which no longer is as long as all others. */
const PARTS = ['lint:service', 'lint:dashboard', 'types', 'dead-code', 'boundaries', 'format:check'];

async function runPart(name) {
  const startedAt = performance.now();
  const output = [];
  const child = spawn(`npm run --silent ${name}`, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} ${seconds} s`);
  if (code !== 0) console.log(`\n${Buffer.concat(output).toString('utf8').trim()}\n`);
  return { name, passed: code === 0 };
}

async function runAll() {
  const waiting = [...PARTS];
  const results = [];
  const runNext = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      results.push(await runPart(name));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runNext));
  return results;
}

const failed = (await runAll()).filter(({ passed }) => !passed).map(({ name }) => name);
console.log(failed.length === 0 ? 'check passed' : `check failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
