import { type Dimension, type Filter, grains, type Measure, type Operand } from './cost-query.ts';
import { queryErrors } from './query-errors.ts';

/**
 * The small language in which people write filters, dimensions and measures on a command line.
 *
 *     filter    = all { "or" all }                 all = each { "and" each }
 *     each      = "not" each | "(" filter ")" | operand test
 *     test      = ("=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" | "contains" | "prefix") value
 *               | ["not"] "in" "(" value { "," value } ")" | "is" ["not"] "null"
 *     operand   = column | column "." key | column "[" quoted "]"
 *     value     = 'text' | number | true | false
 *
 * `Tags` is the word for tags whatever the dataset's tags column is called; the key of any other JSON column is written
 * in the same way. Text stands in single or double quotes, a name with spaces or signs in double quotes; a quote is
 * doubled inside. There is no column on the right side.
 */
interface Scanner {
  readonly text: string;
  at: number;
}

const deepest = 50;

/** Reads a filter: `ServiceName = 'Amazon EC2' and Tags.app in ('a', 'b')`. A mistake is a refusal with its position. */
export function parseFilter(text: string): Filter {
  const scanner = { text, at: 0 };
  const filter = either(scanner, 0);
  end(scanner, "'and', 'or' or the end");
  return filter;
}

/**
 * Reads a dimension: `ServiceName`, `Tags.app`, `Tags["my key"]`, `SkuPriceDetails.InstanceSeries`, `day`, `billing:month`.
 * The words for periods win over a column of that name, which is then written in double quotes.
 */
export function parseDimension(text: string): Dimension {
  const time = /^\s*(?:(charge|billing):)?(hour|day|week|month|quarter|year)\s*$/i.exec(text);
  const grain = grains.find((name) => name === time?.[2]?.toLowerCase());
  if (grain) return { grain, of: time?.[1]?.toLowerCase() === 'billing' ? 'billing' : 'charge' };
  const scanner = { text, at: 0 };
  const dimension = operand(scanner, `a column, Tags.key, or a period (${grains.join(', ')})`);
  end(scanner, 'the end');
  return dimension;
}

/**
 * Reads a measure: `BilledCost` (a sum), `rows` (a count), `coverage(Tags.app, EffectiveCost)`.
 * `coverage(app)` is of the cost column `cost`, the one that the caller shows; without it the column must be written.
 */
export function parseMeasure(text: string, cost?: string): Measure {
  const scanner = { text, at: 0 };
  if (take(scanner, /rows\s*$/iy) !== undefined) return { count: 'rows' };
  if (take(scanner, /coverage\s*\(/iy) === undefined) {
    const sum = name(scanner, "a column, 'rows' or 'coverage(Tags.key, column)'");
    end(scanner, 'the end');
    return { sum };
  }
  take(scanner, /tags\s*\.\s*/iy);
  const isIndexed = take(scanner, /tags\s*(?=\[)/iy) !== undefined;
  const tag = isIndexed ? indexed(scanner) : key(scanner);
  const of = take(scanner, /,/y) === undefined ? cost : name(scanner, 'a cost column');
  if (of === undefined) throw mistake(scanner, "',' and a cost column");
  require(scanner, /\)/y, "')'");
  end(scanner, 'the end');
  return { coverage: { tag, of } };
}

function either(scanner: Scanner, depth: number): Filter {
  if (depth > deepest) throw queryErrors.tooDeep({ depth: deepest });
  const parts = [all(scanner, depth)];
  while (keyword(scanner, 'or')) parts.push(all(scanner, depth));
  return parts.length === 1 ? (parts[0] as Filter) : { or: parts };
}

function all(scanner: Scanner, depth: number): Filter {
  const parts = [each(scanner, depth)];
  while (keyword(scanner, 'and')) parts.push(each(scanner, depth));
  return parts.length === 1 ? (parts[0] as Filter) : { and: parts };
}

function each(scanner: Scanner, depth: number): Filter {
  if (depth > deepest) throw queryErrors.tooDeep({ depth: deepest });
  if (keyword(scanner, 'not')) return { not: each(scanner, depth + 1) };
  if (take(scanner, /\(/y) !== undefined) {
    const inner = either(scanner, depth + 1);
    require(scanner, /\)/y, "'and', 'or' or ')'");
    return inner;
  }
  return test(scanner, operand(scanner, "a column, Tags.key, 'not' or '('"));
}

function test(scanner: Scanner, field: Operand): Filter {
  if (keyword(scanner, 'is')) {
    const op = keyword(scanner, 'not') ? 'is not null' : 'is null';
    if (!keyword(scanner, 'null'))
      throw mistake(scanner, op === 'is null' ? "'null' or 'not null'" : "'null'");
    return { field, op };
  }
  if (keyword(scanner, 'in')) return { field, op: 'in', values: list(scanner) };
  if (keyword(scanner, 'not')) {
    if (!keyword(scanner, 'in')) throw mistake(scanner, "'in'");
    return { field, op: 'not in', values: list(scanner) };
  }
  if (keyword(scanner, 'contains')) return { field, op: 'contains', value: value(scanner) };
  if (keyword(scanner, 'prefix')) return { field, op: 'prefix', value: value(scanner) };
  const sign = require(scanner, /!=|<>|<=|>=|=|<|>/y, 'an operator (=, !=, <, <=, >, >=, in, contains, prefix, is null)');
  return {
    field,
    op: sign === '<>' ? '!=' : (sign as '=' | '!=' | '<' | '<=' | '>' | '>='),
    value: value(scanner),
  };
}

function list(scanner: Scanner): (string | number | boolean)[] {
  require(scanner, /\(/y, "'('");
  const values = [value(scanner)];
  while (take(scanner, /,/y) !== undefined) values.push(value(scanner));
  require(scanner, /\)/y, "',' or ')'");
  return values;
}

/** A bare number stays text where a binary float would change it: account `000123`, 20 digits of cost. */
function value(scanner: Scanner): string | number | boolean {
  const quoted = take(scanner, /'(?:[^']|'')*'|"(?:[^"]|"")*"/y);
  if (quoted !== undefined) return unquoted(quoted);
  if (keyword(scanner, 'true')) return true;
  if (keyword(scanner, 'false')) return false;
  const number = take(scanner, /[+-]?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?(?![\p{L}\p{N}_.:/-])/iuy);
  if (number === undefined) throw mistake(scanner, "a value: 'text' in quotes, a number, true or false");
  return String(Number(number)) === number ? Number(number) : number;
}

