import { join } from 'node:path';
import { exitCodes } from '../../src/platform/kernel/index.ts';
import { roomOf } from './imports.ts';
import { isErrorFile, isTest } from './rules.ts';
import { root, type Source } from './source.ts';

/** One error code as the code has it. */
export interface ErrorCode {
  readonly code: string;
  readonly status: number;
  readonly exit: string;
  /** The sentence, with `<name>` where a fact is put in. */
  readonly sentence: string;
  /** The errors.ts that holds it. */
  readonly path: string;
}

type Thrower = (params: unknown) => { code: string; status: number; exitCode: number; message: string };

/** Every code of every `errors.ts`, sorted; the tables are loaded and asked. */
export async function errorCodesOf(sources: readonly Source[]): Promise<readonly ErrorCode[]> {
  const codes: ErrorCode[] = [];
  for (const { path, code: text } of sources) {
    if (!isErrorFile(path) || isTest(path) || !text.includes('errorTable(')) continue;
    const exported = (await import(join(root, path))) as Record<string, unknown>;
    for (const table of Object.values(exported).filter(isTable)) {
      for (const thrower of Object.values(table)) {
        const { code, status, exitCode, message } = thrower(placeholder('params'));
        codes.push({ code, status, exit: exitName(exitCode), sentence: message, path });
      }
    }
  }
  return codes.sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** docs/errors.md as it should be. */
export function errorPage(codes: readonly ErrorCode[]): string {
  const rows = codes.map(
    ({ code, status, exit, sentence }) => `| \`${code}\` | ${status} | ${exit} | ${escapeCell(sentence)} |`,
  );
  return `# Errors

A refusal has a stable code. The command line prints \`code: sentence\` on stderr, or with \`--json\`
\`{"schemaVersion":1,"error":{"code","message","params"}}\` on stdout, and ends with the exit code. The HTTP API answers
with the status and an RFC 9457 problem that carries the code. \`<name>\` stands for a fact of the case; a part of a sentence
that depends on the case may be missing.

| Code | HTTP | Exit | Sentence |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

/** Codes that nothing throws: \`errors.name\` of the table is not mentioned in its room. */
export function unusedCodes(codes: readonly ErrorCode[], sources: readonly Source[]): string[] {
  return codes
    .filter(({ code, path }) => {
      const name = code.split('.').at(-1) ?? code;
      const use = new RegExp(`[eE]rrors\\s*\\.${name}\\b`);
      return !sources.some(
        (source) => !isTest(source.path) && roomOf(source.path) === roomOf(path) && use.test(source.code),
      );
    })
    .map(({ code, path }) => `${path}  ${code} is thrown nowhere: throw it or remove it`);
}

function isTable(value: unknown): value is Record<string, Thrower> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((item) => typeof item === 'function')
  );
}

/** Stands for any fact: reads as `<name>`, and bears what sentences do with lists, numbers and texts. */
function placeholder(name: string): unknown {
  return new Proxy(() => undefined, {
    get: (_, key) => {
      if (key === Symbol.toPrimitive || key === 'toString') return () => `<${name}>`;
      if (key === Symbol.iterator) return [][Symbol.iterator];
      return placeholder(name === 'params' ? String(key) : name);
    },
    apply: () => placeholder(name),
  });
}

function exitName(exitCode: number): string {
  const name = Object.entries(exitCodes).find(([, code]) => code === exitCode)?.[0];
  return `${exitCode} ${name?.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`;
}

function escapeCell(text: string): string {
  return text.replace(/[|<>]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}
