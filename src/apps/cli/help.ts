import type { Command } from 'commander';

/** Headings of `finops --help`; a command names its own with `helpGroup`. */
export const groups = {
  bills: 'Bills:',
  costs: 'Costs:',
  organization: 'Organization:',
  workspace: 'Workspace:',
  system: 'System:',
} as const;

/** Adds worked examples to a command's help: `addExamples(command, { 'finops config list': 'every setting' })`. */
export function addExamples(command: Command, examples: Readonly<Record<string, string>>): Command {
  const width = Math.max(...Object.keys(examples).map((line) => line.length));
  const lines = Object.entries(examples).map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
