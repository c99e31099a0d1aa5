import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What may be typed at one place of the command line: after `wavekeeper`, or after one of its commands. */
interface Place {
  /** `` for the beginning, else `/task/submit`. */
  readonly at: string;
  readonly words: readonly Entry[];
  readonly flags: readonly Entry[];
}

interface Entry {
  readonly text: string;
  readonly description: string;
}

/**
 * A script that completes the commands and options of `program` as they are now, and file names where neither fits. It
 * knows all of them itself: a key pressed in a shell starts no program.
 */
export function completionScript(program: Command, shell: Shell): string {
  return WRITERS[shell](program.name(), placesOf(program, ''));
}

function placesOf(command: Command, at: string): Place[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  const words = subcommands.map((sub) => ({ text: sub.name(), description: sub.description() }));
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const flags = help
    .visibleOptions(command)
    .flatMap(({ long, description }) => (long === undefined ? [] : [{ text: long, description }]));
  return [
    { at, words: [...words, ...choices.map((text) => ({ text, description: '' }))], flags },
    ...subcommands.flatMap((sub) => placesOf(sub, `${at}/${sub.name()}`)),
  ];
}

type Writer = (name: string, places: readonly Place[]) => string;

const WRITERS: Record<Shell, Writer> = {
  bash: (name, places) => `# bash completion of ${name}: source <(${name} completion bash)
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at= words= flags= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at/\${COMP_WORDS[i]}" in
      ${commandsOf(places).join(' | ')}) at="$at/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at" in
${places.map(({ at, words, flags }) => `    '${at}') words='${textsOf(words)}' flags='${textsOf(flags)}' ;;`).join('\n')}
  esac
  [[ $cur == -* ]] && words=$flags
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _${name} ${name}
`,
  zsh: (name, places) => `#compdef ${name}
# zsh completion of ${name}: source <(${name} completion zsh)
_${name}() {
  local at= word
  local -a words_here flags_here
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
      (${commandsOf(places).join('|')}) at="$at/$word" ;;
    esac
  done
  case "$at" in
${places
  .map(
    ({ at, words, flags }) =>
      `    ('${at}') words_here=(${words.map(described).join(' ')}) flags_here=(${flags.map(described).join(' ')}) ;;`,
  )
  .join('\n')}
  esac
  [[ $PREFIX == -* ]] && words_here=("\${(@)flags_here}")
  if (( $#words_here )); then _describe -t commands ${name} words_here; else _files; fi
}
compdef _${name} ${name}
`,
  fish: (name, places) => `# fish completion of ${name}: ${name} completion fish | source
function __${name}_is_at
  set -l at
  set -l typed (commandline -opc)
  for word in $typed[2..-1]
    if contains -- "$at/$word" ${commandsOf(places).join(' ')}
      set at "$at/$word"
    end
  end
  test "$at" = "$argv[1]"
end
${places
  .flatMap(({ at, words, flags }) => {
    const here = `complete -c ${name} -n '__${name}_is_at "${at}"'`;
    return [
      ...words.map(({ text, description }) => `${here} -f -a ${quoted(text)} -d ${quoted(description)}`),
      ...flags.map(({ text, description }) => `${here} -l ${text.slice(2)} -d ${quoted(description)}`),
    ];
  })
  .join('\n')}
`,
};

function commandsOf(places: readonly Place[]): string[] {
  return places.flatMap(({ at }) => (at === '' ? [] : [at]));
}

/** Names are of letters and dashes: nothing in them means anything to a shell. */
function textsOf(entries: readonly Entry[]): string {
  return entries.map(({ text }) => text).join(' ');
}

/** For zsh: `name:what it does`. */
function described({ text, description }: Entry): string {
  return quoted(`${text.replaceAll(':', '\\:')}${description === '' ? '' : `:${description}`}`);
}

/** One word of any of the shells. They do not agree on how a quote stands within quotes, so none does. */
function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '’')}'`;
}
