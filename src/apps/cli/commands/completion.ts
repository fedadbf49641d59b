import { Argument, type Command } from 'commander';
import { type Shell, shells, writeCompletion } from '../completion.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';

/** `finops completion bash|zsh|fish`: a script made from the command tree of this version. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('completion')
    .description('a script that completes commands with Tab')
    .helpGroup(groups.system)
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .action((shell: Shell) => {
      context.io.stdout.write(writeCompletion(program, shell));
    });
  addExamples(command, {
    'source <(finops completion bash)': 'in ~/.bashrc',
    'source <(finops completion zsh)': 'in ~/.zshrc, after compinit',
    'finops completion fish | source': 'in ~/.config/fish/config.fish',
  });
}
