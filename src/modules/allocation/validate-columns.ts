import { nearestNames, Refusal } from '../../platform/kernel/index.ts';
import type { ColumnType, Filter } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import type { GraphFinding } from './model.ts';
import {
  type ColumnField,
  filterOf,
  parseRunDimension,
  parseTemplate,
  type TemplatePart,
} from './templates.ts';
import { finding } from './validate-findings.ts';

type Condition = string | Filter;

/** Columns of every bill, by their name in lower case: a query takes them in any case. */
const columns: ReadonlyMap<string, { readonly name: string; readonly type: ColumnType }> = new Map(
  [...costDataset.columns, ...costDataset.derived].map(({ name, type }) => [
    name.toLowerCase(),
    { name, type },
  ]),
);
const columnNames = [...columns.values()].map(({ name }) => name);

/** Reads a condition and looks for its columns in a bill: `ServiceNam = 'x'` → `unknownColumn`, near is ServiceName. */
export function validateCondition(condition: Condition, path: string): GraphFinding[] {
  const filter = attempt(() => filterOf(condition));
  if ('problem' in filter) return [finding('malformedCondition', path, { problem: filter.problem })];
  return fieldsOf(filter.value).flatMap((field) => columnFindings(field, path));
}

/** A template that was read, if it can be, and what is wrong with it. */
export function validateTemplate(
  template: string,
  path: string,
): { readonly parts?: readonly TemplatePart[]; readonly findings: readonly GraphFinding[] } {
  const parts = attempt(() => parseTemplate(template));
  if ('problem' in parts) {
    return { findings: [finding('malformedTemplate', path, { template, problem: parts.problem })] };
  }
  const findings = parts.value.flatMap((part) => {
    if (typeof part === 'string') return [];
    const wrong = columnFindings(part, path);
    if (wrong.length > 0 || isText(part)) return wrong;
    const problem = `'${nameOf(part)}' is a time, an amount or a whole object, which makes no name`;
    return [finding('malformedTemplate', path, { template, problem })];
  });
  return { parts: parts.value, findings };
}

/** The column whose values are a run's dimensions. */
export function validateDimension(dimension: string, path: string): GraphFinding[] {
  const field = attempt(() => parseRunDimension(dimension));
  if ('problem' in field) return [finding('malformedDimension', path, { dimension, problem: field.problem })];
  const wrong = columnFindings(field.value, path);
  if (wrong.length > 0 || isText(field.value)) return wrong;
  const problem = 'it is a time, an amount or a whole object.';
  return [finding('malformedDimension', path, { dimension, problem })];
}

/** A column of a provider (`x_…`) is known only when its bills are there. */
function columnFindings(field: ColumnField, path: string): GraphFinding[] {
  if ('tag' in field || field.column.toLowerCase().startsWith('x_')) return [];
  const { column, key } = field;
  const known = columns.get(column.toLowerCase());
  if (!known) return [finding('unknownColumn', path, { column, nearest: nearestNames(column, columnNames) })];
  if (key === undefined || known.type === 'json') return [];
  return [finding('columnHasNoKeys', path, { column: known.name, key })];
}

/** True for what has a text to make names of: all but times, amounts and JSON objects. */
function isText(field: ColumnField): boolean {
  if ('tag' in field || field.key !== undefined) return true;
  const type = columns.get(field.column.toLowerCase())?.type;
  return type === undefined || type === 'string' || type === 'integer' || type === 'boolean';
}

function nameOf(field: ColumnField): string {
  return 'tag' in field ? field.tag : field.column;
}

/** Every field that a filter compares, in its order; a filter may be nested deeply. */
function fieldsOf(filter: Filter): ColumnField[] {
  const fields: ColumnField[] = [];
  const open = [filter];
  for (let next = open.pop(); next; next = open.pop()) {
    if ('and' in next) open.push(...[...next.and].reverse());
    else if ('or' in next) open.push(...[...next.or].reverse());
    else if ('not' in next) open.push(next.not);
    else fields.push(next.field);
  }
  return fields;
}

/** What was read, or the sentence with which it was refused. */
function attempt<T>(read: () => T): { readonly value: T } | { readonly problem: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { problem } = error.params;
    return { problem: typeof problem === 'string' ? problem : error.message };
  }
}
