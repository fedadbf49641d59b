import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { expect, it } from 'vitest';

/** The files and packages that a module loads before it runs: not those that it imports when it needs them, nor types. */
async function loadedBy(file: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = await readFile(file, 'utf8');
  const imports = text.matchAll(/^(?:import|export) (?!type )(?:[^'";]*? from )?'([^']+)'/gm);
  for (const [, name = ''] of imports) {
    if (name.startsWith('.')) await loadedBy(resolve(dirname(file), name), seen);
    else if (!name.startsWith('node:')) seen.add(name);
  }
  return seen;
}

it('finops starts with two small packages: engine, records, charts, YAML and schemas wait until they are needed', async () => {
  const loaded = [...(await loadedBy(resolve(import.meta.dirname, 'main.ts')))];
  expect(loaded.filter((name) => !name.startsWith('/')).sort()).toEqual(['commander', 'smol-toml']);
  const modules = loaded.filter((name) => /\/src\/(modules|apps\/(server|demo))\//.test(name));
  expect(modules.map((name) => name.replace(/^.*\/src\//, ''))).toEqual([]);
  // Each file costs about half a millisecond.
  expect(loaded.length).toBeLessThan(125);
});
