import type { GraphFinding } from './model.ts';

/** A part of the calendar: the first day, and the first that no longer belongs; null where it has no end. */
export interface Days {
  readonly from: string | null;
  readonly until: string | null;
}

/** In which dimensions something holds: the named ones; null for every one `except` some. */
export interface InDimensions {
  readonly dimensions: readonly string[] | null;
  readonly except: readonly string[];
}

/** An edge that takes part in something, with its percentage where it has one. */
export interface NamedShare {
  readonly edge: string;
  readonly percent?: string;
}

interface GroupParams extends Days, InDimensions {
  readonly node: string;
  readonly group: string;
  /** At most fifty of them; `count` is of all. */
  readonly edges: readonly NamedShare[];
  readonly count: number;
}
type SumParams = GroupParams & { readonly sum: string };

interface CycleParams extends Days, InDimensions {
  readonly nodes: readonly string[];
  readonly edges: readonly string[];
  /** Nodes of the whole component; the cycle shown is a shortest one in it. */
  readonly size: number;
  readonly shortest: boolean;
}

/**
 * Everything that a graph can be told, each with its weight and its sentence. An `error` keeps a graph from being published: it
 * has no result, or one that nobody meant. A `warning` has a result that is likely not meant: cost that will be unallocated. An
 * `info` says what follows from the graph as it is.
 */
