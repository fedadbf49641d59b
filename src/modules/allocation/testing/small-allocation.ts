import { type Allocation, allocateDay, prepareAllocation } from '../engine/allocate.ts';
import { compileGraph } from '../engine/compile-graph.ts';
import type { AllocationInput, CompiledGraph, DayResult, Lane } from '../engine/types.ts';
import {
  type GraphDocumentInput,
  graphDocumentSchema,
  heldCauses,
  type Quality,
  qualities,
} from '../model.ts';
import { driversOf } from './random-allocation.ts';
import type { UsageRow } from './rational-shares.ts';

/** A graph and its units, as short as a test wants it. */
export interface Small {
  readonly nodes: readonly (
    | string
    | { readonly id: string; readonly type?: string; readonly archived?: boolean }
  )[];
  readonly edges: readonly object[];
  readonly groups?: readonly object[];
  readonly cycles?: object;
  readonly usage?: readonly UsageRow[];
  readonly days?: readonly string[];
  readonly lanes?: readonly Lane[];
  /** Units by node, the same on every day: on the first lane, or one for each lane. */
  readonly direct: Readonly<Record<string, number | readonly number[]>>;
  readonly more?: Partial<AllocationInput>;
}

export const oneLane: readonly Lane[] = [{ dimension: 'Compute', currency: 'EUR', side: 'charge' }];

/** Compiles and prepares it. Nodes are services; those that begin with a capital letter are products. */
export function prepareSmall(small: Small): {
  readonly graph: CompiledGraph;
  readonly allocation: Allocation;
} {
  const { edges, groups = [], cycles = {}, usage = [], days = ['2026-10-01'], lanes = oneLane } = small;
  const nodes = small.nodes.map((node) => {
    const given = typeof node === 'string' ? { id: node } : node;
    return { type: /^\p{Lu}/u.test(given.id) ? 'product' : 'service', ...given };
  });
  const document = graphDocumentSchema.parse({
    method: { cycles },
    nodes,
    edges,
    groups,
  } as GraphDocumentInput);
  const dimensions = [...new Set(lanes.map(({ dimension }) => dimension))];
  const graph = compileGraph({ document, nodes: [], days, dimensions });
  const cells = new Float64Array(graph.nodeIds.length * lanes.length);
  for (const [id, units] of Object.entries(small.direct)) {
    cells.set(typeof units === 'number' ? [units] : units, (graph.nodeOf.get(id) as number) * lanes.length);
  }
  const drivers = driversOf(graph, usage, '2026-09-01');
  return {
    graph,
    allocation: prepareAllocation({ graph, lanes, direct: () => cells, drivers, ...small.more }),
  };
}

/** Proportional edges from a node to others by `hours`. */
export function byHours(from: string, to: readonly string[], more: object = {}): object[] {
  return to.map((id) => ({ from, to: id, strategy: 'proportional', params: { metric: 'hours' }, ...more }));
}

/** Usage of `hours` on a day. */
export function hours(values: Readonly<Record<string, number>>, day = '2026-10-01'): UsageRow[] {
  return Object.entries(values).map(([node, value]) => ({ node, metric: 'hours', day, value }));
}

/** One lane of a day by name: edges by `from -> to`, held units by `node cause`; amounts of 0 are left out. */
export interface NamedDay {
  readonly flows: Readonly<Record<string, number>>;
  /** Direct + inflow. */
  readonly pools: Readonly<Record<string, number>>;
  readonly retained: Readonly<Record<string, number>>;
  readonly held: Readonly<Record<string, number>>;
  /** By what each edge's share was made; of edges that carry nothing too. */
  readonly quality: Readonly<Record<string, Quality>>;
}

/** Computes a day of it. Throws where it is refused, or where its books do not balance. */
export function computeSmall(small: Small, { day = 0, lane = 0 } = {}): NamedDay {
  const { graph, allocation } = prepareSmall(small);
  const refused = allocation.findings.filter(({ severity }) => severity === 'error');
  if (refused.length > 0) throw new Error(refused.map(({ message }) => message).join('\n'));
  const result = allocateDay(allocation, day);
  const broken = Object.entries(result.checks).filter(([, each]) => each.broken > 0);
  if (broken.length > 0) throw new Error(`broken: ${broken.map(([name]) => name).join(', ')}`);
  return nameDay(graph, result, { lane, lanes: (small.lanes ?? oneLane).length });
}

/** A lane of a day by name. */
export function nameDay(
  { nodeIds, edgeIds }: CompiledGraph,
  { direct, inflow, retained, flows, held, qualityOf }: DayResult,
  { lane, lanes }: { readonly lane: number; readonly lanes: number },
): NamedDay {
  const byName = (ids: readonly string[], unitsAt: (at: number) => number) =>
    Object.fromEntries(
      [...ids.entries()]
        .map(([at, id]) => [id, unitsAt(at * lanes + lane)])
        .filter(([, units]) => units !== 0),
    );
  const causes: Record<string, number> = {};
  for (let at = 0; at < held.count; at++) {
    if (held.lane[at] !== lane) continue;
    const key = `${nodeIds[held.node[at] as number]} ${heldCauses[held.cause[at] as number]}`;
    causes[key] = (causes[key] ?? 0) + (held.units[at] as number);
  }
  return {
    flows: byName(edgeIds, (at) => flows[at] as number),
    pools: byName(nodeIds, (at) => (direct[at] as number) + (inflow[at] as number)),
    retained: byName(nodeIds, (at) => retained[at] as number),
    held: causes,
    quality: Object.fromEntries(
      [...edgeIds.entries()].map(([edge, id]) => [id, qualities[qualityOf(edge, lane)] as Quality]),
    ),
  };
}

/** Why it is refused: code and path of every error. */
export function refusalsOf(small: Small): string[] {
  const { findings } = prepareSmall(small).allocation;
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ code, path }) => `${code.replace('allocation.', '')} ${path}`);
}
