import {
  compareDecimal,
  type Decimal,
  formatDecimal,
  parseDecimal,
  tryParseDecimal,
} from '../kernel/index.ts';
import type { comparisons, Filter } from './cost-query.ts';
import { bind, type Field, fieldOf, type QueryContext } from './query-columns.ts';
import { queryErrors } from './query-errors.ts';

type Scalar = string | number | boolean;
type Comparison = (typeof comparisons)[number];
type Ordering = '<' | '<=' | '>' | '>=';

const deepest = 50;

/**
 * A filter as an SQL condition with bound values. It has two values only: a comparison with null is false and its
 * negation true, so that a filter and its complement together hold every row, once.
 */
export function filterSql(context: QueryContext, filter: Filter): string {
  return conditionSql(context, filter, false, 0);
}

/** `negated` is carried down to the comparisons (De Morgan), because `not (null = 1)` is null in SQL. */
function conditionSql(context: QueryContext, filter: Filter, negated: boolean, depth: number): string {
  if (depth > deepest) throw queryErrors.tooDeep({ depth: deepest });
  const below = (part: Filter) => conditionSql(context, part, negated, depth + 1);
  if ('and' in filter) return join(filter.and.map(below), negated ? 'or' : 'and');
  if ('or' in filter) return join(filter.or.map(below), negated ? 'and' : 'or');
  if ('not' in filter) return conditionSql(context, filter.not, !negated, depth + 1);
  const field = fieldOf(context, filter.field);
  switch (filter.op) {
    case 'is null':
      return `${field.sql} is ${negated ? 'not ' : ''}null`;
    case 'is not null':
      return `${field.sql} is ${negated ? '' : 'not '}null`;
    case 'in':
      return orNull(inSql(context, field, filter.values), negated);
    case 'not in':
      return orNull(inSql(context, field, filter.values), !negated);
    case '!=':
      return orNull(comparisonSql(context, field, '=', filter.value), !negated);
    default:
      return orNull(comparisonSql(context, field, filter.op, filter.value), negated);
  }
}

interface Condition {
  /** True, false, or null where `subject` is null. */
  readonly sql: string;
  readonly subject: string;
}

function orNull({ sql, subject }: Condition, negated: boolean): string {
  return negated ? `(not (${sql}) or ${subject} is null)` : sql;
}

function join(parts: readonly string[], word: 'and' | 'or'): string {
  return `(${parts.join(` ${word} `)})`;
}

function inSql(context: QueryContext, field: Field, values: readonly Scalar[]): Condition {
  const listed = values.flatMap((value) => equalTo(context, field, value) ?? []);
  return {
    sql: listed.length === 0 ? 'false' : `${field.sql} in (${listed.join(', ')})`,
    subject: field.sql,
  };
}

function comparisonSql(
  context: QueryContext,
  field: Field,
  op: Exclude<Comparison, '!='>,
  value: Scalar,
): Condition {
  const subject = field.sql;
  if (op === '=') {
    const right = equalTo(context, field, value);
    return { sql: right === undefined ? 'false' : `${subject} = ${right}`, subject };
  }
  const isText = field.type === 'string' || field.type === 'json' || field.type === 'key';
  if (op === 'contains' || op === 'prefix') {
    if (!isText) throw unfit(field, op);
    const call = op === 'contains' ? 'contains' : 'starts_with';
    return { sql: `${call}(lower(${subject}), lower(${bind(context, textOf(value))}))`, subject };
  }
  switch (field.type) {
    case 'boolean':
      throw unfit(field, op);
    case 'decimal':
    case 'integer':
      return orderSql(context, field, op, value);
    case 'timestamp':
      return { sql: `${subject} ${op} ${instantSql(context, field, value)}`, subject };
    case 'key':
      if (typeof value === 'number')
        return orderSql(context, { ...field, sql: asNumber(subject), type: 'decimal' }, op, value);
  }
  return { sql: `${subject} ${op} ${bind(context, textOf(value))}`, subject };
}

/** The right side of an equality; undefined where no row can be equal, such as 0.5 in a column of whole numbers. */
function equalTo(context: QueryContext, field: Field, value: Scalar): string | undefined {
  switch (field.type) {
    case 'decimal':
    case 'integer': {
      const wanted = numberOf(field, value);
      const floor = floorAt(wanted, scaleOf(field));
      return compareDecimal(floor, wanted) === 0 && !isBeyond(floor) ? numberSql(context, floor) : undefined;
    }
    case 'timestamp':
      return instantSql(context, field, value);
    case 'boolean':
      return bind(context, booleanOf(field, value));
    default:
      return bind(context, textOf(value));
  }
}