export const graphFindings = {
  duplicateNode: error(
    (p: { node: string; count: number }) =>
      `The node '${p.node}' is declared ${p.count} times. Keep one of them.`,
  ),
  duplicateEdge: error(
    (p: { edge: string; count: number }) =>
      `${p.count} edges have the id '${p.edge}'. Give each an id of its own.`,
  ),
  duplicateGroup: error(
    (p: { node: string; group: string; count: number }) =>
      `${groupText(p)} is described ${p.count} times. Keep one of them.`,
  ),
  duplicateRule: error(
    (p: { rule: string; count: number }) => `${p.count} rules have the id '${p.rule}'. Rename all but one.`,
  ),
  duplicateMetric: error(
    (p: { metric: string; count: number }) =>
      `The metric '${p.metric}' is listed ${p.count} times. Keep one of them.`,
  ),
  reservedNode: error(
    (p: { node: string }) => `'${p.node}' is a node that every run has by itself. Give this one another id.`,
  ),
  maybeReservedNode: warning(
    (p: { template: string; node: string }) =>
      `'${p.template}' makes the node '${p.node}' where the column says so, and that is a node of every run. ` +
      `Put a prefix before it, as in 'app:${p.template}'.`,
  ),
  missingNode: error(
    (p: { node: string; nearest: readonly string[] }) =>
      `There is no node '${p.node}'.${didYouMean(p.nearest)} Declare it under nodes, or name another.`,
  ),
  undeclaredNode: warning(
    (p: { node: string; rule: string }) =>
      `Edges name '${p.node}', which is not declared: nothing flows there before the rule '${p.rule}' makes such a node. Declare it, so that no slip of the pen passes for a node.`,
  ),
  nodeOfRule: info(
    (p: { node: string; rule: string }) =>
      `Edges name '${p.node}', which the rule '${p.rule}' makes with the first row that fits; nothing flows there before.`,
  ),
  archivedNode: warning(
    (p: { node: string }) =>
      `The node '${p.node}' is archived: nothing flows to it or from it. End the edge, or take the node up again.`,
  ),
  archivedRuleNode: warning(
    (p: { node: string; rule: string }) =>
      `The rule '${p.rule}' sends cost to '${p.node}', which is archived and passes nothing on. Name another node.`,
  ),
  unknownApplication: error(
    (p: { application: string; nearest: readonly string[] }) =>
      `There is no application '${p.application}'.${didYouMean(p.nearest)} Add it to the organization, or name another.`,
  ),
  unusedGroup: warning(
    (p: { node: string; group: string }) =>
      `${groupText(p)} is described, but no edge leaves the node in it. Name the group on its edges, or take it out.`,
  ),
  residualReceiver: error(
    (p: { node: string; group: string; to: string }) =>
      `What the caps of ${groupText(p, 'the group')} leave goes to '${p.to}', which none of its edges reach. Name one of its receivers.`,
  ),
  selfLoop: error(
    (p: { node: string }) =>
      `The node '${p.node}' passes cost to itself. Take the edge out; what is not passed on stays anyway.`,
  ),
  emptyValidity: error(
    (p: { validFrom: string; validTo: string }) =>
      `The edge ends on ${p.validTo}, before it begins (${p.validFrom}); validTo is the first day that it does not hold. Give a later one.`,
  ),
  overlappingValidity: error(
    (p: { edge: string; other: string } & Days) =>
      `The edges '${p.other}' and '${p.edge}' hold together${daysText(p)}. End one on the day that the other begins, or take one out.`,
  ),
  productFeedsInfrastructure: error(
    (p: { from: string; to: string; type: string }) =>
      `Cost would flow from the product '${p.from}' back to '${p.to}' (${p.type}). Cost flows from what is paid to what uses it: turn the edge round.`,
  ),
  productFeedsService: warning(
    (p: { from: string; to: string; type: string }) =>
      `Cost flows from the product '${p.from}' to '${p.to}' (${p.type}). If the product uses it, turn the edge round.`,
  ),
  isolatedNode: warning(
    (p: { node: string }) =>
      `No edge touches the node '${p.node}' and no rule can reach it. Add one, or take the node out.`,
  ),
  noWayOut: warning(
    (p: { node: string; type: string }) =>
      `No edge leaves '${p.node}' (${p.type}): its cost will be unallocated. Add edges to what uses it.`,
  ),
  noProduct: warning(
    () =>
      'No node is a product, and no rule makes one: everything will be unallocated. Cost is allocated where it rests on products.',
  ),
  cycle: error(
    (p: CycleParams) =>
      `Cost would go round in a circle${whenText(p)}: ${routeText(p)}. Take one of these edges out, or choose step_down or reciprocal under method.cycles.`,
  ),
  cycleResolved: info(
    (p: CycleParams & { mode: string }) =>
      `Cost goes round in a circle${whenText(p)}: ${routeText(p)}. It is solved by ${p.mode}, as method.cycles says.`,
  ),
  componentWithoutExit: error(
    (p: CycleParams) =>
      `Cost could never leave this circle${whenText(p)}: ${routeText(p)}. Every node of it passes everything on within it; add an edge out of it, or leave a part on a node.`,
  ),
  cycleModesDiffer: error(
    (p: { nodes: readonly string[]; modes: readonly string[] }) =>
      `${p.nodes.join(' and ')} are in one circle, but method.cycles asks for ${p.modes.join(' and ')}. Name the component once.`,
  ),
  cycleUndecided: warning(
    (p: { nodes: readonly string[]; size: number }) =>
      `${p.size} nodes around ${p.nodes.join(', ')} would form circles if their edges held on the same days; there are too many dates to look through all of them here. A run finds out.`,
  ),
  notInCycle: warning(
    (p: { node: string }) =>
      `method.cycles treats the component of '${p.node}' in a way of its own, but the node is in no circle. Take it out.`,
  ),
  fixedOver100: error(
    (p: SumParams) =>
      `Fixed percentages of ${groupText(p, 'the group')} add up to ${p.sum} %${whenText(p)}: ${sharesText(p)}. Lower them to 100 % together.`,
  ),
  fixedBelow100: info(
    (p: SumParams & { retained: string }) =>
      `Fixed percentages of ${groupText(p, 'the group')} add up to ${p.sum} %${whenText(p)}; ${p.retained} % stays on the node.`,
  ),
  fixedLeavesNothing: warning(
    (p: SumParams) =>
      `Fixed percentages of ${groupText(p, 'the group')} take everything${whenText(p)}, so that its other edges get nothing. Lower them, or take the others out.`,
  ),
  floorsOver100: error(
    (p: SumParams) =>
      `Floors of ${groupText(p, 'the group')} add up to ${p.sum} %${whenText(p)}: ${sharesText(p)}. Lower them to 100 % together, or set infeasibleFloors: equal.`,
  ),
  floorsAndFixedOver100: error(
    (p: SumParams & { fixed: string; floors: string }) =>
      `Of ${groupText(p, 'the group')}, fixed percentages (${p.fixed} %) and floors (${p.floors} %) add up to ${p.sum} %${whenText(p)}. Lower them to 100 % together, or set infeasibleFloors: equal.`,
  ),
  hybridAndFixedOver100: error(
    (p: SumParams & { fixed: string; hybrid: string }) =>
      `Of ${groupText(p, 'the group')}, fixed percentages (${p.fixed} %) and fixedPercent (${p.hybrid} %) add up to ${p.sum} %${whenText(p)}. Lower them to 100 % together.`,
  ),
  floorsMadeEqual: info(
    (p: SumParams) =>
      `Floors of ${groupText(p, 'the group')}, with its fixed percentages, add up to ${p.sum} %${whenText(p)}; its edges with floors get the same each, as infeasibleFloors says.`,
  ),
  residualPercentsOver100: error(
    (p: SumParams) =>
      `Percentages of ${groupText(p, 'the group')} add up to ${p.sum} %${whenText(p)} even without the largest consumer, which should get what the others leave: ${sharesText(p)}. Lower them.`,
  ),
  capsBelow100: warning(
    (p: SumParams & { retained: string }) =>
      `Caps of ${groupText(p, 'the group')}, with its fixed percentages, add up to ${p.sum} %${whenText(p)}: at least ${p.retained} % stays on the node. Raise them, or say where it goes with residual.`,
  ),
  mixedStrategies: error(
    (p: GroupParams & { strategies: readonly string[] }) =>
      `${groupText(p)} mixes ${p.strategies.join(' and ')}${whenText(p)}. Beside fixed_percent a group has one strategy: put the others in a group of their own, with a percent each.`,
  ),
  mixedMetrics: error(
    (p: GroupParams & { strategy: string; metrics: readonly string[] }) =>
      `${groupText(p)} shares by ${p.metrics.join(' and ')}${whenText(p)}. Different metrics have no common sum: use one, or a group for each.`,
  ),
  hybridPercentsDiffer: error(
    (p: GroupParams & { percents: readonly string[] }) =>
      `${groupText(p)} has several fixedPercent (${p.percents.join(', ')})${whenText(p)}, which do not add up to the whole. Give all its edges the same.`,
  ),
  groupPercentsOver100: error(
    (p: { node: string; groups: readonly string[]; sum: string } & Days) =>
      `The groups of '${p.node}' add up to ${p.sum} %${daysText(p)}: ${namesText(p.groups)}. Lower them to 100 % together.`,
  ),
  groupPercentsBelow100: info(
    (p: { node: string; groups: readonly string[]; sum: string; retained: string } & Days) =>
      `The groups of '${p.node}' add up to ${p.sum} %${daysText(p)}; ${p.retained} % stays on the node.`,
  ),
  groupsWithoutPercent: error(
    (p: { node: string; groups: readonly string[] } & Days) =>
      `${p.groups.length} groups of '${p.node}' have no percent${daysText(p)}: ${namesText(p.groups)}. Only one may take the rest; give the others a percent under groups.`,
  ),
  groupGetsNothing: warning(
    (p: { node: string; group: string } & Days) =>
      `${groupText(p)} takes what the node's other groups leave, and they leave nothing${daysText(p)}. Lower their percents, or take it out.`,
  ),
  unknownMetric: error(
    (p: { metric: string; edges: readonly string[]; count: number; nearest: readonly string[] }) =>
      `${p.count === 1 ? `The edge '${p.edges[0]}' shares` : `${p.count} edges share`} by '${p.metric}', which is not among the metrics.${didYouMean(p.nearest)} List it under metrics.`,
  ),
  unusedMetric: info(
    (p: { metric: string }) =>
      `No edge shares by the metric '${p.metric}'. Keep it if costs are shown per unit of it.`,
  ),
  segmentNeedsUsage: error(
    (p: { metric: string; edges: readonly string[]; count: number }) =>
      `Segments tell usage apart by its labels, and '${p.metric}' is read from the bill. Share by a metric from usage; or narrow this one with where, and share proportionally.`,
  ),
  malformedTemplate: error(
    (p: { template: string; problem: string }) =>
      `'${p.template}' cannot be filled in: ${p.problem}. Write columns in braces, as in 'app:{Tags.app}'.`,
  ),
  invalidNodeId: error(
    (p: { template: string; problem: string }) => `'${p.template}' makes no node id: ${p.problem}.`,
  ),
  malformedCondition: error((p: { problem: string }) => p.problem),
  malformedDimension: error(
    (p: { dimension: string; problem: string }) =>
      `'${p.dimension}' is no dimension: ${p.problem} Name a column or a tag, such as ServiceCategory or Tags.team.`,
  ),
  unknownColumn: error(
    (p: { column: string; nearest: readonly string[] }) =>
      `A bill has no column '${p.column}'.${didYouMean(p.nearest)} Columns of a provider begin with x_.`,
  ),
  columnHasNoKeys: error(
    (p: { column: string; key: string }) =>
      `The column '${p.column}' has no keys, so '${p.key}' finds nothing. Leave the key out, or name Tags.`,
  ),
  unreachableRule: warning(
    (p: { rule: string; earlier: string }) =>
      `The rule '${p.rule}' never gets a row: '${p.earlier}' before it takes all of them. Move it up, or take it out.`,
  ),
} as const;

