import type { GraphEdge, ShareRule } from './model.ts';
import type { Component } from './validate-components.ts';
import { type GraphIndex, hundred, percentUnits } from './validate-index.ts';
import { ruleIn, siblings } from './validate-shares.ts';
import { boundsOf } from './validate-sweep.ts';
import { count, emptyTotals, judge, type Totals } from './validate-totals.ts';

/** Days of a component on which nothing leaves it, in one dimension. */
export interface ClosedDays {
  readonly dimension: string | null;
  readonly from: number;
  readonly until: number;
}

/**
 * The days on which cost that entered a component can never leave it: every node passes everything on, and only within it. An
 * edge out of it counts as an exit whatever its metric says on the day, and so does a part that surely stays on a node (fixed
 * percentages, caps or groups below 100 %).
 */
export function daysWithoutExit(
  index: GraphIndex,
  { nodes, dimension, dimensions: apart, from, until }: Component,
): { readonly closed: readonly ClosedDays[]; readonly dimensions: readonly (string | null)[] } {
  const inside = new Set(nodes);
  const out = nodes.map((node) => index.out.subarray(index.firstOut[node], index.firstOut[node + 1]));
  const all = out.flatMap((edges) => [...edges]);
  const bounds = boundsOf(index, all).filter((day) => day > from && day < until);
  const steps = [from, ...bounds, until];
  // The component of null stands for every dimension that its edges do not switch on or off, but edges out of it may.
  const more = namedBy(index, all).filter((name) => !apart.includes(name));
  const closed = (dimension === null ? [null, ...more] : [dimension]).flatMap((each) => {
    const closed: ClosedDays[] = [];
    for (let step = 0; step + 1 < steps.length; step++) {
      const day = steps[step] as number;
      if (out.some((edges) => leaves(index, { edges, day, dimension: each, inside }))) continue;
      const last = closed.at(-1);
      const days = { dimension: each, until: steps[step + 1] as number };
      if (last?.until === day) closed[closed.length - 1] = { ...days, from: last.from };
      else closed.push({ ...days, from: day });
    }
    return closed;
  });
  return { closed, dimensions: [...apart, ...more] };
}

function namedBy({ document }: GraphIndex, edges: readonly number[]): string[] {
  const names = edges.flatMap((edge) => Object.keys((document.edges[edge] as GraphEdge).overrides));
  return [...new Set(names)].sort();
}

interface Leaving {
  /** Edges out of one node of the component. */
  readonly edges: Int32Array;
  readonly day: number;
  readonly dimension: string | null;
  readonly inside: ReadonlySet<number>;
}

function leaves(index: GraphIndex, { edges, day, dimension, inside }: Leaving): boolean {
  const live = edges.filter((e) => (index.start[e] as number) <= day && (index.end[e] as number) > day);
  const [first] = live;
  if (first === undefined) return false;
  const node = index.from[first] as number;
  let percents = 0;
  let takesRest = false;
  for (const [name, group] of siblings(index, live)) {
    const settings = index.groupOf(node, name);
    if (settings?.percent === undefined) takesRest = true;
    else percents += percentUnits(settings.percent);
    if (settings?.percent !== undefined && percentUnits(settings.percent) === 0) continue;
    const totals = emptyTotals();
    const rules = group.map((edge) => ruleIn(index.document.edges[edge] as GraphEdge, dimension));
    for (const rule of rules) count(totals, rule, 1);
    if (judge(totals, settings).some(({ code }) => staying.includes(code))) return true;
    const isOut = (edge: number) => !inside.has(index.to[edge] as number);
    if (group.some((edge, at) => isOut(edge) && carriesBeside(totals, rules[at] as ShareRule))) return true;
  }
  return !takesRest && percents < hundred;
}

/** Findings that say that a part of a group's cost stays on its node. */
const staying: readonly string[] = ['fixedBelow100', 'capsBelow100'];

/** Fixed percentages of 100 % leave nothing to the other edges of a group. */
function carriesBeside({ fixed }: Totals, rule: ShareRule): boolean {
  return rule.strategy === 'fixed_percent' ? percentUnits(rule.params.percent) > 0 : fixed < hundred;
}
