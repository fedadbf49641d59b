import fc from 'fast-check';
import { compileGraph } from '../engine/compile-graph.ts';
import { fitsSegment } from '../engine/segment-key.ts';
import type { CompiledGraph, Drivers, Lane } from '../engine/types.ts';
import { type GraphDocument, graphDocumentSchema } from '../model.ts';
import type { UsageRow } from './rational-shares.ts';

/** An allocation made up: everything that the engine and its exact twin need. */
export interface MadeUp {
  readonly document: GraphDocument;
  readonly usage: readonly UsageRow[];
  readonly days: readonly string[];
  readonly lanes: readonly Lane[];
  /** Units by `day node lane` (indices of day and lane, id of node). */
  readonly direct: ReadonlyMap<string, number>;
}

/** Which graphs are made up: with circles, and how they are treated. */
export interface MadeUpOptions {
  readonly mode: 'refuse' | 'step_down' | 'reciprocal';
  readonly withCircles: boolean;
}

/** Ids in an order that is neither that of the graph nor that of UTF-16: `😀` comes after `ﬀ`. */
const ids = ['shop', 'k8s', 'B', 'b', '😀', 'ﬀ', 'äpfel', 'a->z'];
const strategies = [
  'equal',
  'proportional',
  'fixed_percent',
  'capped_proportional',
  'residual_to_max',
  'weighted_average',
  'hybrid_fixed_proportional',
  'min_floor_proportional',
  'segment_filtered_proportional',
] as const;
const segments = [
  { label: 'env', operator: 'in', values: ['prod', 'test'] },
  { label: 'env', operator: 'neq', values: ['prod'] },
  { label: 'env', operator: 'exists', values: [] },
] as const;
const historyDays = 6;

/** Allocations of two to eight nodes on three days, with all strategies, groups, overrides, dates, gaps in the usage, credits. */
export function madeUpAllocations(options: MadeUpOptions): fc.Arbitrary<MadeUp> {
  return fc.array(fc.nat(9973), { minLength: 40, maxLength: 300 }).map((tape) => makeUp(tape, options));
}

type Draw = (below: number) => number;

/** Reads choices from a tape, again from its start when it ends: a shorter tape is a simpler allocation. */
function drawFrom(tape: readonly number[]): Draw {
  let at = 0;
  return (below) => ((tape[at++ % tape.length] as number) + Math.floor(at / tape.length)) % below;
}

function makeUp(tape: readonly number[], { mode, withCircles }: MadeUpOptions): MadeUp {
  const draw = drawFrom(tape);
  const nodes = ids.slice(0, 2 + draw(ids.length - 1)).map((id, index, all) => ({
    id,
    type: index === all.length - 1 || draw(4) === 0 ? 'product' : 'service',
    archived: draw(25) === 0,
  }));
  const chosen = new Map<string, Choice>();
  const count = 1 + draw(3 * nodes.length);
  const edges = Array.from({ length: count }, (_, index) =>
    makeEdge(draw, { nodes, chosen, withCircles, index }),
  );
  const groups = makeGroups(draw, chosen, nodes);
  const document = graphDocumentSchema.parse({
    method: { cycles: { mode } },
    nodes,
    edges: edges.filter((edge) => edge !== undefined),
    groups,
  });
  const days = ['2026-10-30', '2026-10-31', '2026-11-01'];
  const lanes = makeLanes(draw);
  return { document, usage: makeUsage(draw, nodes), days, lanes, direct: makeDirect(draw, { nodes, lanes }) };
}

interface Choice {
  readonly node: string;
  readonly name: string;
  readonly strategy: (typeof strategies)[number];
  readonly other: (typeof strategies)[number];
}

function makeEdge(
  draw: Draw,
  {
    nodes,
    chosen,
    withCircles,
    index,
  }: {
    readonly nodes: readonly { readonly id: string }[];
    readonly chosen: Map<string, Choice>;
    readonly withCircles: boolean;
    readonly index: number;
  },
): object | undefined {
  const first = draw(nodes.length);
  const second = draw(nodes.length);
  if (first === second) return undefined;
  const turned = withCircles && draw(3) === 0;
  const [low, high] = [Math.min(first, second), Math.max(first, second)];
  const from = (nodes[turned ? high : low] as { readonly id: string }).id;
  const to = (nodes[turned ? low : high] as { readonly id: string }).id;
  const name = draw(4) === 0 ? 'g' : '';
  const key = `${from}\n${name}`;
  const strategy = () => strategies[draw(strategies.length)] as Choice['strategy'];
  const choice = chosen.get(key) ?? { node: from, name, strategy: strategy(), other: strategy() };
  chosen.set(key, choice);
  const own = draw(6) === 0 ? ruleOf(draw, 'fixed_percent') : ruleOf(draw, choice.strategy);
  const overrides = draw(4) === 0 ? { overrides: { Compute: ruleOf(draw, choice.strategy) } } : {};
  return { id: `e${index}`, from, to, group: name, ...own, ...overrides, ...validity(draw) };
}

