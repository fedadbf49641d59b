import { type GraphEdge, type ShareRule, strategyNames } from '../model.ts';
import { compareText } from './compare-text.ts';
import { percentUnits } from './percent.ts';
import { segmentKey } from './segment-key.ts';
import type { CompiledGraph, CompiledRules, DriverKey, Weighing } from './types.ts';

/** Edges in the engine's order, with the arrays that say where they run and when. */
export interface SortedEdges {
  readonly edges: readonly GraphEdge[];
  readonly arrays: Pick<CompiledGraph, 'from' | 'to' | 'firstOut' | 'liveFrom' | 'liveTo'>;
  readonly nodes: number;
}

/** A rule as numbers; see `CompiledRules`. */
interface Numbers {
  readonly strategy: number;
  readonly weighing: number;
  readonly percent: number;
  readonly isCap: number;
}

/**
 * Turns rules into numbers. Dimensions in which all edges of a node have the same rules are one class: a node without overrides
 * has one class for all dimensions.
 */
export function compileRules(
  sorted: SortedEdges,
  dimensions: readonly string[],
): { readonly rules: CompiledRules; readonly drivers: readonly DriverKey[] } {
  const reader = ruleReader(sorted, dimensions);
  const { edges, arrays, nodes } = sorted;
  const numberOf = new Map(dimensions.map((name, index) => [name, index]));
  const firstClass = new Int32Array(nodes + 1);
  const firstRule: number[] = [];
  const classes = new Map<number, Int32Array>();
  const numbers: Numbers[] = [];
  for (let node = 0; node < nodes; node++) {
    firstClass[node] = firstRule.length;
    const own = edges.slice(arrays.firstOut[node], arrays.firstOut[node + 1]);
    const variants: (string | null)[] = [null];
    if (own.some(({ overrides }) => hasKeys(overrides))) {
      const { classOf, dimensionOf } = classesOf(own, dimensions, numberOf, reader.read);
      classes.set(node, classOf);
      variants.push(...dimensionOf);
    }
    for (const dimension of variants) {
      firstRule.push(numbers.length);
      for (const edge of own) numbers.push(reader.read(ruleIn(edge, dimension)));
    }
  }
  firstClass[nodes] = firstRule.length;
  return {
    drivers: reader.drivers,
    rules: {
      firstClass,
      classOf: (node, dimension) => classes.get(node)?.[dimension] ?? 0,
      firstRule: Int32Array.from(firstRule),
      strategy: Uint8Array.from(numbers, ({ strategy }) => strategy),
      weighing: Int32Array.from(numbers, ({ weighing }) => weighing),
      percent: Int32Array.from(numbers, ({ percent }) => percent),
      isCap: Uint8Array.from(numbers, ({ isCap }) => isCap),
      weighings: reader.weighings,
    },
  };
}

/** How an edge shares in a dimension; null is any that it does not name. */
function ruleIn(edge: GraphEdge, dimension: string | null): ShareRule {
  return dimension !== null && Object.hasOwn(edge.overrides, dimension)
    ? (edge.overrides[dimension] as ShareRule)
    : edge;
}

function hasKeys(overrides: object): boolean {
  for (const _ in overrides) return true;
  return false;
}

/** The class of each dimension, class 0 being that of the edges' own rules; and for each further class one of its dimensions. */
function classesOf(
  edges: readonly GraphEdge[],
  dimensions: readonly string[],
  numberOf: ReadonlyMap<string, number>,
  read: (rule: ShareRule) => Numbers,
): { readonly classOf: Int32Array; readonly dimensionOf: readonly string[] } {
  const named = new Set<number>();
  for (const { overrides } of edges) {
    for (const name in overrides) {
      const number = numberOf.get(name);
      if (number !== undefined) named.add(number);
    }
  }
  const keyOf = (dimension: string | null) =>
    edges.map((edge) => Object.values(read(ruleIn(edge, dimension))).join(',')).join(';');
  const known = new Map([[keyOf(null), 0]]);
  const classOf = new Int32Array(dimensions.length);
  const dimensionOf: string[] = [];
  for (const number of [...named].sort((a, b) => a - b)) {
    const dimension = dimensions[number] as string;
    const key = keyOf(dimension);
    if (!known.has(key)) {
      known.set(key, known.size);
      dimensionOf.push(dimension);
    }
    classOf[number] = known.get(key) as number;
  }
  return { classOf, dimensionOf };
}

