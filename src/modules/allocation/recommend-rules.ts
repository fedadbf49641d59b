import type { Filter } from '../../platform/warehouse/index.ts';
import type { AttributionRule, GraphDocument } from './model.ts';
import { type ColumnField, filterOf, parseTemplate } from './templates.ts';

/** Keys of the tags that rules ask for, in their conditions or templates, each once, sorted. */
export function tagKeysOf(rules: readonly AttributionRule[]): string[] {
  const fields = rules.flatMap(({ where, node, application }) => [
    ...(where === undefined ? [] : fieldsOfFilter(filterOf(where))),
    ...[node, application ?? ''].flatMap((template) =>
      parseTemplate(template).filter((part) => typeof part !== 'string'),
    ),
  ]);
  return [...new Set(fields.flatMap((field) => ('tag' in field ? [field.tag] : [])))].sort();
}

function fieldsOfFilter(filter: Filter): ColumnField[] {
  if ('and' in filter) return filter.and.flatMap(fieldsOfFilter);
  if ('or' in filter) return filter.or.flatMap(fieldsOfFilter);
  if ('not' in filter) return fieldsOfFilter(filter.not);
  return [filter.field];
}

/** Nodes from which cost may flow to a node, over any number of edges; without the node itself. */
export function upstreamOf({ edges }: Pick<GraphDocument, 'edges'>): (node: string) => readonly string[] {
  const sources = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const known = sources.get(to);
    if (known) known.push(from);
    else sources.set(to, [from]);
  }
  return (node) => {
    const seen = new Set([node]);
    const open = [node];
    for (let next = open.pop(); next !== undefined; next = open.pop())
      for (const from of sources.get(next) ?? [])
        if (!seen.has(from)) {
          seen.add(from);
          open.push(from);
        }
    seen.delete(node);
    return [...seen].sort();
  };
}