/** Percentages of many siblings stay below 100 together, as those of a valid graph do. */
function ruleOf(draw: Draw, strategy: Choice['strategy']): object {
  const few = () => String(draw(35) / 10);
  const metric = { metric: 'hours' };
  switch (strategy) {
    case 'equal':
      return { strategy, params: {} };
    case 'fixed_percent':
      return { strategy, params: { percent: few() } };
    case 'capped_proportional':
      return { strategy, params: { ...metric, cap: String(draw(2) === 0 ? draw(101) : draw(30)) } };
    case 'residual_to_max':
      return {
        strategy,
        params: { ...metric, ...[{}, { percent: few() }, { cap: String(draw(60)) }][draw(3)] },
      };
    case 'weighted_average': {
      const decay = draw(3) === 0 ? { decay: ['0.5', '0.85', '0.3333'][draw(3)] } : {};
      const missingDays = draw(2) === 0 ? 'skip' : 'zero';
      return { strategy, params: { ...metric, windowDays: 1 + draw(5), missingDays, ...decay } };
    }
    case 'hybrid_fixed_proportional':
      return { strategy, params: { ...metric, fixedPercent: '33.3333' } };
    case 'min_floor_proportional':
      return { strategy, params: { ...metric, floorPercent: few() } };
    case 'segment_filtered_proportional':
      return { strategy, params: { ...metric, segment: segments[draw(segments.length)] } };
    default:
      return { strategy: 'proportional', params: metric };
  }
}

function validity(draw: Draw): object {
  const day = () => ['2026-10-30', '2026-10-31', '2026-11-01'][draw(3)];
  return [{}, {}, {}, {}, { validFrom: day() }, { validTo: day() }][draw(6)] ?? {};
}

function makeGroups(
  draw: Draw,
  chosen: ReadonlyMap<string, Choice>,
  nodes: readonly { readonly id: string }[],
): object[] {
  return [...chosen.values()].flatMap(({ node, name }) => {
    const named = name === '' ? {} : { percent: String(draw(101)) };
    if (name === '' && draw(2) === 0) return [];
    const residual = [
      'keep',
      'largest',
      'lift',
      { to: (nodes[draw(nodes.length)] as { readonly id: string }).id },
    ];
    return [
      {
        node,
        name,
        ...named,
        fallback: ['hold', 'equal', 'last_known', 'by_cost'][draw(4)],
        lastKnownDays: 1 + draw(4),
        missing: draw(3) === 0 ? 'fallback' : 'zero',
        residual: residual[draw(residual.length)],
        infeasibleFloors: draw(2) === 0 ? 'equal' : 'refuse',
      },
    ];
  });
}

function makeLanes(draw: Draw): Lane[] {
  const all: Lane[] = [];
  for (const currency of draw(3) === 0 ? ['EUR', 'USD'] : ['EUR']) {
    for (const dimension of ['Compute', 'Other']) {
      all.push({ dimension, currency, side: 'charge' });
      if (draw(2) === 0) all.push({ dimension, currency, side: 'credit' });
    }
  }
  return all;
}

/** On some days nobody has a value, on some everybody has 0. */
function makeUsage(draw: Draw, nodes: readonly { readonly id: string }[]): UsageRow[] {
  const rows: UsageRow[] = [];
  const first = Date.parse('2026-10-30') - historyDays * 86_400_000;
  for (let day = 0; day < historyDays + 3; day++) {
    const kind = draw(6);
    for (const { id } of nodes) {
      if (kind === 0 || draw(5) === 0) continue;
      const date = new Date(first + day * 86_400_000).toISOString().slice(0, 10);
      const value = kind === 1 ? 0 : [draw(4), draw(1000), draw(9973) * 1_000_003][draw(3)];
      const env = ['prod', 'test', 'dev'][draw(3)] as string;
      const labels = draw(4) === 0 ? {} : { labels: { env } };
      rows.push({ node: id, metric: 'hours', day: date, value: value ?? 0, ...labels });
      if (draw(8) === 0)
        rows.push({ node: id, metric: 'hours', day: date, value: draw(50), labels: { env: 'prod' } });
    }
  }
  return rows;
}

function makeDirect(
  draw: Draw,
  { nodes, lanes }: { readonly nodes: readonly { readonly id: string }[]; readonly lanes: readonly Lane[] },
): Map<string, number> {
  const direct = new Map<string, number>();
  for (let day = 0; day < 3; day++) {
    for (const { id } of nodes) {
      for (let lane = 0; lane < lanes.length; lane++) {
        const units = [
          0,
          0,
          1 + draw(9),
          draw(9973),
          draw(9973) * 9973 + draw(9973),
          draw(9973) * 12_345_678_901,
        ][draw(6)];
        if (units) direct.set(`${day} ${id} ${lane}`, units);
      }
    }
  }
  return direct;
}

