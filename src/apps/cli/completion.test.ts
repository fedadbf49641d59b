import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shells, writeCompletion } from './completion.ts';
import { createProgram } from './program.ts';
import { fakeIo } from './testing/fake-io.ts';

const program = createProgram(fakeIo());
const script = writeCompletion(program, 'bash');

/** What bash offers after these words; the last is the one being typed. */
function bashOffers(...words: string[]): string[] {
  const ask = `_finops; printf "%s\\n" "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', [
    '-c',
    `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ${ask}`,
    'bash',
    ...words,
  ]);
  return output.toString().split('\n').filter(Boolean);
}

describe('bash', () => {
  it('offers the commands, and those that begin as typed', () => {
    expect(bashOffers('finops', '')).toEqual(expect.arrayContaining(['config', 'version', 'completion']));
    expect(bashOffers('finops', '').filter((word) => !/^[a-z][a-z-]*$/.test(word))).toEqual([]);
    expect(bashOffers('finops', 'con').sort()).toEqual(['config', 'consumption']);
    expect(bashOffers('finops', 'config', '')).toContain('list');
    expect(bashOffers('finops', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('offers the options of the command and those of every command', () => {
    expect(bashOffers('finops', 'config', 'list', '--')).toEqual(
      expect.arrayContaining(['--show-origin', '--help', '--data', '--json', '--format']),
    );
    expect(bashOffers('finops', 'version', '--show')).toEqual([]);
  });

  it('offers the values of an option, with and without an equals sign', () => {
    expect(bashOffers('finops', 'version', '--format', '')).toEqual(['table', 'json', 'csv', 'md']);
    expect(bashOffers('finops', 'version', '--format', 'c')).toEqual(['csv']);
    expect(bashOffers('finops', 'version', '--format', '=', 'j')).toEqual(['json']);
    expect(bashOffers('finops', 'version', '--format', '=')).toEqual(['table', 'json', 'csv', 'md']);
  });

  it('leaves folders to the shell and does not take them for commands', () => {
    expect(bashOffers('finops', '--data', 'con')).toEqual([]);
    expect(bashOffers('finops', '--data', 'config', 'vers')).toEqual(['version']);
  });
});

it.each(shells)('names every command and every option of the tree in the script for %s', (shell) => {
  const text = writeCompletion(program, shell);
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((child) => child.commands),
  ]) {
    if (command !== program) expect(text).toContain(command.name());
    for (const option of command.options) expect(text).toContain(option.long?.slice(2));
  }
});
