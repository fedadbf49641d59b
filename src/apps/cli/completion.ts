import type { Command } from 'commander';

/** Shells for which a completion script is written. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** One word that may come next, and what it means. */
interface Word {
  readonly text: string;
  readonly meaning: string;
}

/** One command: the words that lead to it (`config list`), and what may follow. */
interface Place {
  readonly trail: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
  /** Values of its first argument, where they are known. */
  readonly choices: readonly string[];
}

/** Option → its allowed values; none means free text, completed as a file name. */
type OptionValues = ReadonlyMap<string, readonly string[]>;

/** The script for a shell, made from the command tree: it knows exactly the commands of this version. */
export function writeCompletion(program: Command, shell: Shell): string {
  const name = program.name();
  const places = placesOf(program, '', program);
  const values = optionValues(program);
  switch (shell) {
    case 'bash':
      return bash(name, places, values);
    case 'zsh':
      return zsh(name, places, values);
    case 'fish':
      return fish(name, places, values);
  }
}

function placesOf(command: Command, trail: string, program: Command): Place[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  const options = [...help.visibleOptions(command), ...(command === program ? [] : program.options)];
  const place = {
    trail,
    commands: subcommands.map((child) => ({ text: child.name(), meaning: child.description() })),
    options: options.flatMap(({ long, description }) => (long ? [{ text: long, meaning: description }] : [])),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
  const children = command.commands.flatMap((child) =>
    placesOf(child, `${trail} ${child.name()}`.trim(), program),
  );
  return [place, ...children];
}

function optionValues(command: Command, found = new Map<string, readonly string[]>()): OptionValues {
  for (const { long, required, optional, argChoices } of command.options) {
    if (long && (required || optional)) found.set(long, argChoices ?? []);
  }
  for (const child of command.commands) optionValues(child, found);
  return found;
}

/** `case` branches that walk from one trail to the next; the same text in bash and zsh. */
function steps(places: readonly Place[]): string {
  return places.flatMap(({ trail, commands }) => commands.map(({ text }) => `"${trail} ${text}"`)).join('|');
}

function valueOptions(values: OptionValues): string {
  return [...values.keys()].join('|');
}

function wordsOf({ commands, choices }: Place): string {
  return [...commands.map(({ text }) => text), ...choices].join(' ');
}

function bash(name: string, places: readonly Place[], values: OptionValues): string {
  const limited = [...values].filter(([, choices]) => choices.length > 0);
  return `# ${name} completion for bash; load it with: source <(${name} completion bash)
_${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" trail="" words="" options="" i
  COMPREPLY=()
  if [[ $cur == "=" ]]; then cur=""
  elif [[ $prev == "=" ]]; then prev="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i - 1]}" in ${valueOptions(values)}) continue ;; esac
    case "$trail \${COMP_WORDS[i]}" in ${steps(places)}) trail="\${trail:+$trail }\${COMP_WORDS[i]}" ;; esac
  done
  case "$prev" in
${limited.map(([option, choices]) => `    ${option}) COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$cur")); return ;;`).join('\n')}
    ${valueOptions(values)}) return ;;
  esac
  case "$trail" in
${places.map((place) => `    "${place.trail}") words="${wordsOf(place)}"; options="${place.options.map(({ text }) => text).join(' ')}" ;;`).join('\n')}
  esac
  if [[ $cur == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _${name} ${name}
`;
}

function zsh(name: string, places: readonly Place[], values: OptionValues): string {
  const limited = [...values].filter(([, choices]) => choices.length > 0);
  const described = (words: readonly Word[]) =>
    words.map(({ text, meaning }) => shellQuote(`${text}:${meaning}`)).join(' ');
  return `#compdef ${name}
# ${name} completion for zsh; load it with: source <(${name} completion zsh)
_${name}() {
  local trail="" i
  local -a next options
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i - 1]}" in ${valueOptions(values)}) continue ;; esac
    case "$trail \${words[i]}" in ${steps(places)}) trail="\${trail:+$trail }\${words[i]}" ;; esac
  done
  case "\${words[CURRENT - 1]}" in
${limited.map(([option, choices]) => `    ${option}) compadd -- ${choices.join(' ')}; return ;;`).join('\n')}
    ${valueOptions(values)}) _files; return ;;
  esac
  case "$trail" in
${places.map((place) => `    "${place.trail}") next=(${described([...place.commands, ...place.choices.map((text) => ({ text, meaning: text }))])}); options=(${described(place.options)}) ;;`).join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then _describe option options
  elif ((\${#next})); then _describe command next
  else _files; fi
}
compdef _${name} ${name}
`;
}

function fish(name: string, places: readonly Place[], values: OptionValues): string {
  const lines = places.flatMap(({ trail, commands, options, choices }) => {
    const at = `complete -c ${name} -n 'test "$(__${name}_trail)" = "${trail}"'`;
    return [
      ...(commands.length + choices.length > 0 ? [`${at} -f`] : []),
      ...commands.map(({ text, meaning }) => `${at} -a ${text} -d ${shellQuote(meaning)}`),
      ...choices.map((text) => `${at} -a ${text}`),
      ...options.map(({ text, meaning }) => {
        const allowed = values.get(text);
        const value =
          allowed === undefined ? '' : allowed.length > 0 ? ` -x -a '${allowed.join(' ')}'` : ' -r -F';
        return `${at} -l ${text.slice(2)}${value} -d ${shellQuote(meaning)}`;
      }),
    ];
  });
  return `# ${name} completion for fish; load it with: ${name} completion fish | source
function __${name}_trail
  set -l trail ''
  set -l previous ''
  for word in (commandline -opc)[2..]
    switch "$previous"
      case ${valueOptions(values).replaceAll('|', ' ')}
      case '*'
        switch "$trail $word"
          case ${steps(places).replaceAll('|', ' ')}
            set trail (string trim "$trail $word")
        end
    end
    set previous $word
  end
  echo $trail
end
${lines.join('\n')}
`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
