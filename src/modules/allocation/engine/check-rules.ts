import { type GraphFinding, strategyNames } from '../model.ts';
import { engineFinding } from './findings.ts';
import { hundred, percentText, percentUnits } from './percent.ts';
import type { CompiledGraph, CompiledGroup } from './types.ts';

type Rules = Omit<CompiledGraph, 'findings'>;

/**
 * Finds what has no result: percentages over 100, strategies or metrics that cannot be mixed, two groups that both take the
 * rest. `validateGraph` says the same with more words when a graph is saved; this holds for the days of a run, and for
 * documents that nobody validated.
 */
export function checkRules(graph: Rules): GraphFinding[] {
  const findings: GraphFinding[] = [];
  for (let node = 0; node < graph.nodeIds.length; node++) {
    const first = graph.firstGroup[node] as number;
    const end = graph.firstGroup[node + 1] as number;
    if (end - first > 1 || (end > first && graph.groups[first]?.settings.percent !== undefined)) {
      checkGroups(graph, graph.groups.slice(first, end), findings);
    }
    for (let at = first; at < end; at++) checkGroup(graph, graph.groups[at] as CompiledGroup, findings);
  }
  return findings;
}

/** The first days of the stretches in which the same edges of a range are live. */
function stretches({ liveFrom, liveTo, days }: Rules, firstEdge: number, endEdge: number): number[] {
  const starts = new Set(days.length === 0 ? [] : [0]);
  for (let e = firstEdge; e < endEdge; e++) {
    starts.add(liveFrom[e] as number);
    starts.add(liveTo[e] as number);
  }
  starts.delete(days.length);
  return [...starts].sort((a, b) => a - b);
}

function checkGroups(graph: Rules, groups: readonly CompiledGroup[], findings: GraphFinding[]): void {
  const first = groups[0] as CompiledGroup;
  const last = groups.at(-1) as CompiledGroup;
  const node = graph.nodeIds[first.node] as string;
  for (const day of stretches(graph, first.firstEdge, last.endEdge)) {
    const live = groups.filter((group) => liveEdges(graph, group, day).length > 0);
    const percents = live.map(({ settings }) => settings.percent).filter((each) => each !== undefined);
    const sum = percents.reduce((total, each) => total + percentUnits(each), 0);
    if (sum > hundred) {
      report(findings, `groups/${node}`, `The groups of '${node}' add up to ${percentText(sum)} %.`);
      return;
    }
    if (live.length - percents.length > 1) {
      report(findings, `groups/${node}`, `Several groups of '${node}' have no percent.`);
      return;
    }
  }
}

function liveEdges(
  { liveFrom, liveTo }: Rules,
  { firstEdge, endEdge }: CompiledGroup,
  day: number,
): number[] {
  const live: number[] = [];
  for (let e = firstEdge; e < endEdge; e++) {
    if ((liveFrom[e] as number) <= day && day < (liveTo[e] as number)) live.push(e);
  }
  return live;
}

function checkGroup(graph: Rules, group: CompiledGroup, findings: GraphFinding[]): void {
  const { rules, firstOut } = graph;
  const { node, settings } = group;
  for (const day of stretches(graph, group.firstEdge, group.endEdge)) {
    const live = liveEdges(graph, group, day);
    for (let c = rules.firstClass[node] as number; c < (rules.firstClass[node + 1] as number); c++) {
      const offset = (rules.firstRule[c] as number) - (firstOut[node] as number);
      const problem = problemOf(
        graph,
        live.map((e) => e + offset),
        settings.infeasibleFloors === 'equal',
      );
      if (problem === undefined) continue;
      const name = settings.name === '' ? '' : `/${settings.name}`;
      const path = `groups/${settings.node}${name}`;
      report(
        findings,
        path,
        `The edges of '${settings.node}'${name && ` in '${settings.name}'`} ${problem}.`,
      );
      return;
    }
  }
}

/** What is wrong with the rules of live siblings, as the end of a sentence. */
function problemOf(
  { rules, drivers }: Rules,
  live: readonly number[],
  floorsMayBeEqual: boolean,
): string | undefined {
  const strategies = new Set<string>();
  const metrics = new Set<string>();
  const hybrids = new Set<number>();
  const residual = { sum: 0, count: 0, least: hundred };
  let fixed = 0;
  let floors = 0;
  let weighed = 0;
  for (const r of live) {
    const strategy = strategyNames[rules.strategy[r] as number] as string;
    const percent = rules.percent[r] as number;
    if (strategy === 'fixed_percent') fixed += percent;
    else strategies.add(strategy);
    if (strategy === 'min_floor_proportional') floors += percent;
    if (strategy === 'hybrid_fixed_proportional') hybrids.add(percent);
    if (strategy === 'residual_to_max' && percent >= 0 && !rules.isCap[r]) {
      residual.sum += percent;
      residual.count++;
      residual.least = Math.min(residual.least, percent);
    }
    const weighing = rules.weighings[rules.weighing[r] as number];
    if (weighing) metrics.add(drivers[weighing.driver]?.metric ?? '');
    if (strategy !== 'fixed_percent') weighed++;
  }
  if (strategies.size > 1) return `mix ${[...strategies].sort().join(' and ')}`;
  if (metrics.size > 1) return `are weighed by ${[...metrics].sort().join(' and ')}`;
  if (hybrids.size > 1) return 'have several fixedPercent';
  // The largest takes what the others leave; at worst it is the one with the least percentage.
  const others = residual.sum - (residual.count > 0 && residual.count === weighed ? residual.least : 0);
  const hybrid = Math.max(0, ...hybrids);
  const sum = fixed + (floorsMayBeEqual ? 0 : floors) + hybrid + others;
  return sum > hundred ? `add up to ${percentText(sum)} %` : undefined;
}

function report(findings: GraphFinding[], path: string, problem: string): void {
  findings.push(engineFinding('notComputable', path, { problem }));
}
