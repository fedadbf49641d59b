import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTomlFile } from './toml-file.ts';

function placeOf(text: string, key: string): string | undefined {
  const path = join(mkdtempSync(join(tmpdir(), 'finops-toml-')), 'x.toml');
  writeFileSync(path, text);
  return readTomlFile(path, 'x.toml')?.place(key);
}

it.each([
  ['a = 1\nb.c = 2\n', 'b.c', 2],
  ['a = """\nb = 1\n"""\nb = 2\n', 'b', 4],
  ["a = '''\n[b]\n'''\n[b]\nc = 1\n", 'b.c', 5],
  ['a = [ # list = 1\n  "x",\n  "]",\n]\nb = 2\n', 'b', 5],
  ['[ a . "b" ]\r\n# c = 0\r\nc = 1\r\n', 'a.b.c', 3],
  ['[[a]]\nb = 1\n\n[[a]]\nb = 2\n[a.c]\nd = 3\n', 'a[1].b', 5],
  ['[[a]]\nb = 1\n\n[[a]]\nb = 2\n[a.c]\nd = 3\n', 'a[1].c.d', 7],
  ['\na = { b = 1 }\n', 'a.b', 2],
  ['a = "\\"#"\nb = 1', 'b', 2],
])('finds the line of a key: %j, %s', (text, key, line) => {
  expect(placeOf(text, key)).toBe(`x.toml:${line}`);
});

it('knows no file where there is none', () => {
  expect(readTomlFile(join(mkdtempSync(join(tmpdir(), 'finops-toml-')), 'x.toml'), 'x.toml')).toBeUndefined();
});