function operand(scanner: Scanner, expected: string): Operand {
  const column = name(scanner, expected);
  const isKey = take(scanner, /\./y) !== undefined;
  if (!isKey && take(scanner, /(?=\[)/y) === undefined) return { column };
  const under = isKey ? key(scanner) : indexed(scanner);
  return column.toLowerCase() === 'tags' ? { tag: under } : { column, key: under };
}

function name(scanner: Scanner, expected: string): string {
  const quoted = take(scanner, /"(?:[^"]|"")+"/y);
  if (quoted !== undefined) return unquoted(quoted);
  return require(scanner, /[\p{L}_][\p{L}\p{N}_]*/uy, expected);
}

/** Keys are freer than columns: `Tags.user:team`, `Tags.app.kubernetes.io/name`. */
function key(scanner: Scanner): string {
  const quoted = take(scanner, /"(?:[^"]|"")+"/y);
  if (quoted !== undefined) return unquoted(quoted);
  return require(scanner, /[^\s()[\],=<>!'"]+/y, 'a key, in double quotes if it has spaces or signs');
}

function indexed(scanner: Scanner): string {
  require(scanner, /\[/y, "'['");
  const quoted = require(scanner, /"(?:[^"]|"")+"|'(?:[^']|'')+'/y, 'a key in quotes');
  require(scanner, /\]/y, "']'");
  return unquoted(quoted);
}

function unquoted(quoted: string): string {
  const quote = quoted.charAt(0);
  return quoted.slice(1, -1).replaceAll(quote + quote, quote);
}

/** Takes a whole word in any case; `notes` is not `not`. */
function keyword(scanner: Scanner, word: string): boolean {
  return take(scanner, new RegExp(`${word}(?![\\p{L}\\p{N}_])`, 'iuy')) !== undefined;
}

function require(scanner: Scanner, pattern: RegExp, expected: string): string {
  const found = take(scanner, pattern);
  if (found === undefined) throw mistake(scanner, expected);
  return found;
}

/** What matches here after any blanks, or undefined; `pattern` is sticky. */
function take(scanner: Scanner, pattern: RegExp): string | undefined {
  skipBlanks(scanner);
  pattern.lastIndex = scanner.at;
  const match = pattern.exec(scanner.text);
  if (!match) return undefined;
  scanner.at += match[0].length;
  return match[0];
}

function skipBlanks(scanner: Scanner): void {
  while (/\s/.test(scanner.text.charAt(scanner.at))) scanner.at++;
}

function end(scanner: Scanner, expected: string): void {
  skipBlanks(scanner);
  if (scanner.at < scanner.text.length) throw mistake(scanner, expected);
}

function mistake(scanner: Scanner, expected: string): Error {
  skipBlanks(scanner);
  const word = /^(?:[\p{L}\p{N}_.:/-]+|.)/u.exec(scanner.text.slice(scanner.at))?.[0];
  const found = word === undefined ? 'the end' : `'${word.slice(0, 40)}'`;
  return queryErrors.syntax({ text: scanner.text.slice(0, 200), position: scanner.at + 1, found, expected });
}
