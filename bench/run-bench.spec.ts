import { BENCHMARKS } from './benchmarks.js';
import { runBench } from './run-bench.js';

async function bench(...commandLine: string[]) {
  const written = { stdout: '', stderr: '' };
  const into = (stream: keyof typeof written) => ({
    write: (text: string) => {
      written[stream] += text;
    },
  });
  const exitCode = await runBench(commandLine, { stdout: into('stdout'), stderr: into('stderr') }, () =>
    Promise.reject(new Error('no benchmark is to be run')),
  );
  return { exitCode, ...written };
}

describe('npm run bench', () => {
  it('lists every benchmark with a line each when none is named', async () => {
    const { exitCode, stdout, stderr } = await bench();
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toHaveLength(Object.keys(BENCHMARKS).length);
    for (const [name, { summary }] of Object.entries(BENCHMARKS))
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'));
  });

  it('refuses a name that is none, and says which there are', async () => {
    const { exitCode, stdout, stderr } = await bench('speed', '--json');
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^There is no benchmark speed\.\n {2}replay /);
  });

  it.each(['0', '-3', 'many', '1000000'])('refuses --size %s', async (size) => {
    const { exitCode, stdout } = await bench('cost', `--size=${size}`);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
  });
});
