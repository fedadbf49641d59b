import { Refusal } from '../../platform/kernel/index.ts';
import { type Dimension, type Filter, parseDimension, parseFilter } from '../../platform/warehouse/index.ts';
import { errors } from './errors.ts';

/** A column, a tag, or a key of a JSON column: everything that a dimension of a cost query can be, but a period of time. */
export type ColumnField = Exclude<Dimension, { readonly grain: unknown }>;

/** A template in its parts: text as it stands, and columns whose values are put in their place. */
export type TemplatePart = string | ColumnField;

/**
 * Reads a template: `app:{Tags.app}` is `['app:', { tag: 'app' }]`. Between braces stands what `--by` of a cost query takes:
 * `{SubAccountId}`, `{Tags["my key"]}`, `{SkuPriceDetails.InstanceSeries}`. A brace cannot be text. What is wrong is a
 * refusal, `allocation.unfitTemplate`, that names the template.
 */
export function parseTemplate(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let rest = template;
  while (rest !== '') {
    const [text = ''] = /^[^{}]*/.exec(rest) ?? [];
    if (text !== '') parts.push(text);
    rest = rest.slice(text.length);
    if (rest === '') break;
    // A quoted key may hold a brace.
    const [whole, column] = /^\{((?:"[^"]*"|'[^']*'|[^{}"'])*)\}/.exec(rest) ?? [];
    if (whole === undefined || column === undefined)
      throw errors.unfitTemplate({ template, problem: `'${rest.slice(0, 40)}' is no column in braces` });
    parts.push(fieldIn(template, column));
    rest = rest.slice(whole.length);
  }
  return parts;
}

function fieldIn(template: string, column: string): ColumnField {
  const field = parsed(template, column);
  if ('grain' in field) throw errors.unfitTemplate({ template, problem: `'${column}' is a period of time` });
  return field;
}

function parsed(template: string, column: string): Dimension {
  try {
    return parseDimension(column);
  } catch (error) {
    if (error instanceof Refusal) throw errors.unfitTemplate({ template, problem: error.message });
    throw error;
  }
}

/**
 * The column whose values are a run's dimensions: `ServiceCategory`, `Tags.team`. A period of time, or what is no column, is
 * refused (`allocation.unfitDimension`).
 */
export function parseRunDimension(dimension: string): ColumnField {
  const field = parseDimension(dimension);
  if ('grain' in field) throw errors.unfitDimension({ dimension });
  return field;
}

/** A condition of a rule or metric, written or given as a value. A mistake in the text is a refusal (`query.syntax`). */
export function filterOf(condition: string | Filter): Filter {
  return typeof condition === 'string' ? parseFilter(condition) : condition;
}

/** The columns that a filter names, as it spells them. `Tags.app` is the tags column's, which every bill has: left out. */
export function columnsOfFilter(filter: Filter): string[] {
  if ('and' in filter) return filter.and.flatMap(columnsOfFilter);
  if ('or' in filter) return filter.or.flatMap(columnsOfFilter);
  if ('not' in filter) return columnsOfFilter(filter.not);
  return columnsOfField(filter.field);
}

/** The column that a field names, if it names one. */
export function columnsOfField(field: ColumnField): string[] {
  return 'column' in field ? [field.column] : [];
}
