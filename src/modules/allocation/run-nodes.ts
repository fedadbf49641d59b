import { createHash } from 'node:crypto';
import type { CompiledGraph } from './engine/types.ts';
import { canonical } from './input-hash.ts';
import { type GraphDocument, type GraphNode, nodeTypes } from './model.ts';
import type { NodeColumns } from './write-run-sql.ts';

/** To which entity what a node holds belongs. */
export interface Owners {
  /** The graph's entity: everything is its. Null: each application's own. */
  readonly entity: string | null;
  /** Entity of an application; what is not in it has none. */
  readonly ofApplication: ReadonlyMap<string, string>;
}

/** The nodes of a run as its rows name them. */
export interface RunNodes {
  readonly columns: NodeColumns;
  /** Of those that have a position, because the graph declares them or an edge leads to them: a hash of all that rows say of them. */
  readonly hash: string;
}

/**
 * What rows say of each node, in the order of the engine. Positions number the nodes that the graph declares or that an edge
 * names, in the order of their ids: a node that some rule made on one day shifts nobody's position.
 */
export function runNodes(
  graph: CompiledGraph,
  document: GraphDocument,
  made: readonly GraphNode[],
  owners: Owners,
): RunNodes {
  const known = new Map([...made, ...document.nodes].map((node) => [node.id, node]));
  const isPlaced = new Uint8Array(graph.nodeIds.length);
  for (const { id } of document.nodes) isPlaced[graph.nodeOf.get(id) as number] = 1;
  for (const ends of [graph.from, graph.to]) for (const n of ends) isPlaced[n] = 1;
  const columns = {
    n: Int32Array.from(graph.nodeIds.keys()),
    position: new Float64Array(graph.nodeIds.length).fill(Number.NaN),
    id: graph.nodeIds,
    type: Array.from(graph.nodeTypes, (type) => nodeTypes[type] as string),
    name: graph.nodeIds.map((id) => known.get(id)?.name ?? id),
    labels: graph.nodeIds.map((id) => canonical(known.get(id)?.labels ?? {})),
    entity: graph.nodeIds.map((id) => entityOf(known.get(id), owners) ?? ''),
    application: graph.nodeIds.map((id) => known.get(id)?.application ?? ''),
  };
  const hash = createHash('sha256');
  let position = 0;
  for (let n = 0; n < graph.nodeIds.length; n++) {
    if (!isPlaced[n]) continue;
    columns.position[n] = position++;
    const { id, type, name, labels, entity, application } = columns;
    hash.update(`${JSON.stringify([id[n], type[n], name[n], labels[n], entity[n], application[n]])}\n`);
  }
  return { columns, hash: hash.digest('hex') };
}

function entityOf(node: GraphNode | undefined, { entity, ofApplication }: Owners): string | undefined {
  if (entity !== null) return entity;
  return node?.application === undefined ? undefined : ofApplication.get(node.application);
}

/** Of who belongs to whom, as far as it can show in a run. */
export function ownersHash({ entity, ofApplication }: Owners): string {
  const known = entity === null ? [...ofApplication].sort(([a], [b]) => (a < b ? -1 : 1)) : [];
  return createHash('sha256')
    .update(canonical([entity, known]))
    .digest('hex');
}
