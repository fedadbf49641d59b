import { basename } from 'node:path';
import {
  contractIsPortable,
  databaseStaysBehindRecords,
  engineStaysBehindWarehouse,
  importOrder,
  kernelIsPure,
} from './imports.ts';
import { lineAt, type Source } from './source.ts';

/** One place that breaks a rule, and what to do. */
export interface Finding {
  readonly index: number;
  readonly advice: string;
}

export interface Rule {
  readonly name: string;
  readonly check: (source: Source) => Finding[];
}

/** The rules that look at one file. */
export const rules: readonly Rule[] = [
  { name: 'imports go down, through index.ts', check: importOrder },
  { name: 'the kernel depends on nothing', check: kernelIsPure },
  { name: 'contracts run in the browser', check: contractIsPortable },
  { name: 'DuckDB stays behind the warehouse', check: engineStaysBehindWarehouse },
  { name: 'PostgreSQL stays behind the records', check: databaseStaysBehindRecords },
  { name: 'SQL lives where it may', check: sqlPlaces },
  { name: 'error tables are in errors.ts', check: errorTables },
  { name: 'files and folders are kebab-case', check: fileNames },
  { name: 'files have at most 400 lines', check: fileSizes },
  { name: 'nothing is untyped, unfinished or silenced', check: leftovers },
];

/** Test files and what only tests use. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$|\/testing\/|^test\//.test(path);
}

/** Files that hold error tables. */
export function isErrorFile(path: string): boolean {
  return /[/-]errors\.ts$/.test(path);
}

/** `file:line  rule: advice` for every finding. */
export function report(rule: Rule, source: Source): string[] {
  return rule
    .check(source)
    .map(({ index, advice }) => `${source.path}:${lineAt(source.text, index)}  ${rule.name}: ${advice}`);
}

const sqlPlace =
  /(^|\/)(warehouse|records)\.ts$|-sql\.ts$|^src\/platform\/(warehouse|records)\/|^src\/modules\/ingestion\/convert\/|^src\/apps\/demo\/|^bench\//;
const sql =
  /\bselect\s[\s\S]*\sfrom\s|\binsert\s+into\s|\bupdate\s+\S+\s+set\s|\bdelete\s+from\s|\bcreate\s+(or\s+replace\s+)?(temp(orary)?\s+)?(table|view|macro)\s|^\s*copy\s*\(/i;

function sqlPlaces({ path, literals }: Source): Finding[] {
  if (sqlPlace.test(path) || isTest(path)) return [];
  return literals
    .filter((literal) => sql.test(literal.text))
    .map(({ index }) => ({
      index,
      advice: 'this is SQL; move it to warehouse.ts, records.ts or a file named *-sql.ts of its module',
    }));
}

function errorTables({ path, code }: Source): Finding[] {
  if (isErrorFile(path) || path.startsWith('src/platform/kernel/') || isTest(path)) return [];
  return found(
    code,
    /\berrorTable\(/g,
    'move the table to errors.ts (or NAME-errors.ts) of its module: the error reference looks there',
  );
}

const kebab =
  /^[a-z0-9]+(-[a-z0-9]+)*(\.(pg|web|e2e|conformance))?(\.(test|config|build|d))?\.(ts|tsx|mjs|json)$/;

function fileNames({ path }: Source): Finding[] {
  const folders = path.split('/').slice(0, -1);
  const good =
    kebab.test(basename(path)) && folders.every((folder) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(folder));
  return good ? [] : [{ index: 0, advice: `rename it: '${basename(path)}' and its folders in kebab-case` }];
}

function fileSizes({ path, text }: Source): Finding[] {
  const lines = text.split('\n').length - 1;
  if (lines <= 400 || isTest(path)) return [];
  return [{ index: text.length - 1, advice: `${lines} lines; split it where it speaks of two things` }];
}

function leftovers({ text, code }: Source): Finding[] {
  return [
    ...found(code, /(?::|\bas|<|,|\|)\s*any\b(?!\s*[(:])/g, 'give it a type, or unknown'),
    ...found(code, /\.only\(/g, 'remove .only: it silences every other test'),
    ...found(text, /@ts-(?:ignore|nocheck)\b/g, 'mend the type, or expect the error with its reason'),
    ...found(text, /\b(?:TO)(?:DO)\b|\bFIX(?:ME)\b/g, 'do it, or write it into the issue'),
    ...found(
      text,
      /biome-(?:ignore)[\w-]*\s+[\w/]+(?!\s*:\s*\S|[\w/])/g,
      'say why: biome-ignore RULE: REASON',
    ),
  ];
}

function found(text: string, pattern: RegExp, advice: string): Finding[] {
  return [...text.matchAll(pattern)].map(({ index }) => ({ index, advice }));
}
