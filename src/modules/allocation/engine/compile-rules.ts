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

/** A rule as numbers; see `CompiledRules`. The reader uses one object for all. */
interface Numbers {
  strategy: number;
  weighing: number;
  percent: number;
  isCap: number;
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
  const { firstClass, firstRule, count, classes, dimensionOf } = numberClasses(
    sorted,
    dimensions,
    reader.read,
  );
  const rules = {
    firstClass,
    classOf: (node: number, dimension: number) => classes.get(node)?.[dimension] ?? 0,
    firstRule,
    strategy: new Uint8Array(count),
    weighing: new Int32Array(count),
    percent: new Int32Array(count),
    isCap: new Uint8Array(count),
    weighings: reader.weighings,
  };
  const { edges, arrays, nodes } = sorted;
  for (let node = 0; node < nodes; node++) {
    const end = arrays.firstOut[node + 1] as number;
    for (let c = firstClass[node] as number; c < (firstClass[node + 1] as number); c++) {
      let at = firstRule[c] as number;
      for (let e = arrays.firstOut[node] as number; e < end; e++, at++) {
        const { strategy, weighing, percent, isCap } = reader.read(
          ruleIn(edges[e] as GraphEdge, dimensionOf.get(c) ?? null),
        );
        rules.strategy[at] = strategy;
        rules.weighing[at] = weighing;
        rules.percent[at] = percent;
        rules.isCap[at] = isCap;
      }
    }
  }
  return { drivers: reader.drivers, rules };
}

interface Classes {
  readonly firstClass: Int32Array;
  readonly firstRule: Int32Array;
  /** Rules of all classes. */
  readonly count: number;
  /** Per node with several classes: the class of each dimension. */
  readonly classes: ReadonlyMap<number, Int32Array>;
  /** Per class that is not a node's first: one of its dimensions. */
  readonly dimensionOf: ReadonlyMap<number, string>;
}

function numberClasses(
  { edges, arrays, nodes }: SortedEdges,
  dimensions: readonly string[],
  read: (rule: ShareRule) => Numbers,
): Classes {
  const numberOf = new Map(dimensions.map((name, index) => [name, index]));
  const firstClass = new Int32Array(nodes + 1);
  const firstRule: number[] = [];
  const classes = new Map<number, Int32Array>();
  const dimensionOf = new Map<number, string>();
  let count = 0;
  for (let node = 0; node < nodes; node++) {
    firstClass[node] = firstRule.length;
    const begin = arrays.firstOut[node] as number;
    const end = arrays.firstOut[node + 1] as number;
    firstRule.push(count);
    count += end - begin;
    if (!haveOverrides(edges, begin, end)) continue;
    const found = classesOf(edges.slice(begin, end), dimensions, numberOf, read);
    classes.set(node, found.classOf);
    for (const dimension of found.dimensionOf) {
      dimensionOf.set(firstRule.push(count) - 1, dimension);
      count += end - begin;
    }
  }
  firstClass[nodes] = firstRule.length;
  return { firstClass, firstRule: Int32Array.from(firstRule), count, classes, dimensionOf };
}

function haveOverrides(edges: readonly GraphEdge[], begin: number, end: number): boolean {
  for (let e = begin; e < end; e++) if (hasKeys((edges[e] as GraphEdge).overrides)) return true;
  return false;
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
  const seen = new Set<string>();
  const use = (rule: ShareRule) => {
    const text = weighingText(rule);
    if (text === undefined || seen.has(text)) return;
    seen.add(text);
    const key = driverKeyOf(rule) as DriverKey;
    keys.set(driverText(key), key);
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
  const numbers: Numbers = { strategy: 0, weighing: -1, percent: -1, isCap: 0 };

  function weighingOf(rule: ShareRule): number {
    const text = weighingText(rule);
    if (text === undefined) return -1;
    const found = known.get(text);
    if (found !== undefined) return found;
    const driver = driverOf.get(driverText(driverKeyOf(rule) as DriverKey));
    if (driver === undefined) return -1;
    const window = rule.strategy === 'weighted_average' ? { window: windowOf(rule) } : {};
    known.set(text, weighings.push({ driver, ...window }) - 1);
    return weighings.length - 1;
  }

  function read(rule: ShareRule): Numbers {
    numbers.strategy = strategyNames.indexOf(rule.strategy);
    numbers.weighing = weighingOf(rule);
    const text = percentOf(rule);
    numbers.percent = text === undefined ? -1 : percentUnits(text);
    numbers.isCap = 'cap' in rule.params && rule.params.cap !== undefined ? 1 : 0;
    return numbers;
  }
  return { drivers, weighings, read };
}

/** One text for all rules that weigh alike; for most it is the metric, made of nothing. */
function weighingText({ strategy, params }: ShareRule): string | undefined {
  if (!('metric' in params)) return undefined;
  if (strategy !== 'weighted_average' && strategy !== 'segment_filtered_proportional') return params.metric;
  const { metric: _, ...rest } = params;
  const key = 'segment' in rest ? segmentKey(rest.segment) : JSON.stringify(rest);
  return `${params.metric}\n${strategy} ${key}`;
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

function percentOf({ params }: ShareRule): string | undefined {
  if ('fixedPercent' in params) return params.fixedPercent;
  if ('floorPercent' in params) return params.floorPercent;
  if ('percent' in params && params.percent !== undefined) return params.percent;
  return 'cap' in params ? params.cap : undefined;
}
