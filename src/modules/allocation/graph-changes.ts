import { z } from 'zod';
import { errors } from './errors.ts';
import { groupKey, type Part, type PartValues, partOf, shownKey, sortParts } from './graph-parts.ts';
import type { PartRef } from './graph-plan.ts';
import {
  edgeSchema,
  groupSchema,
  methodSchema,
  metricSchema,
  nodeIdSchema,
  nodeSchema,
  ruleSchema,
} from './model.ts';

const partId = z.string().min(1).max(450);

/** One thing to take out of a draft, or to put into it: a part that is there under the same key is replaced. */
export const graphChangeSchema = z.union([
  z.strictObject({
    remove: z.literal('node'),
    id: nodeIdSchema,
    /** Also the edges from and to it, and its groups. */
    withEdges: z.boolean().default(false),
  }),
  z.strictObject({ remove: z.enum(['edge', 'rule', 'metric']), id: partId }),
  z.strictObject({ remove: z.literal('group'), node: nodeIdSchema, name: z.string().max(100).default('') }),
  z.strictObject({ put: z.literal('node'), value: nodeSchema }),
  z.strictObject({ put: z.literal('edge'), value: edgeSchema }),
  z.strictObject({ put: z.literal('group'), value: groupSchema }),
  z.strictObject({ put: z.literal('metric'), value: metricSchema }),
  z.strictObject({
    put: z.literal('rule'),
    value: ruleSchema,
    /** Id of the rule that it comes before. When absent, it stays where it is, and a new rule comes last. */
    before: partId.optional(),
  }),
  z.strictObject({ put: z.literal('method'), value: methodSchema }),
]);
export type GraphChange = z.infer<typeof graphChangeSchema>;
export type GraphChangeInput = z.input<typeof graphChangeSchema>;

/**
 * The parts of a draft after changes, one after the other, sorted as `partsOf` sorts them. Refusal: `allocation.unknownPart`
 * for what is to be removed, or to be stood before, and is not there.
 */
export function applyChanges(graph: string, parts: readonly Part[], changes: readonly GraphChange[]): Part[] {
  const content = openContent(graph, parts);
  for (const change of changes) {
    if ('put' in change) {
      if (change.put === 'rule') content.putRule(change.value, change.before);
      else content.put(partOf(change.put, change.value));
      continue;
    }
    if (change.remove === 'node' && change.withEdges)
      for (const ref of content.partsAt(change.id)) content.remove(ref);
    content.remove({
      kind: change.remove,
      key: change.remove === 'group' ? groupKey(change) : change.id,
    });
  }
  return content.parts();
}

/** Parts that can be put, removed and found by the node that they stand at. */
function openContent(graph: string, parts: readonly Part[]) {
  const kept = new Map(parts.map((part) => [idOf(part), part]));
  let order = parts.filter(({ kind }) => kind === 'rule').map(({ key }) => key);
  /** Keys by node; made when it is first asked, and never cleaned: what is gone is no longer kept. */
  let byNode: Map<string, PartRef[]> | undefined;

  function remove({ kind, key }: PartRef): void {
    if (!kept.delete(idOf({ kind, key })))
      throw errors.unknownPart({ graph, part: `${kind} '${shownKey(key)}'` });
    if (kind === 'rule') order = order.filter((id) => id !== key);
  }

  function put(part: Part): void {
    kept.set(idOf(part), part);
    if (byNode) enter(byNode, part);
  }

  function putRule(value: PartValues['rule'], before: string | undefined): void {
    const part = partOf('rule', value, 0);
    const isNew = !kept.has(idOf(part));
    put(part);
    if (!isNew && before === undefined) return;
    order = order.filter((id) => id !== value.id);
    const place = before === undefined ? order.length : order.indexOf(before);
    if (place < 0) throw errors.unknownPart({ graph, part: `rule '${before}'` });
    order.splice(place, 0, value.id);
  }

  /** Edges from and to a node, and its groups. */
  function partsAt(node: string): PartRef[] {
    if (!byNode) {
      byNode = new Map();
      for (const part of kept.values()) enter(byNode, part);
    }
    const found = new Map((byNode.get(node) ?? []).map((ref) => [idOf(ref), ref]));
    return [...found].filter(([id]) => nodesOf(kept.get(id)).includes(node)).map(([, ref]) => ref);
  }

  return {
    put,
    putRule,
    remove,
    partsAt,
    parts: () => {
      const rules = order.map((key, index) => ({
        ...(kept.get(idOf({ kind: 'rule', key })) as Part),
        position: index + 1,
      }));
      return sortParts([...[...kept.values()].filter(({ kind }) => kind !== 'rule'), ...rules]);
    },
  };
}

function enter(byNode: Map<string, PartRef[]>, part: Part): void {
  for (const node of nodesOf(part)) {
    const refs = byNode.get(node) ?? [];
    byNode.set(node, refs);
    refs.push({ kind: part.kind, key: part.key });
  }
}

function nodesOf(part: Part | undefined): string[] {
  if (part?.kind === 'group') return [(JSON.parse(part.text) as PartValues['group']).node];
  if (part?.kind !== 'edge') return [];
  const { from, to } = JSON.parse(part.text) as PartValues['edge'];
  return [from, to];
}

function idOf({ kind, key }: PartRef): string {
  return `${kind} ${key}`;
}
