import { createHash, type Hash } from 'node:crypto';
import type { CompiledGraph, Drivers } from './engine/types.ts';
import type { GraphDocument, GraphEdge } from './model.ts';
import { edgeIdOf } from './model.ts';
import type { RestatedMonth, UsedSnapshot } from './run-model.ts';

/**
 * What a run and each of its days are computed from, as short texts: same inputs, same text. A run is found again by its own; a
 * day whose text is that of an earlier run's day has its figures too, and takes its files.
 */

/** Raised when the same inputs give other figures or other files: runs and days of before are then computed again. */
export const engineVersion = 1;

/** Canonical JSON: names sorted at every level, nothing undefined. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Everything that a run depends on. */
export interface RunIdentity {
  readonly graph: string;
  readonly graphHash: string;
  readonly period: string;
  readonly cost: readonly UsedSnapshot[];
  readonly usage: readonly UsedSnapshot[];
  readonly restated: readonly RestatedMonth[];
  /** Which application belongs to which entity, as far as the run shows it. */
  readonly owners: string;
}

/** A run's id: 32 hexadecimal digits. The scale is not in it, because it follows from the costs. */
export function runIdOf(identity: RunIdentity): string {
  return createHash('sha256')
    .update(canonical({ ...identity, engine: engineVersion }))
    .digest('hex')
    .slice(0, 32);
}

/** What the days of a run have in common. */
export interface DayInputs {
  readonly graph: CompiledGraph;
  readonly document: GraphDocument;
  readonly drivers: Drivers;
  readonly scale: number;
  /** The nodes that positions number, as their rows name them. */
  readonly nodes: string;
  /** What else every day depends on: the order in which circles are opened, say. */
  readonly further: string;
}

/**
 * Gives a day's hash from its number and the fingerprint of its costs. A day depends on its costs, on the edges that are live on
 * it with the settings of their groups, on the drivers' values that their windows see, and on the run's scale; not on the
 * other days' costs.
 */
export function dayHasher(inputs: DayInputs): (day: number, costs: string) => string {
  const { graph, document, drivers, scale, nodes, further } = inputs;
  const common = createHash('sha256')
    .update(canonical({ engine: engineVersion, scale, nodes, further }))
    .update(canonical({ groups: sortedTexts(document.groups), cycles: document.method.cycles }))
    .digest('hex');
  const edges = liveEdgeHasher(graph, document);
  const values = driverHasher(inputs, drivers);
  return (day, costs) =>
    createHash('sha256')
      .update([common, graph.days[day], costs, edges(day), values(day)].join('\n'))
      .digest('hex');
}

function sortedTexts(values: readonly unknown[]): string[] {
  return values.map(canonical).sort();
}

/** A hash of the edges that are live on a day; days on which the same edges are live share it. */
function liveEdgeHasher(graph: CompiledGraph, { edges }: GraphDocument): (day: number) => string {
  const order = orderOfEdges(graph, edges);
  const turns = new Set([...graph.liveFrom, ...graph.liveTo]);
  const known = new Map<number, string>();
  return (day) => {
    let since = day;
    while (since > 0 && !turns.has(since)) since--;
    const found = known.get(since);
    if (found !== undefined) return found;
    const hash = createHash('sha256');
    for (let e = 0; e < graph.edgeIds.length; e++) {
      if ((graph.liveFrom[e] as number) > day || (graph.liveTo[e] as number) <= day) continue;
      hash.update(`${edgeText(edges[order[e] as number] as GraphEdge)}\n`);
    }
    known.set(since, hash.digest('hex'));
    return known.get(since) as string;
  };
}

/** Where the engine's edges stand in the document. */
function orderOfEdges({ edgeIds }: CompiledGraph, edges: readonly GraphEdge[]): Int32Array {
  const places = new Map(edges.map((edge, place) => [edgeIdOf(edge), place]));
  return Int32Array.from(edgeIds, (id) => places.get(id) as number);
}

/** An edge without the days on which it holds. Documents are parsed: their names stand in one order. */
function edgeText(edge: GraphEdge): string {
  const { from, to, group, strategy, params, overrides } = edge;
  return JSON.stringify([
    edgeIdOf(edge),
    from,
    to,
    group,
    strategy,
    params,
    Object.entries(overrides).sort(),
  ]);
}

/** A hash of what a day sees of the drivers: each as far back as a window or a `last_known` over it reaches. */
function driverHasher({ graph, document }: DayInputs, drivers: Drivers): (day: number) => string {
  const nodes = graph.nodeIds.length;
  const backOf = lookBacks(graph, document);
  const first = daysBetween(drivers.from, graph.days[0] ?? drivers.from);
  const columns = graph.drivers.map((key, d) => {
    const values = drivers.values[d] as Float64Array;
    const hashes: string[] = [];
    for (let day = 0; day < drivers.days; day++) hashes.push(hashOfColumn(values, day * nodes, graph));
    return { key, hashes };
  });
  return (day) => {
    const at = first + daysBetween(graph.days[0] as string, graph.days[day] as string);
    const hash: Hash = createHash('sha256');
    columns.forEach(({ key, hashes }, d) => {
      hash.update(canonical(key));
      for (let back = backOf[d] as number; back >= 0; back--) hash.update(`${hashes[at - back] ?? ''}\n`);
    });
    return hash.digest('hex');
  };
}

/** Values of one day by node, without those that are missing: nodes that rules made elsewhere leave no trace. */
function hashOfColumn(values: Float64Array, offset: number, { nodeIds }: CompiledGraph): string {
  const hash = createHash('sha256');
  let text = '';
  for (let n = 0; n < nodeIds.length; n++) {
    const value = values[offset + n] as number;
    if (Number.isNaN(value)) continue;
    text += `${nodeIds[n]}\n${value}\n`;
    if (text.length < 65_536) continue;
    hash.update(text);
    text = '';
  }
  return hash.update(text).digest('hex');
}

/** How many days before a day its figures depend on each driver. */
function lookBacks(graph: CompiledGraph, { groups }: GraphDocument): number[] {
  const known = groups
    .filter(({ fallback }) => fallback === 'last_known')
    .map(({ lastKnownDays }) => lastKnownDays);
  const lastKnown = Math.max(0, ...known);
  return graph.drivers.map((_, driver) => {
    const windows = graph.rules.weighings.flatMap((weighing) =>
      weighing.driver === driver && weighing.window ? [weighing.window.days - 1] : [],
    );
    return lastKnown + Math.max(0, ...windows);
  });
}

/** Whole days from one date to a later one. */
function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