/**
 * Orders numbers exactly: a bound with more decimals than the column has is moved to the column's next value
 * (x < 0.05 is x < 1 for an integer), and one beyond its range is decided here.
 */
function orderSql(context: QueryContext, field: Field, op: Ordering, value: Scalar): Condition {
  const wanted = numberOf(field, value);
  const scale = scaleOf(field);
  const floor = floorAt(wanted, scale);
  const exact = compareDecimal(floor, wanted) === 0;
  const edge = exact || op === '<=' || op === '>' ? floor : { units: floor.units + 1n, scale };
  const subject = field.sql;
  if (!isBeyond(edge)) return { sql: `${subject} ${op} ${numberSql(context, edge)}`, subject };
  const holds = op.startsWith('<') === edge.units > 0n;
  return { sql: holds ? `${subject} is not null` : 'false', subject };
}

/** Decimals are decimal(38,12) in the lake. */
function scaleOf(field: Field): number {
  return field.type === 'integer' ? 0 : 12;
}

/** More than the 38 digits that a column can hold. */
function isBeyond(number: Decimal): boolean {
  return number.units >= 10n ** 38n || number.units <= -(10n ** 38n);
}

function numberOf(field: Field, value: Scalar): Decimal {
  const number = typeof value === 'boolean' ? undefined : tryParseDecimal(String(value));
  if (!number) throw unfitValue(field, value, field.type === 'integer' ? '42' : '12.34');
  return number;
}

/** Whole numbers stay in 64 bits where they fit, so that the column keeps its own type in the comparison. */
function numberSql(context: QueryContext, number: Decimal): string {
  const text = bind(context, formatDecimal(number));
  if (number.scale > 0) return `cast(${text} as decimal(38,${number.scale}))`;
  return `cast(${text} as ${BigInt.asIntN(64, number.units) === number.units ? 'bigint' : 'hugeint'})`;
}

function floorAt(number: Decimal, scale: number): Decimal {
  if (number.scale <= scale) return { units: number.units * 10n ** BigInt(scale - number.scale), scale };
  const divisor = 10n ** BigInt(number.scale - scale);
  const quotient = number.units / divisor;
  const below = number.units < 0n && quotient * divisor !== number.units ? 1n : 0n;
  return { units: quotient - below, scale };
}

/** The text under a key as a number, null when it is none: the shape is checked because a cast alone accepts `1_000`. */
function asNumber(sql: string): string {
  const shape = `'[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?'`;
  return `case when regexp_full_match(${sql}, ${shape}) then try_cast(${sql} as decimal(38,12)) end`;
}

function textOf(value: Scalar): string {
  return typeof value === 'number' ? formatDecimal(parseDecimal(String(value))) : String(value);
}

const instantShape =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;

function instantSql(context: QueryContext, field: Field, value: Scalar): string {
  return `cast(${bind(context, instantOf(field, value))} as timestamp)`;
}

/** ISO 8601 to UTC with microseconds; a date alone is its midnight. Dates that do not exist are refused. */
function instantOf(field: Field, value: Scalar): string {
  const match = typeof value === 'string' ? instantShape.exec(value.trim()) : null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    match ?? [];
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const parsed = new Date(`${local}Z`);
  if (!match || Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 19) !== local)
    throw unfitValue(field, value, "'2026-10-01' or '2026-10-01T05:00:00Z'");
  const [sign, hours, minutes] = zone === 'Z' ? ['+', '0', '0'] : [zone[0], zone.slice(1, 3), zone.slice(-2)];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
  const utc = new Date(parsed.getTime() - offset).toISOString().slice(0, 19);
  return `${utc.replace('T', ' ')}.${fraction.padEnd(6, '0')}`;
}

function booleanOf(field: Field, value: Scalar): boolean {
  const text = String(value).toLowerCase();
  if (text !== 'true' && text !== 'false') throw unfitValue(field, value, 'true or false');
  return text === 'true';
}

const nullOperators = ['is null', 'is not null'];

function unfit(field: Field, op: string): Error {
  const orderings = field.type === 'boolean' ? [] : ['<', '<=', '>', '>='];
  const allowed = ['=', '!=', ...orderings, 'in', 'not in', ...nullOperators];
  return queryErrors.unfitOperator({ field: `'${field.label}'`, type: field.type, op, allowed });
}

function unfitValue(field: Field, value: Scalar, example: string): Error {
  return queryErrors.unfitValue({
    field: `'${field.label}'`,
    type: field.type,
    value: String(value),
    example,
  });
}
