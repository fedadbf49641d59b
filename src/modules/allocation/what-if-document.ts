import { z } from 'zod';
import type { Tx } from '../../platform/records/index.ts';
import { errors } from './errors.ts';
import { applyChanges } from './graph-changes.ts';
import { canonicalJson, documentOf, partsOf } from './graph-parts.ts';
import { graphDocument } from './graphs.ts';
import { edgeIdOf, edgeSchema, type GraphDocument, type GraphEdge } from './model.ts';
import type { EdgeChange, WhatIfRequest } from './what-if-contract.ts';

/**
 * The graph as it would be: the document given, the open draft, or else the one that is in force (`base`), with the changes on top.
 * Refusals: `allocation.unknownPart` for what is to be changed and is not there; `allocation.unfitChange` for parameters that do
 * not fit; `allocation.unknownVersion` without a draft.
 */
export async function documentAsked(
  tx: Tx,
  request: Pick<WhatIfRequest, 'graph' | 'document' | 'draft' | 'changes' | 'edges'>,
  base: GraphDocument,
): Promise<GraphDocument> {
  const { graph, document, draft, changes, edges } = request;
  const start = document ?? (draft === true ? (await graphDocument(tx, graph, 'draft')).document : base);
  // Parts are made of the whole document: half a second of a large one, which other parameters of edges do without.
  const changed = changes.length === 0 ? start : documentOf(applyChanges(graph, partsOf(start), changes));
  if (edges.length === 0) return changed;
  const replaced = new Map<GraphEdge, GraphEdge>();
  for (const change of edges) {
    const edge = edgeNamed(graph, changed, change.edge);
    replaced.set(edge, changedEdge(graph, replaced.get(edge) ?? edge, change));
  }
  return { ...changed, edges: changed.edges.map((edge) => replaced.get(edge) ?? edge) };
}

/** The edge with this id, or the one between these ends: `a -> b`. */
function edgeNamed(graph: string, { edges }: GraphDocument, name: string): GraphEdge {
  const exact = edges.find((edge) => edgeIdOf(edge) === name);
  if (exact) return exact;
  const [from, to, ...rest] = name.split('->').map((end) => end.trim());
  const found = rest.length === 0 ? edges.filter((edge) => edge.from === from && edge.to === to) : [];
  const [only] = found;
  if (only && found.length === 1) return only;
  const several = found.length > 1 ? ` (name one of ${found.map(edgeIdOf).slice(0, 5).join(', ')})` : '';
  throw errors.unknownPart({ graph, part: `edge '${name}'${several}` });
}

function changedEdge(graph: string, edge: GraphEdge, { strategy, params }: EdgeChange): GraphEdge {
  const kept = strategy === undefined || strategy === edge.strategy ? edge.params : {};
  const asked = { ...edge, strategy: strategy ?? edge.strategy, params: { ...kept, ...params } };
  const parsed = edgeSchema.safeParse(asked);
  if (parsed.success) return parsed.data;
  throw errors.unfitChange({
    graph,
    edge: edgeIdOf(edge),
    problem: z.prettifyError(parsed.error).replace(/\s*\n\s*/g, ' '),
  });
}

/** True when both send every cost row of a bill to the same node, day and dimension. */
export function attributesAlike(a: GraphDocument, b: GraphDocument): boolean {
  const said = ({ rules, method: { metric, recoverableTax, dimension } }: GraphDocument) =>
    canonicalJson([rules, metric, recoverableTax, dimension]);
  return said(a) === said(b);
}