/** Reads rules; drivers are numbered in the order of their names, over all rules that a day of the run can use. */
function ruleReader(
  { edges, arrays }: SortedEdges,
  dimensions: readonly string[],
): {
  readonly read: (rule: ShareRule) => Numbers;
  readonly drivers: readonly DriverKey[];
  readonly weighings: readonly Weighing[];
} {
  const keys = new Map<string, DriverKey>();
  const use = (rule: ShareRule) => {
    const key = driverKeyOf(rule);
    if (key) keys.set(driverText(key), key);
  };
  const isUsed = new Set(dimensions);
  for (let e = 0; e < edges.length; e++) {
    if ((arrays.liveFrom[e] as number) >= (arrays.liveTo[e] as number)) continue;
    const edge = edges[e] as GraphEdge;
    use(edge);
    for (const name in edge.overrides) if (isUsed.has(name)) use(edge.overrides[name] as ShareRule);
  }
  const drivers = [...keys.values()].sort(
    (a, b) => compareText(a.metric, b.metric) || compareText(a.segment ?? '', b.segment ?? ''),
  );
  const driverOf = new Map(drivers.map((key, index) => [driverText(key), index]));
  const weighings: Weighing[] = [];
  const known = new Map<string, number>();

  function weighingOf(rule: ShareRule): number {
    const key = driverKeyOf(rule);
    const driver = key && driverOf.get(driverText(key));
    if (driver === undefined) return -1;
    const weighing: Weighing =
      rule.strategy === 'weighted_average' ? { driver, window: windowOf(rule) } : { driver };
    const text = JSON.stringify(weighing);
    if (!known.has(text)) known.set(text, weighings.push(weighing) - 1);
    return known.get(text) as number;
  }
  return { drivers, weighings, read: (rule) => ({ ...percentOf(rule), weighing: weighingOf(rule) }) };
}

function windowOf({ params }: Extract<ShareRule, { strategy: 'weighted_average' }>): Weighing['window'] {
  const { windowDays: days, missingDays, decay } = params;
  return { days, missingDays, decay: decay === undefined ? 10_000 : percentUnits(decay) };
}

function driverKeyOf({ params }: ShareRule): DriverKey | undefined {
  if (!('metric' in params)) return undefined;
  const { metric } = params;
  return 'segment' in params ? { metric, segment: segmentKey(params.segment) } : { metric };
}

function driverText({ metric, segment }: DriverKey): string {
  return JSON.stringify([metric, segment ?? null]);
}

function percentOf(rule: ShareRule): Omit<Numbers, 'weighing'> {
  const strategy = strategyNames.indexOf(rule.strategy);
  const units = (text: string | undefined) => (text === undefined ? -1 : percentUnits(text));
  switch (rule.strategy) {
    case 'fixed_percent':
      return { strategy, percent: units(rule.params.percent), isCap: 0 };
    case 'capped_proportional':
      return { strategy, percent: units(rule.params.cap), isCap: 1 };
    case 'residual_to_max': {
      const { percent, cap } = rule.params;
      return { strategy, percent: units(percent ?? cap), isCap: cap === undefined ? 0 : 1 };
    }
    case 'hybrid_fixed_proportional':
      return { strategy, percent: units(rule.params.fixedPercent), isCap: 0 };
    case 'min_floor_proportional':
      return { strategy, percent: units(rule.params.floorPercent), isCap: 0 };
    default:
      return { strategy, percent: -1, isCap: 0 };
  }
}
