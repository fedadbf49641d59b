import {
  addDecimal,
  type Decimal,
  formatDecimal,
  formatFixed,
  isZero,
  negateDecimal,
  roundHalfUp,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';
import { allocateDay, prepareAllocation } from './engine/allocate.ts';
import { compareText } from './engine/compare-text.ts';
import { compileGraph } from './engine/compile-graph.ts';
import { chooseScale } from './engine/scale.ts';
import { fitsSegment } from './engine/segment-key.ts';
import { summarize } from './engine/summarize.ts';
import { type CompiledGraph, checkNames, type DayResult, type Drivers, type Lane } from './engine/types.ts';
import { edgeIdOf, type GraphFinding, heldCauses, nodeTypes, qualities } from './model.ts';
import { decimalsOf, readSimulation, type SimulatedUsage, type SimulationInput } from './simulate-input.ts';
import { validateGraph } from './validate.ts';

/** A node of a simulation: what it has, what it passes on, what rests on it. Amounts are decimal texts; credits are negative. */
export interface SimulatedNode {
  readonly id: string;
  readonly type: string;
  readonly direct: string;
  readonly inflow: string;
  readonly outflow: string;
  readonly retained: string;
  /** Direct + inflow. */
  readonly holistic: string;
}

/** An edge of a simulation. */
export interface SimulatedEdge {
  readonly from: string;
  readonly to: string;
  readonly group: string;
  readonly amount: string;
  /** Of its node's holistic charges (credits where there are none), nine decimals half-up; null where there is neither. */
  readonly share: string | null;
  /** Where the share came from: an entry of `qualities`. */
  readonly quality: string;
}

/** What a simulation comes to. */
export interface SimulationResult {
  readonly currency: string;
  readonly nodes: readonly SimulatedNode[];
  readonly edges: readonly SimulatedEdge[];
  /** Σ direct = allocated (on products) + unallocated (on all other nodes). */
  readonly total: string;
  readonly allocated: string;
  readonly unallocated: string;
  /** Charges retained on products ÷ charges, six decimals half-up; null without charges. */
  readonly coverage: string | null;
  /** Why cost rests on nodes that are no products. */
  readonly causes: readonly { readonly node: string; readonly cause: string; readonly amount: string }[];
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly difference: string }[];
}

/** The answer of the calculator: a result, or findings with errors that say why there is none. */
export interface Simulation {
  readonly result: SimulationResult | null;
  readonly findings: readonly GraphFinding[];
}

/**
 * Allocates one day of a graph given as a plain value, without a workspace: `{"currency", "nodes", "edges", "usage", "cycles",
 * "order", "groups", "day"}`. The numbers are those of a run: exact to the last unit of 10⁻⁹.
 *
 * A pool of 500 with proportional edges to web (1,000 hours) and api (4,000 hours) → web 100, api 400, coverage 1.000000.
 */
export function simulate(given: unknown): Simulation {
  const input = readSimulation(given);
  if ('findings' in input) return { result: null, findings: input.findings };
  const findings = validateGraph(input.document);
  if (findings.some(({ severity }) => severity === 'error')) return { result: null, findings };
  const costs = costLanes(input);
  const dimensions = [...new Set(costs.lanes.map(({ dimension }) => dimension))];
  const graph = compileGraph({ document: input.document, nodes: [], days: [input.day], dimensions });
  const { cells, remainders } = cellsOf(graph, costs);
  const allocation = prepareAllocation({
    graph,
    lanes: costs.lanes,
    direct: () => cells,
    drivers: driversOf(graph, input),
  });
  const isRefused = allocation.findings.some(({ severity }) => severity === 'error');
  const day = isRefused ? undefined : allocateDay(allocation, 0);
  const found = [...findings, ...summarize(allocation, isRefused ? 'refused' : 'done').findings];
  if (day === undefined) return { result: null, findings: found };
  return { result: resultOf(input, { graph, day, costs, remainders }), findings: found };
}

interface Costs {
  readonly lanes: readonly Lane[];
  readonly scale: number;
  /** Per lane: |amount| by node, in the order of the input. */
  readonly amounts: readonly ReadonlyMap<string, Decimal>[];
}

/** Charges and credits of each dimension, each in a lane of its own; at least one lane. */
function costLanes({ currency, direct }: SimulationInput): Costs {
  const found = new Map<string, { readonly lane: Lane; readonly amounts: Map<string, Decimal> }>();
  for (const { node, dimension, amount } of direct) {
    const side = amount.units < 0n ? 'credit' : 'charge';
    const key = JSON.stringify([dimension, side]);
    const own = found.get(key) ?? { lane: { dimension, currency, side }, amounts: new Map() };
    own.amounts.set(node, side === 'credit' ? negateDecimal(amount) : amount);
    found.set(key, own);
  }
  const lanes = [...found.values()].sort((a, b) => compareText(laneText(a.lane), laneText(b.lane)));
  return {
    lanes: lanes.map(({ lane }) => lane),
    amounts: lanes.map(({ amounts }) => amounts),
    scale: chooseScale(
      currency,
      lanes.map(({ amounts }) => sumDecimals(amounts.values())),
    ),
  };
}

