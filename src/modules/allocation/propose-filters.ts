import type { Filter } from '../../platform/warehouse/index.ts';

/** As many values as one list of a filter takes. */
const mostValues = 1000;
/** Longer conditions are given as a value: a written one has at most 10,000 characters. */
const longest = 5000;

/** A tag as filters, templates and dimensions write it: `Tags.app`, `Tags["user:app"]`. */
export function tagText(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `Tags.${key}` : `Tags["${key.replaceAll('"', '""')}"]`;
}

/** `Tags.app in ('a', 'b')`, or `= 'a'` for one value; `not`: those that are none of them. At most the first thousand count. */
export function tagIn(key: string, values: readonly string[], not = false): string | Filter {
  const listed = values.slice(0, mostValues);
  const text = `${tagText(key)} ${listText(listed, not)}`;
  if (text.length <= longest) return text;
  return { field: { tag: key }, op: not ? 'not in' : 'in', values: listed };
}

/** The same for a column. */
export function columnIn(column: string, values: readonly string[]): string | Filter {
  const listed = values.slice(0, mostValues);
  const text = `${column} ${listText(listed, false)}`;
  return text.length <= longest ? text : { field: { column }, op: 'in', values: listed };
}

function listText(values: readonly string[], not: boolean): string {
  const quoted = values.map((value) => `'${value.replaceAll("'", "''")}'`);
  if (quoted.length === 1) return `${not ? '!=' : '='} ${quoted[0]}`;
  return `${not ? 'not in' : 'in'} (${quoted.join(', ')})`;
}
