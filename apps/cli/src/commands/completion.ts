import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.js';
import type { Session } from '../session.js';

const COMPLETION_HELP = `
For good: put  source <(wavekeeper completion bash)  into ~/.bashrc, the same with zsh into ~/.zshrc (after compinit), or
write  wavekeeper completion fish  to ~/.config/fish/completions/wavekeeper.fish.`;

export function addCompletionCommand(program: Command, session: Session): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'whose script to print').choices(SHELLS))
    .description('print a script that completes commands, options and files in a shell')
    .addHelpText('after', COMPLETION_HELP)
    .action((shell: Shell) => session.terminal.print(completionScript(program, shell).trimEnd()));
}
