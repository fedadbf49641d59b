import { type Allocation, prepareAllocation } from '../engine/allocate.ts';
import { compileGraph } from '../engine/compile-graph.ts';
import type { AllocationInput, CompiledGraph, Lane } from '../engine/types.ts';
import { type GraphDocumentInput, graphDocumentSchema } from '../model.ts';
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