function laneText({ dimension, side }: Lane): string {
  return `${dimension} ${side}`;
}

/** Whole units by cumulative rounding along the nodes; what that leaves of each lane is told of the node `rounding`. */
function cellsOf(
  { nodeIds }: CompiledGraph,
  { lanes, amounts, scale }: Costs,
): { readonly cells: Float64Array; readonly remainders: readonly Decimal[] } {
  const cells = new Float64Array(nodeIds.length * lanes.length);
  const remainders = amounts.map((of, lane) => {
    let exact = zero;
    let before = 0n;
    for (const [node, id] of nodeIds.entries()) {
      exact = addDecimal(exact, of.get(id) ?? zero);
      const upTo = roundHalfUp(exact, scale).units;
      cells[node * lanes.length + lane] = Number(upTo - before);
      before = upTo;
    }
    return subtractDecimal(exact, { units: before, scale });
  });
  return { cells, remainders };
}

/** Usage as whole numbers, per metric in the scale of its most exact value; coarser where the sum would pass 2⁵³ (16 digits). */
function driversOf(graph: CompiledGraph, { usage, day }: SimulationInput): Drivers {
  const [from = day] = [day, ...usage.map((row) => row.day)].sort();
  const dayOf = (date: string) => (Date.parse(date) - Date.parse(from)) / 86_400_000;
  const days = dayOf(day) + 1;
  const nodes = graph.nodeIds.length;
  const scales = new Map(
    [...new Set(usage.map(({ metric }) => metric))].map((name) => [name, usageScale(usage, name)]),
  );
  return {
    from,
    days,
    values: graph.drivers.map(({ metric, segment }) => {
      const values = new Float64Array(nodes * days).fill(Number.NaN);
      for (const row of usage) {
        if (row.metric !== metric) continue;
        const at = dayOf(row.day) * nodes + (graph.nodeOf.get(row.node) as number);
        const counts = segment === undefined || fitsSegment(segment, row.labels);
        const units = counts ? Number(roundHalfUp(row.value, scales.get(metric) ?? 0).units) : 0;
        values[at] = (Number.isNaN(values[at]) ? 0 : (values[at] as number)) + units;
      }
      return values;
    }),
  };
}

function usageScale(usage: readonly SimulatedUsage[], metric: string): number {
  const own = usage.filter((row) => row.metric === metric);
  const sum = sumDecimals(own.map(({ value }) => value));
  let scale = own.reduce((most, { value }) => Math.max(most, decimalsOf(value)), 0);
  while (roundHalfUp(sum, scale).units + BigInt(own.length) >= 2n ** 53n) scale--;
  return scale;
}

interface Computed {
  readonly graph: CompiledGraph;
  readonly day: DayResult;
  readonly costs: Costs;
  readonly remainders: readonly Decimal[];
}

function resultOf({ currency, document }: SimulationInput, computed: Computed): SimulationResult {
  const { graph, day, costs, remainders } = computed;
  const below = sumDecimals(remainders.map((rest, lane) => signed(rest, costs.lanes[lane] as Lane)));
  const edgeOf = new Map(graph.edgeIds.map((id, index) => [id, index]));
  const nodes = document.nodes.map(({ id }) => nodeOf(computed, graph.nodeOf.get(id) as number));
  const total = addDecimal(sumDecimals(nodes.map(({ direct }) => direct)), below);
  const allocated = sumDecimals(
    nodes.filter(({ type }) => type === 'product').map(({ retained }) => retained),
  );
  return {
    currency,
    nodes: [...nodes.map(nodeText), ...roundingNode(below)],
    edges: document.edges.map((edge) => edgeText(computed, edgeOf.get(edgeIdOf(edge)) as number)),
    total: formatDecimal(total),
    allocated: formatDecimal(allocated),
    unallocated: formatDecimal(subtractDecimal(total, allocated)),
    coverage: coverageOf(computed),
    causes: [
      ...causesOf(computed),
      ...(isZero(below) ? [] : [{ node: 'rounding', cause: 'rounding', amount: formatDecimal(below) }]),
    ],
    checks: checkNames.map((name) => {
      const { broken, largest } = day.checks[name];
      const units = Number.isFinite(largest) ? BigInt(Math.ceil(largest)) : 0n;
      return { name, ok: broken === 0, difference: formatDecimal({ units, scale: costs.scale }) };
    }),
  };
}

function signed(amount: Decimal, { side }: Lane): Decimal {
  return side === 'credit' ? negateDecimal(amount) : amount;
}

