import {
  Composer,
  type CST,
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
} from 'yaml';
import type { Problem } from './graph-yaml-findings.ts';
import type { Position } from './graph-yaml-positions.ts';

/** A YAML text as a tree that knows its places, and what is no YAML in it. */
export interface ReadYaml {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly errors: readonly SyntaxProblem[];
}

export interface SyntaxProblem {
  readonly isTwice: boolean;
  readonly problem: string;
  readonly position: Position;
}

/**
 * Reads a text; undefined when collections stand in each other more than `levels` deep. The tree is built by recursion, and a file
 * that exhausts the stack there can end the process, so the levels are counted on the tokens before, which need none.
 */
export function readYaml(text: string, levels: number): ReadYaml | undefined {
  const lines = new LineCounter();
  const depth = { isTooDeep: false };
  const composer = new Composer({ logLevel: 'error' });
  const [document, second] = composer.compose(tokensOf(text, { lines, levels, depth }), true, text.length);
  if (depth.isTooDeep || !document) return undefined;
  const errors = [...document.errors, ...document.warnings].map(({ code, message, pos: [at] }) => {
    const isTwice = code === 'DUPLICATE_KEY';
    const problem = isTwice ? 'This name stands twice in one object.' : message;
    return { isTwice, problem, position: placeOf(lines, at) };
  });
  if (second) {
    const problem = 'A second document begins here; a file has one.';
    errors.push({ isTwice: false, problem, position: placeOf(lines, second.range?.[0] ?? 0) });
  }
  return { document: document as Document, lines, errors };
}

function* tokensOf(
  text: string,
  {
    lines,
    levels,
    depth,
  }: { readonly lines: LineCounter; readonly levels: number; readonly depth: { isTooDeep: boolean } },
): Generator<CST.Token, void, undefined> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    // What is open is on the parser's stack: a document and what is being read are two of it.
    depth.isTooDeep = parser.stack.length > levels + 2;
    if (depth.isTooDeep) return;
  }
  yield* parser.end();
}

/** An offset in the text as line and column, from 1. */
export function placeOf(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** As a name it would be lost on the way. */
export const forbiddenName = '__proto__';

/** A node of the tree with the way to it. */
interface Visited {
  readonly node: unknown;
  readonly above?: Visited;
  readonly step?: PropertyKey;
}

/**
 * What is YAML and still not what was meant: names that cannot be, and whole numbers that are other numbers than their digits, or
 * have more of them than a number holds. Looks without recursion.
 */
export function oddities(document: Document): Problem[] {
  const problems: Problem[] = [];
  const open: Visited[] = [{ node: document.contents }];
  for (let visited = open.pop(); visited; visited = open.pop()) {
    const { node } = visited;
    if (isScalar(node)) problems.push(...changedNumber(visited, node.value, node.source));
    if (isSeq(node)) node.items.forEach((item, step) => void open.push({ node: item, above: visited, step }));
    if (!isMap(node)) continue;
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const step = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      if (step === forbiddenName) {
        const problem = `'${forbiddenName}' cannot be a name.`;
        problems.push({ code: 'unknownField', path: pathTo(visited), name: forbiddenName, problem });
      }
      open.push({ node: pair.value, above: visited, step });
    }
  }
  return problems;
}

function changedNumber(visited: Visited, value: unknown, source: string | undefined): Problem[] {
  if (typeof value !== 'number' || source === undefined) return [];
  const isWhole = /^[-+]?\d+$|^0[xo]/.test(source);
  if (!isWhole || String(value) === source.replace(/^\+/, '')) return [];
  const problem = `${source} is read as the number ${value}. If it is a name, put it in quotes.`;
  return [{ code: 'numberChanged', path: pathTo(visited), problem }];
}

function pathTo(visited: Visited): PropertyKey[] {
  const path: PropertyKey[] = [];
  for (let at: Visited | undefined = visited; at; at = at.above)
    if (at.step !== undefined) path.push(at.step);
  return path.reverse();
}
