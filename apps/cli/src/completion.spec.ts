import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { aSession } from '../test/builders.js';
import { completionScript, SHELLS } from './completion.js';
import { EXIT } from './exit-codes.js';
import { runProgram } from './program.js';

async function scriptOf(shell: string): Promise<string> {
  const { session, written } = aSession({});
  expect(await runProgram(session, ['completion', shell])).toBe(EXIT.ok);
  return written.stdout;
}

describe('wavekeeper completion', () => {
  let dir: string;
  let script: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'wavekeeper-completion-'));
    script = path.join(dir, 'script');
    await writeFile(script, await scriptOf('bash'));
    await writeFile(path.join(dir, 'backlog.ndjson'), '');
  });
  afterAll(() => rm(dir, { recursive: true }));

  /** What bash offers when Tab is pressed after these words; the last one is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const press = `source "$0"; COMP_WORDS=(wavekeeper "$@"); COMP_CWORD=$#; _wavekeeper; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', press, script, ...words], { cwd: dir });
    return stdout.split('\n').filter((line) => line !== '');
  }

  it('offers commands, then theirs, then their options', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['up', 'task', 'backup', 'completion']));
    expect(await offered('ta')).toEqual(['task']);
    expect(await offered('task', '')).toEqual(
      expect.arrayContaining(['submit', 'list', 'get', 'retry', 'cancel']),
    );
    expect(await offered('task', 'submit', '--js')).toEqual(['--json']);
    expect(await offered('--json', 'task', 're')).toEqual(['retry']);
    expect(await offered('completion', '')).toEqual([...SHELLS]);
  });

  it('leaves what is no command to the names of files', async () => {
    expect(await offered('import', '')).toEqual([]);
    expect(await offered('backup', 'ba')).toEqual([]);
    expect(await scriptOf('bash')).toContain('complete -o default -F');
  });

  it.each(SHELLS)('knows every command there is in %s', async (shell) => {
    const text = await scriptOf(shell);
    for (const at of ['/up', '/task/submit', '/webhook/endpoint/create', '/directive/accept', '/restore'])
      expect(text).toContain(at);
  });

  const withOddDescription = (): Command => {
    const program = new Command('wavekeeper');
    program.command('odd').description('it\'s $(odd) \\\' "quoted"');
    return program;
  };
  it.each(['zsh', 'fish'] as const)('lets no description end its quotes in %s', (shell) => {
    expect(completionScript(withOddDescription(), shell)).toContain(`it’s $(odd) ’’ "quoted"'`);
  });
  it('takes no description to bash, which would show none', () => {
    const text = completionScript(withOddDescription(), 'bash');
    expect(text).toContain("words='odd help'");
    expect(text).not.toContain('quoted');
  });

  it('refuses a shell that it does not know as a mistake in usage', async () => {
    expect(await runProgram(aSession({}).session, ['completion', 'tcsh'])).toBe(EXIT.usage);
  });
});