/** The engine's graph of a made-up allocation. */
export function compileMadeUp({ document, days, lanes }: MadeUp): CompiledGraph {
  const dimensions = [...new Set(lanes.map(({ dimension }) => dimension))];
  return compileGraph({ document, nodes: [], days, dimensions });
}

/** Usage rows as the engine's matrices; a node with rows of a metric but none in the segment has 0. */
export function driversOf(graph: CompiledGraph, usage: readonly UsageRow[], from = '2026-10-24'): Drivers {
  const nodes = graph.nodeIds.length;
  const dayOf = (day: string) => (Date.parse(day) - Date.parse(from)) / 86_400_000;
  const days = dayOf(graph.days.at(-1) as string) + 1;
  return {
    from,
    days,
    values: graph.drivers.map(({ metric, segment }) => {
      const values = new Float64Array(nodes * days).fill(Number.NaN);
      for (const row of usage) {
        const node = graph.nodeOf.get(row.node);
        const day = dayOf(row.day);
        if (node === undefined || row.metric !== metric || day < 0 || day >= days) continue;
        const at = day * nodes + node;
        const value = segment === undefined || fitsSegment(segment, row.labels ?? {}) ? row.value : 0;
        values[at] = (Number.isNaN(values[at]) ? 0 : (values[at] as number)) + value;
      }
      return values;
    }),
  };
}

/** Direct costs of a day as the engine takes them. */
export function directOfDay(graph: CompiledGraph, { direct, lanes }: MadeUp): (day: number) => Float64Array {
  return (day) => {
    const cells = new Float64Array(graph.nodeIds.length * lanes.length);
    for (const [node, id] of graph.nodeIds.entries()) {
      for (let lane = 0; lane < lanes.length; lane++) {
        cells[node * lanes.length + lane] = direct.get(`${day} ${id} ${lane}`) ?? 0;
      }
    }
    return cells;
  };
}

/** How large a layered graph is. */
export interface LayeredOptions {
  readonly nodes: number;
  readonly lanes: number;
  readonly mode: MadeUpOptions['mode'];
}

/**
 * A graph of many nodes on three days, always the same one: every node passes cost on to later ones, by one of the nine
 * strategies, every fifth in two groups; with `step_down` or `reciprocal`, some back to earlier ones too. Large costs, many of
 * them odd, so that rounding often has to be decided.
 */
export function layeredAllocation({ nodes: count, lanes: laneCount, mode }: LayeredOptions): MadeUp {
  let state = 12_345;
  const draw: Draw = (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const nodes = Array.from({ length: count }, (_, at) => ({
    id: `n${String(at).padStart(4, '0')}`,
    type: at > count - 40 || draw(9) === 0 ? 'product' : 'service',
  }));
  const idOf = (at: number) => (nodes[at] as (typeof nodes)[number]).id;
  const edges: object[] = [];
  const groups: object[] = [];
  for (let at = 0; at < count - 40; at++) {
    const strategy = strategies[at % strategies.length] as Choice['strategy'];
    const rule = ruleOf(draw, strategy);
    const overrides = at % 7 === 0 ? { overrides: { D1: ruleOf(draw, strategy) } } : {};
    const add = (to: number, more: object) =>
      edges.push({ id: `e${edges.length}`, from: idOf(at), to: idOf(to), ...more });
    for (let n = 2 + draw(6); n > 0; n--)
      add(at + 1 + draw(39), { ...rule, ...overrides, ...(draw(20) ? {} : validity(draw)) });
    if (at % 5 === 0) {
      groups.push({ node: idOf(at), name: 'half', percent: '37.5' });
      for (let n = 0; n < 3; n++) add(at + 1 + n, { group: 'half', strategy: 'equal', params: {} });
    }
    if (mode !== 'refuse' && at % 60 === 59)
      add(at - 50, { strategy: 'fixed_percent', params: { percent: '12.5' } });
  }
  const document = graphDocumentSchema.parse({ method: { cycles: { mode } }, nodes, edges, groups });
  const days = ['2026-10-30', '2026-10-31', '2026-11-01'];
  const lanes = Array.from(
    { length: laneCount },
    (_, lane): Lane => ({
      dimension: `D${lane >> 1}`,
      currency: 'EUR',
      side: lane % 2 === 0 ? 'charge' : 'credit',
    }),
  );
  return { document, usage: makeUsage(draw, nodes), days, lanes, direct: makeDirect(draw, { nodes, lanes }) };
}
