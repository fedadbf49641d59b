import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { errors } from './errors.ts';

/** A table of a TOML document. */
export type Table = { readonly [key: string]: unknown };

/** A parsed TOML file that knows the line of every key. */
export interface TomlFile {
  /** As people should see it: relative to the current folder where that is shorter. */
  readonly name: string;
  readonly document: Table;
  /** `finops.toml:12` for the dotted path of a key (`aws.exports[0].uri`), or its closest parent. */
  readonly place: (path: string) => string;
}

/** Reads and parses a file; `undefined` when there is none. Refuses what is not TOML, without quoting the file. */
export function readTomlFile(path: string, name: string): TomlFile | undefined {
  const text = readText(path, name);
  if (text === undefined) return undefined;
  const lines = keyLines(text);
  return { name, document: parseToml(text, name), place: (key) => `${name}:${lineOf(lines, key)}` };
}

/** True for a table, false for text, numbers, dates and arrays. */
export function isTable(value: unknown): value is Table {
  return (
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value))
  );
}

function readText(path: string, name: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    if (reason === 'ENOENT') return undefined;
    throw errors.fileUnreadable({ file: name, reason });
  }
}

function parseToml(text: string, name: string): Table {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    // Only the first line of the message: the rest quotes the file, which may hold secrets.
    const problem = (cause.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw errors.syntax({ file: name, line: cause.line, column: cause.column, problem });
  }
}

const quoted = `"(?:\\\\.|[^"\\\\\\n])*"|'[^'\\n]*'`;
const keyPart = `(?:${quoted}|[\\w-]+)`;
const header = new RegExp(
  `[ \\t]*(\\[\\[?)[ \\t]*(${keyPart}(?:[ \\t]*\\.[ \\t]*${keyPart})*)[ \\t]*\\]`,
  'y',
);
const assignment = new RegExp(`[ \\t]*(${keyPart}(?:[ \\t]*\\.[ \\t]*${keyPart})*)[ \\t]*=`, 'y');
const token = new RegExp(
  `"""(?:\\\\[\\s\\S]|[^\\\\])*?"{3,5}|'''[\\s\\S]*?'{3,5}|${quoted}|#[^\\n]*|\\n|[[\\]{}]|[^"'#\\n[\\]{}]+|.`,
  'gy',
);

/** Line of every key outside inline tables. The parser keeps no positions, so the text is walked once more. */
function keyLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let line = 1;
  let depth = 0;
  let section = '';
  let statement = true;
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    if (statement) {
      const start = token.lastIndex;
      const table = matchAt(header, text, start);
      const key = table ? null : matchAt(assignment, text, start);
      if (table) {
        section = tablePath(table, counts);
        lines.set(section, line);
      } else if (key) {
        lines.set([section, ...parts(key[1] ?? '')].filter(Boolean).join('.'), line);
      }
      token.lastIndex = start + (table ?? key ?? [''])[0].length + (table?.[1] === '[[' ? 1 : 0);
      statement = false;
      continue;
    }
    const found = token.exec(text)?.[0];
    if (found === undefined) break;
    if (found === '[' || found === '{') depth++;
    if (found === ']' || found === '}') depth--;
    line += found.split('\n').length - 1;
    statement = found === '\n' && depth === 0;
  }
  return lines;
}

function tablePath(match: RegExpExecArray, counts: Map<string, number>): string {
  const names = parts(match[2] ?? '');
  // `[aws.exports.x]` after `[[aws.exports]]` belongs to the newest element.
  let path = '';
  for (const [index, name] of names.entries()) {
    path = path === '' ? name : `${path}.${name}`;
    const last = index === names.length - 1;
    if (last && match[1] === '[[') counts.set(path, (counts.get(path) ?? 0) + 1);
    const count = counts.get(path);
    if (count !== undefined) path = `${path}[${count - 1}]`;
  }
  return path;
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(text);
}

function parts(dotted: string): string[] {
  return [...dotted.matchAll(new RegExp(keyPart, 'g'))].map((match) => match[0].replace(/^["']|["']$/g, ''));
}

function lineOf(lines: ReadonlyMap<string, number>, path: string): number {
  for (let key = path; key !== ''; key = key.replace(/(^|[.[])[^.[]*$/, '')) {
    const line = lines.get(key);
    if (line !== undefined) return line;
  }
  return 1;
}
