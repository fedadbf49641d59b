import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The root of the repository. */
export const root = join(import.meta.dirname, '../..');

/** A TypeScript file as the house rules see it. */
export interface Source {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the inside of literals blanked; same length, same lines. */
  readonly code: string;
  /** String and template literals; what a template interpolates is ` ? `. */
  readonly literals: readonly { readonly text: string; readonly index: number }[];
}

const skipped = new Set(['node_modules', 'dist', '.git', 'data', 'demo', 'coverage', '.cache']);

/** Every file of the repository below the given folder, from the root, sorted. Build results and data are left out. */
export function listFiles(folder = ''): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  const atRoot = folder === '';
  return entries
    .filter(
      (entry) => !skipped.has(entry.name) || (!atRoot && !['node_modules', '.cache'].includes(entry.name)),
    )
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : entry.isFile() ? [path] : [];
    })
    .map((path) => relative('', path))
    .sort();
}

/** Reads and scans a file of the repository. */
export function readSource(path: string): Source {
  return sourceOf(path, readFileSync(join(root, path), 'utf8'));
}

/** A source from its text. */
export function sourceOf(path: string, text: string): Source {
  const blanked = text.split('');
  const literals: { text: string; index: number }[] = [];
  scanCode(text, 0, blanked, literals);
  return { path, text, code: blanked.join(''), literals };
}

/** 1-based line of an index. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

type Literals = { text: string; index: number }[];

const skip = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y;
const regex = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const beforeRegex = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|await|yield))\s*$/;

/** Walks code from `start` to the end, or to the `}` that closes a template's `${`; gives the index after it. */
function scanCode(text: string, start: number, blanked: string[], literals: Literals): number {
  let depth = 0;
  let index = start;
  while (index < text.length) {
    const character = text[index];
    const token = matchAt(skip, text, index);
    if (token !== undefined) {
      const isComment = token.startsWith('/');
      if (!isComment) literals.push({ text: token.slice(1, -1), index });
      blank(blanked, index + (isComment ? 0 : 1), index + token.length - (isComment ? 0 : 1));
      index += token.length;
    } else if (character === '`') {
      index = scanTemplate(text, index, blanked, literals);
    } else if (
      character === '/' &&
      beforeRegex.test(blanked.slice(Math.max(0, index - 40), index).join(''))
    ) {
      const found = matchAt(regex, text, index) ?? '/';
      blank(blanked, index + 1, index + found.length);
      index += found.length;
    } else {
      if (character === '{') depth++;
      if (character === '}' && depth-- === 0 && start > 0) return index + 1;
      index++;
    }
  }
  return index;
}

function scanTemplate(text: string, start: number, blanked: string[], literals: Literals): number {
  let content = '';
  let index = start + 1;
  while (index < text.length && text[index] !== '`') {
    if (text.startsWith('${', index)) {
      content += ' ? ';
      index = scanCode(text, index + 2, blanked, literals);
    } else {
      const size = text[index] === '\\' ? 2 : 1;
      content += text.slice(index, index + size);
      blank(blanked, index, index + size);
      index += size;
    }
  }
  literals.push({ text: content, index: start });
  return index + 1;
}

function matchAt(pattern: RegExp, text: string, index: number): string | undefined {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0];
}

function blank(blanked: string[], from: number, to: number): void {
  for (let index = from; index < to; index++) if (blanked[index] !== '\n') blanked[index] = ' ';
}
