import { addDecimal, type Decimal, zero } from '../../platform/kernel/index.ts';
import { allocateDay, prepareAllocation } from './engine/allocate.ts';
import { summarize } from './engine/summarize.ts';
import type { CompiledGraph, DayChecks, DayResult, Lane } from './engine/types.ts';
import { errors } from './errors.ts';
import { type GraphDocument, type GraphFinding, nodeTypes, reservedNodes } from './model.ts';
import { directOf } from './run-day.ts';
import { hasCircles } from './run-engine.ts';
import type { Rest } from './what-if-costs.ts';
import type { RestingCost } from './what-if-delta.ts';
import type { AsIfMonth } from './what-if-prepare.ts';

/** A month that was allocated in memory. */
export interface MemoryMonth {
  readonly resting: readonly RestingCost[];
  /** What each edge carried over the month, in units: `[e * currencies + c]`, charges less credits. Only where it was asked for. */
  readonly flows: Float64Array | undefined;
  readonly graph: CompiledGraph;
  readonly currencies: readonly string[];
  /** Decimals of a unit. */
  readonly scale: number;
  readonly findings: readonly GraphFinding[];
  /** The equations of all days: how many places were broken. */
  readonly checks: DayChecks;
}

/**
 * Allocates every day of a prepared month and adds up what rests on nodes (and what edges carried). Nothing is written. Between days
 * others get their turn. Refusal: `allocation.uncomputableGraph`.
 */
export async function allocateInMemory(
  { document, costs, graph, drivers, findings }: AsIfMonth,
  { graph: graphId, withFlows }: { readonly graph: string; readonly withFlows: boolean },
): Promise<MemoryMonth> {
  const { lanes, days, scale } = costs;
  const loaded = new Map<number, Float64Array>();
  const load = async (date: string) => {
    const units = await costs.load(date);
    loaded.set(graph.days.indexOf(date), directOf(units, graph.nodeIds.length, lanes.length));
  };
  // Circles are opened in an order that depends on the costs of all days.
  const keeps = hasCircles(graph);
  if (keeps) for (const date of days) await load(date);
  const none = new Float64Array(graph.nodeIds.length * lanes.length);
  const direct = (day: number) => loaded.get(day) ?? none;
  const allocation = prepareAllocation({ graph, lanes, drivers, direct });
  const refused = allocation.findings.filter(({ severity }) => severity === 'error');
  if (refused.length > 0) throw errors.uncomputableGraph({ graph: graphId, findings: refused });
  const currencies = [...new Set(lanes.map(({ currency }) => currency))].sort();
  const retained = new Float64Array(graph.nodeIds.length * lanes.length);
  const flows = withFlows ? new Float64Array(graph.edgeIds.length * currencies.length) : undefined;
  for (const date of days) {
    const day = graph.days.indexOf(date);
    if (!keeps) await load(date);
    const result = allocateDay(allocation, day);
    if (!keeps) loaded.delete(day);
    addRetained(retained, result);
    if (flows) addFlows(flows, result, lanes, currencies);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { findings: noted, checks } = summarize(allocation, 'done');
  const rests = await costs.rests();
  return {
    resting: restingOf({ graph, lanes, currencies, scale, retained, rests, document }),
    ...{ flows, graph, currencies, scale, checks },
    // What compiling the graph has found is among both.
    findings: [...findings, ...noted.filter((finding) => !graph.findings.includes(finding))],
  };
}

function addRetained(sums: Float64Array, { retained }: DayResult): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (retained[i] as number);
}

function addFlows(
  sums: Float64Array,
  { flows }: DayResult,
  lanes: readonly Lane[],
  currencies: readonly string[],
): void {
  const currencyOf = lanes.map(({ currency }) => currencies.indexOf(currency));
  const signOf = lanes.map(({ side }) => (side === 'credit' ? -1 : 1));
  const edges = sums.length / currencies.length;
  for (let e = 0; e < edges; e++)
    for (let l = 0; l < lanes.length; l++) {
      const carried = flows[e * lanes.length + l] as number;
      if (carried === 0) continue;
      const at = e * currencies.length + (currencyOf[l] as number);
      sums[at] = (sums[at] as number) + (signOf[l] as number) * carried;
    }
}

interface Sums {
  readonly graph: CompiledGraph;
  readonly lanes: readonly Lane[];
  readonly currencies: readonly string[];
  readonly scale: number;
  readonly retained: Float64Array;
  readonly rests: readonly Rest[];
  readonly document: GraphDocument;
}

function restingOf({ graph, lanes, currencies, scale, retained, rests, document }: Sums): RestingCost[] {
  const names = new Map(document.nodes.map(({ id, name }) => [id, name ?? id]));
  const [, rounding] = reservedNodes;
  const resting: RestingCost[] = [];
  for (let n = 0; n < graph.nodeIds.length; n++) {
    const node = graph.nodeIds[n] as string;
    for (const currency of currencies) {
      const of = (side: Lane['side']): Decimal => {
        let units = 0n;
        for (let l = 0; l < lanes.length; l++)
          if (lanes[l]?.currency === currency && lanes[l]?.side === side)
            units += BigInt(retained[n * lanes.length + l] as number);
        const sum = { units: side === 'credit' ? -units : units, scale };
        return node === rounding ? addDecimal(sum, restOf(rests, currency, side)) : sum;
      };
      const [charges, credits] = [of('charge'), of('credit')];
      if (charges.units === 0n && credits.units === 0n) continue;
      const type = nodeTypes[graph.nodeTypes[n] as number] as string;
      resting.push({ node, name: names.get(node) ?? node, type, currency, charges, credits });
    }
  }
  return resting;
}

function restOf(rests: readonly Rest[], currency: string, side: string): Decimal {
  return rests.find((rest) => rest.currency === currency && rest.side === side)?.amount ?? zero;
}
