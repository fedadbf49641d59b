import { basename, dirname, join } from 'node:path';
import { type Finding, isTest } from './rules.ts';
import type { Source } from './source.ts';

/** The rooms of the house in the order of ARCHITECTURE.md: a room imports only rooms named before it. */
export const rooms = [
  ...['kernel', 'config', 'objects', 'warehouse', 'records', 'jobs', 'access', 'notify', 'documents'],
  ...['client', 'ui'],
]
  .map((name) => `src/platform/${name}`)
  .concat(
    [
      ...[
        'organization',
        'focus',
        'ingestion',
        'reporting',
        'allocation',
        'showback',
        'budgets',
        'anomalies',
      ],
      ...['journal', 'invoicing', 'payments', 'consolidation', 'close'],
    ].map((name) => `src/modules/${name}`),
    ['demo', 'server', 'cli', 'web'].map((name) => `src/apps/${name}`),
  );

/** The room of a file: `src/platform/kernel`; undefined outside `src`. */
export function roomOf(path: string): string | undefined {
  return /^src\/[^/]+\/[^/]+(?=\/)/.exec(path)?.[0];
}

interface Import {
  readonly target: string;
  readonly index: number;
  readonly typeOnly: boolean;
}

const statement =
  /\b(?:import|export)\b(\s+type\b)?[^;'"`()]*?\bfrom\s*'([^']+)'|\bimport\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

/** What a file imports or re-exports, dynamic imports included. */
function importsOf({ text, code }: Source): readonly Import[] {
  return [...text.matchAll(statement)]
    .filter((match) => /^(import|export)/.test(code.slice(match.index)))
    .map((match) => ({
      target: match[2] ?? match[3] ?? match[4] ?? '',
      index: match.index,
      typeOnly: match[1] !== undefined,
    }));
}

/** Imports go down only, and into another room by its door. */
export function importOrder(source: Source): Finding[] {
  const own = roomOf(source.path);
  if (!own) return [];
  return importsOf(source).flatMap(({ target, index }) => {
    if (!target.startsWith('.')) return [];
    const path = join(dirname(source.path), target);
    const other = roomOf(path);
    if (other === own) return [];
    if (!path.startsWith('src/')) {
      return [
        {
          index,
          advice: `'${target}' leaves src, and the built package with it; move what is needed into src`,
        },
      ];
    }
    if (!other || !rooms.includes(other) || !rooms.includes(own)) {
      return [
        {
          index,
          advice: `${other ?? path} or ${own} has no place in the order of rooms; name it in test/tidy/imports.ts`,
        },
      ];
    }
    if (rooms.indexOf(other) > rooms.indexOf(own)) {
      return [
        { index, advice: `${own} may not import ${other}, which comes later; move the shared part down` },
      ];
    }
    if (isDoor(source.path, path, other)) return [];
    return [{ index, advice: `import from ${other}/index.ts, and export the name there` }];
  });
}

function isDoor(from: string, path: string, room: string): boolean {
  if (path === `${room}/index.ts`) return true;
  if (isTest(from) && path.startsWith(`${room}/testing/`)) return true;
  // Contracts reach the browser, so they go around doors behind which `node:` stands; the query value is free of it.
  return (
    (isContract(from) || basename(from) === 'model.ts') &&
    (isContract(path) || basename(path) === 'cost-query.ts')
  );
}

/** The kernel is usable anywhere: no `node:`, and packages for their types only. */
export function kernelIsPure(source: Source): Finding[] {
  if (!source.path.startsWith('src/platform/kernel/') || isTest(source.path)) return [];
  return importsOf(source)
    .filter(({ target, typeOnly }) => !target.startsWith('.') && (target.startsWith('node:') || !typeOnly))
    .map(({ target, index }) => ({
      index,
      advice: `the kernel has no dependency: take '${target}' in as an argument`,
    }));
}

/** `contract.ts`, or `graph-contract.ts` where a module has several. */
function isContract(path: string): boolean {
  return /(^|-)contract\.ts$/.test(basename(path));
}

/** Contracts are shared with the browser. */
export function contractIsPortable(source: Source): Finding[] {
  if (!isContract(source.path)) return [];
  return importsOf(source)
    .filter(
      ({ target, typeOnly }) =>
        target.startsWith('node:') || (!target.startsWith('.') && target !== 'zod' && !typeOnly),
    )
    .map(({ target, index }) => ({
      index,
      advice: `contract.ts runs in the browser too: it may not import '${target}'`,
    }));
}

/** One room speaks to the engine. */
export function engineStaysBehindWarehouse(source: Source): Finding[] {
  if (/^(src\/platform\/warehouse|bench|test)\//.test(source.path) || isTest(source.path)) return [];
  return importsOf(source)
    .filter(({ target, typeOnly }) => target.startsWith('@duckdb/') && !typeOnly)
    .map(({ index }) => ({
      index,
      advice: 'DuckDB is called through src/platform/warehouse/engine.ts only',
    }));
}

/** One room speaks to PostgreSQL, in process or not. */
export function databaseStaysBehindRecords(source: Source): Finding[] {
  if (/^(src\/platform\/records|bench|test)\//.test(source.path) || isTest(source.path)) return [];
  return importsOf(source)
    .filter(({ target, typeOnly }) => /^(pg$|@electric-sql\/)/.test(target) && !typeOnly)
    .map(({ index }) => ({
      index,
      advice: 'PostgreSQL and PGlite are called through src/platform/records only',
    }));
}