export type FindingCode = keyof typeof graphFindings;
type ParamsOf<C extends FindingCode> = Parameters<(typeof graphFindings)[C]['sentence']>[0];

/** A finding of the table: `finding('selfLoop', 'edges/a -> a', { node: 'a' })`; its code is `allocation.selfLoop`. */
export function finding<C extends FindingCode>(code: C, path: string, params: ParamsOf<C>): GraphFinding {
  const { severity, sentence } = graphFindings[code];
  return {
    code: `allocation.${code}`,
    severity,
    path,
    message: (sentence as (params: unknown) => string)(params),
    params: (params ?? {}) as Readonly<Record<string, unknown>>,
  };
}

interface Spec<P> {
  readonly severity: GraphFinding['severity'];
  readonly sentence: (params: P) => string;
}

function error<P>(sentence: (params: P) => string): Spec<P> {
  return { severity: 'error', sentence };
}

function warning<P>(sentence: (params: P) => string): Spec<P> {
  return { severity: 'warning', sentence };
}

function info<P>(sentence: (params: P) => string): Spec<P> {
  return { severity: 'info', sentence };
}

function didYouMean(nearest: readonly string[]): string {
  return nearest.length === 0 ? '' : ` Did you mean ${nearest.map((name) => `'${name}'`).join(' or ')}?`;
}