/** Charges less credits of a row of an array. */
function sumLanes({ costs: { lanes, scale } }: Computed, units: Float64Array, row: number): Decimal {
  return sumDecimals(
    lanes.map((lane, at) => signed({ units: BigInt(units[row * lanes.length + at] as number), scale }, lane)),
  );
}

interface NodeAmounts {
  readonly id: string;
  readonly type: string;
  readonly direct: Decimal;
  readonly inflow: Decimal;
  readonly outflow: Decimal;
  readonly retained: Decimal;
}

function nodeOf(computed: Computed, node: number): NodeAmounts {
  const { graph, day } = computed;
  return {
    id: graph.nodeIds[node] as string,
    type: nodeTypes[graph.nodeTypes[node] as number] as string,
    direct: sumLanes(computed, day.direct, node),
    inflow: sumLanes(computed, day.inflow, node),
    outflow: sumLanes(computed, day.outflow, node),
    retained: sumLanes(computed, day.retained, node),
  };
}

function nodeText({ id, type, direct, inflow, outflow, retained }: NodeAmounts): SimulatedNode {
  return {
    id,
    type,
    direct: formatDecimal(direct),
    inflow: formatDecimal(inflow),
    outflow: formatDecimal(outflow),
    retained: formatDecimal(retained),
    holistic: formatDecimal(addDecimal(direct, inflow)),
  };
}

/** What is below the unit of the calculation, as a node of its own. */
function roundingNode(below: Decimal): SimulatedNode[] {
  if (isZero(below)) return [];
  return [
    nodeText({ id: 'rounding', type: 'shared', direct: below, inflow: zero, outflow: zero, retained: below }),
  ];
}

function edgeText(computed: Computed, edge: number): SimulatedEdge {
  const { graph, day } = computed;
  const from = graph.from[edge] as number;
  const group = graph.groups
    .slice(graph.firstGroup[from], graph.firstGroup[from + 1])
    .find(({ endEdge }) => edge < endEdge);
  const lane = firstCarrying(computed, edge);
  return {
    from: graph.nodeIds[from] as string,
    to: graph.nodeIds[graph.to[edge] as number] as string,
    group: group?.settings.name ?? '',
    amount: formatDecimal(sumLanes(computed, day.flows, edge)),
    share: shareOf(computed, edge),
    quality: qualities[day.qualityOf(edge, lane)] as string,
  };
}

function firstCarrying({ day, costs: { lanes } }: Computed, edge: number): number {
  return Math.max(
    0,
    lanes.findIndex((_, lane) => (day.flows[edge * lanes.length + lane] as number) > 0),
  );
}

function shareOf({ graph, day, costs: { lanes } }: Computed, edge: number): string | null {
  const node = graph.from[edge] as number;
  for (const side of ['charge', 'credit'] as const) {
    let carried = 0n;
    let whole = 0n;
    for (const [lane, { side: own }] of lanes.entries()) {
      if (own !== side) continue;
      const cell = node * lanes.length + lane;
      carried += BigInt(day.flows[edge * lanes.length + lane] as number);
      whole += BigInt((day.direct[cell] as number) + (day.inflow[cell] as number));
    }
    if (whole > 0n) return formatDecimal(quotient(carried, whole, 9));
  }
  return null;
}

/** a ÷ b at so many decimals, half-up; for a ≥ 0 and b > 0. */
function quotient(a: bigint, b: bigint, scale: number): Decimal {
  return { units: (2n * a * 10n ** BigInt(scale) + b) / (2n * b), scale };
}

function coverageOf({ graph, day, costs: { lanes } }: Computed): string | null {
  let covered = 0n;
  let charges = 0n;
  for (const [lane, { side }] of lanes.entries()) {
    if (side !== 'charge') continue;
    for (const [node, type] of graph.nodeTypes.entries()) {
      const cell = node * lanes.length + lane;
      charges += BigInt(day.direct[cell] as number);
      if (nodeTypes[type] === 'product') covered += BigInt(day.retained[cell] as number);
    }
  }
  return charges === 0n ? null : formatFixed(quotient(covered, charges, 6), 6);
}

function causesOf({ graph, day: { held }, costs: { lanes, scale } }: Computed): SimulationResult['causes'] {
  const sums = new Map<string, { readonly node: string; readonly cause: string; amount: Decimal }>();
  for (let at = 0; at < held.count; at++) {
    const node = graph.nodeIds[held.node[at] as number] as string;
    const cause = heldCauses[held.cause[at] as number] as string;
    const units = signed(
      { units: BigInt(held.units[at] as number), scale },
      lanes[held.lane[at] as number] as Lane,
    );
    const known = sums.get(`${node}\n${cause}`);
    if (known) known.amount = addDecimal(known.amount, units);
    else sums.set(`${node}\n${cause}`, { node, cause, amount: units });
  }
  return [...sums.values()].map(({ node, cause, amount }) => ({
    node,
    cause,
    amount: formatDecimal(amount),
  }));
}
