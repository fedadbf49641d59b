import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodesOf, errorPage, unusedCodes } from './tidy/error-reference.ts';
import { roomOf, rooms } from './tidy/imports.ts';
import { report, rules } from './tidy/rules.ts';
import { lineAt, listFiles, readSource, root, type Source, sourceOf } from './tidy/source.ts';

const files = listFiles();
const sources: readonly Source[] = files
  .filter((path) => /^(src|test|bench|scripts)\/.*\.(ts|tsx|mjs)$|^[^/]+\.ts$/.test(path))
  .map(readSource);

/** Fails with every finding on its own line. */
function expectNone(findings: readonly string[]): void {
  expect(findings.join('\n')).toBe('');
}

describe('the house rules hold', () => {
  it.each(rules)('$name', (rule) => {
    expectNone(sources.flatMap((source) => report(rule, source)));
  });

  it('every room of the platform and every module has a README.md and an index.ts', () => {
    const used = new Set(sources.map((source) => roomOf(source.path)).filter((room) => room !== undefined));
    const missing = [...used]
      .filter((room) => !room.startsWith('src/apps/'))
      .flatMap((room) => [`${room}/README.md`, `${room}/index.ts`])
      .filter((path) => !existsSync(join(root, path)));
    expectNone(
      missing.map((path) => `${path}  is missing: say what the room owns, and name what others may import`),
    );
    expectNone(
      [...used]
        .filter((room) => !rooms.includes(room))
        .map((room) => `${room}  has no place in test/tidy/imports.ts`),
    );
  });

  it('no file names a folder of somebody’s machine', () => {
    const texts = files.filter((path) => /\.(ts|tsx|mjs|js|json|md|toml|ya?ml|sh)$|^[^.]+$/.test(path));
    expectNone(texts.flatMap((path) => machinePaths(path, readFileSync(join(root, path), 'utf8'))));
  });
});

describe('docs/errors.md', async () => {
  const codes = await errorCodesOf(sources);

  it('lists every error code as the code has it (update it with vitest -u)', async () => {
    await expect(errorPage(codes)).toMatchFileSnapshot(join(root, 'docs/errors.md'));
  });

  it('lists no code twice, and none that nothing throws', () => {
    expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length);
    expectNone(unusedCodes(codes, sources));
  });
});

describe('each rule finds what it forbids', () => {
  it.each([
    ['src/platform/objects/x.ts', "import { a } from '../warehouse/index.ts';", 'comes later'],
    ['src/modules/focus/x.ts', "const a = await import('../reporting/index.ts');", 'comes later'],
    [
      'src/platform/objects/x.ts',
      "export { a } from '../kernel/decimal.ts';",
      'src/platform/kernel/index.ts',
    ],
    ['src/platform/objects/x.ts', "import '../../../test/tidy.ts';", 'leaves src'],
    ['src/modules/cheese/x.ts', "import { a } from '../focus/index.ts';", 'no place in the order'],
    ['src/platform/kernel/x.ts', "import { a } from 'node:fs';", 'the kernel has no dependency'],
    ['src/platform/kernel/x.ts', "import { z } from 'zod';", 'the kernel has no dependency'],
    ['src/modules/focus/contract.ts', "import type { A } from 'node:fs';", 'runs in the browser'],
    ['src/apps/cli/x.ts', "import { DuckDBInstance } from '@duckdb/node-api';", 'engine.ts only'],
    ['src/modules/focus/x.ts', "import pg from 'pg';", 'through src/platform/records only'],
    ['src/apps/cli/x.ts', `run(\`\n  select a\n  from \${b}\`);`, 'this is SQL'],
    ['src/apps/cli/x.ts', "run('delete from t where x');", 'this is SQL'],
    ['src/apps/cli/x.ts', "const e = errorTable('x', {});", 'errors.ts'],
    ['src/apps/cli/someFile.ts', '', 'kebab-case'],
    ['src/apps/cli/x.ts', 'a;\n'.repeat(401), '401 lines'],
    ['src/apps/cli/x.ts', 'const a: any = 1;', 'give it a type'],
    ['src/apps/cli/x.ts', 'const a = b as any;', 'give it a type'],
    ['src/apps/cli/x.ts', 'const a: Map<string, any> = 1;', 'give it a type'],
    ['src/apps/cli/x.test.ts', "it.only('x', () => {});", 'remove .only'],
    ['src/apps/cli/x.ts', `// @ts-${'ignore'}`, 'mend the type'],
    ['src/apps/cli/x.ts', `// ${'TO'}${'DO'}: later`, 'do it'],
    ['src/apps/cli/x.ts', `// biome-${'ignore'} lint/style/noVar`, 'say why'],
  ])('in %s', (path, text, advice) => {
    const findings = rules.flatMap((rule) => report(rule, sourceOf(path, text)));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(advice);
  });

  it.each([
    ['src/modules/reporting/x.ts', "import { a } from '../focus/index.ts';\nimport { b } from './y.ts';"],
    ['src/modules/reporting/contract.ts', "import { a } from '../../platform/warehouse/cost-query.ts';"],
    ['src/modules/reporting/x.test.ts', "import { a } from '../focus/testing/rows.ts';"],
    ['src/platform/kernel/x.ts', "import type { z } from 'zod';"],
    ['src/modules/focus/warehouse.ts', 'run(`select a from b`);'],
    ['src/apps/cli/x.ts', "// select a from b: any .only(\nsay('Choose any month from the list');"],
    ['src/apps/cli/x.ts', `const a = /[\`'"]/.test(b) ? \`\${c(\`}\`)}\` : 1 / 2; const d = "/*";`],
    ['src/apps/cli/x.ts', `// biome-${'ignore'} lint/style/noVar: the tool wants it`],
  ])('%s may say %j', (path, text) => {
    expectNone(rules.flatMap((rule) => report(rule, sourceOf(path, text))));
  });

  it('names the line', () => {
    const rule = rules.find(({ name }) => name.startsWith('nothing is untyped'));
    expect(rule && report(rule, sourceOf('src/a/b/x.ts', `a;\n/* any */ \`\${b}\n\`;\nlet c: any;`))).toEqual(
      ['src/a/b/x.ts:4  nothing is untyped, unfinished or silenced: give it a type, or unknown'],
    );
  });

  it('knows a path of a machine from a path of a URL', () => {
    expect(machinePaths('x.md', `see /${'home'}/ann/x`)).toHaveLength(1);
    expect(machinePaths('x.md', `https://example.com/${'home'}/x and ./${'work'}/y`)).toEqual([]);
  });
});

function machinePaths(path: string, text: string): string[] {
  const folder = /(?<![\w.~:/-])\/(?:work|root|home|Users)\/\w/g;
  return [...text.matchAll(folder)].map(
    ({ index }) => `${path}:${lineAt(text, index)}  names a folder of one machine: write a relative path`,
  );
}