function groupText({ node, group }: { node: string; group: string }, noun = 'The group'): string {
  return group === '' ? `${noun} of '${node}'` : `${noun} '${group}' of '${node}'`;
}

function namesText(groups: readonly string[]): string {
  return groups.map((name) => (name === '' ? "'' (the one without a name)" : `'${name}'`)).join(', ');
}

function whenText(p: Days & InDimensions): string {
  return `${dimensionsText(p)}${daysText(p)}`;
}

function dimensionsText({ dimensions, except }: InDimensions): string {
  if (dimensions !== null) return ` in ${dimensions.map((name) => `'${name}'`).join(', ')}`;
  return except.length === 0 ? '' : ` in every dimension but ${except.map((name) => `'${name}'`).join(', ')}`;
}

/** ` from 2026-01-01 to 2026-01-31`: both days belong. */
function daysText({ from, until }: Days): string {
  const last = until === null ? null : dayBefore(until);
  if (from === null) return last === null ? '' : ` up to ${last}`;
  if (last === null) return ` from ${from} on`;
  return from === last ? ` on ${from}` : ` from ${from} to ${last}`;
}

function dayBefore(day: string): string {
  return new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10);
}

const namedAtMost = 12;

function sharesText({ edges, count }: GroupParams): string {
  const named = edges
    .slice(0, namedAtMost)
    .map(({ edge, percent }) => `'${edge}'${percent === undefined ? '' : ` ${percent} %`}`);
  return count > named.length ? `${named.join(', ')} and ${count - named.length} more` : named.join(', ');
}

function routeText({ nodes, size }: CycleParams): string {
  const [first] = nodes;
  const shown = nodes.length <= 2 * namedAtMost ? nodes : [...nodes.slice(0, 2 * namedAtMost), '…'];
  const more = size > nodes.length ? ` (one circle of a component of ${size} nodes)` : '';
  return `${[...shown, first].join(' → ')}${more}`;
}
