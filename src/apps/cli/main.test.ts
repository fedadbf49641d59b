import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const command = [
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  join(import.meta.dirname, 'main.ts'),
] as const;
const cwd = mkdtempSync(join(tmpdir(), 'finops-main-'));

function finops(...args: string[]) {
  return spawnSync(command[0], [...command.slice(1), ...args], { cwd, encoding: 'utf8' });
}

it('prints data on stdout and nothing else there, and ends with the exit code', () => {
  const version = finops('version', '--json');
  expect([version.status, JSON.parse(version.stdout).schemaVersion, version.stderr]).toEqual([0, 1, '']);
  const unknown = finops('improt');
  expect([unknown.status, unknown.stdout]).toEqual([2, '']);
  expect(unknown.stderr).toContain("cli.usage: Unknown command 'improt'");
});

it('stays quiet when the reader of its output leaves', async () => {
  const child = spawn(command[0], [...command.slice(1), 'completion', 'bash'], { cwd });
  child.stdout.destroy();
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, complaint]).toEqual([0, '']);
});
