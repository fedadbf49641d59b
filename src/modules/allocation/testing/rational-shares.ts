import type { GraphDocument, GraphEdge, HeldCause, ShareRule, SiblingGroup } from '../model.ts';
import {
  less,
  minus,
  nearest,
  none,
  one,
  over,
  plus,
  type Rational,
  ratio,
  rational,
  sumOf,
  times,
} from './fraction.ts';

/** Usage as people hand it in; several rows add up. */
export interface UsageRow {
  readonly node: string;
  readonly metric: string;
  readonly day: string;
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a node's shares are worked out from. */
export interface ShareQuestion {
  readonly document: GraphDocument;
  readonly usage: readonly UsageRow[];
  readonly node: string;
  readonly day: string;
  readonly dimension: string;
  /** Edges that step-down has cut, by id. */
  readonly cut: ReadonlySet<string>;
  /** Direct charges of a node on the day, in the lane's currency. */
  readonly costOf: (node: string) => Rational;
}

/** A stretch of a node's line: an edge, or a part that stays and why. They follow one another and add up to 1. */
export type Stretch =
  | { readonly edge: GraphEdge; readonly share: Rational }
  | { readonly cause: HeldCause; readonly share: Rational };

const dayMs = 86_400_000;
export const percent = (text: string) => over(rational(text), ratio(100));

/** By code point. */
export function byCodePoint(a: string, b: string): number {
  const left = Array.from(a, (letter) => letter.codePointAt(0) as number);
  const right = Array.from(b, (letter) => letter.codePointAt(0) as number);
  const at = left.findIndex((point, index) => point !== right[index]);
  if (at < 0) return left.length - right.length;
  return at >= right.length ? 1 : (left[at] as number) - (right[at] as number);
}

export function idOf({ id, from, to, validFrom }: GraphEdge): string {
  return id ?? (validFrom === undefined ? `${from} -> ${to}` : `${from} -> ${to} @${validFrom}`);
}

export function isLive(document: GraphDocument, edge: GraphEdge, day: string): boolean {
  const ends = [edge.from, edge.to].map((id) => document.nodes.find((node) => node.id === id));
  if (ends.some((node) => node === undefined || node.archived)) return false;
  return (edge.validFrom ?? day) <= day && (edge.validTo === undefined || day < edge.validTo);
}

/** The whole line of a node: its groups by name, within each the edges by receiver and id, then what stays. */
export function lineOf(question: ShareQuestion): readonly Stretch[] {
  const { document, node, day } = question;
  const edges = document.edges.filter((edge) => edge.from === node && isLive(document, edge, day));
  if (edges.length === 0) return [{ cause: 'no_edge', share: one }];
  const names = [...new Set(edges.map(({ group }) => group))].sort(byCodePoint);
  const settings = names.map((name) => document.groups.find((g) => g.node === node && g.name === name));
  const given = sumOf(
    settings.map((group) => (group?.percent === undefined ? none : percent(group.percent))),
  );
  const stretches = names.flatMap((name, index) => {
    const group = settings[index];
    const part = group?.percent === undefined ? minus(one, given) : percent(group.percent);
    const own = edges.filter((edge) => edge.group === name);
    return shareGroup({ ...question, group, edges: own.sort(byReceiver) }).map((stretch) => ({
      ...stretch,
      share: times(part, stretch.share),
    }));
  });
  return [...stretches, { cause: 'fixed', share: minus(one, sumOf(stretches.map(({ share }) => share))) }];
}

function byReceiver(a: GraphEdge, b: GraphEdge): number {
  return byCodePoint(a.to, b.to) || byCodePoint(idOf(a), idOf(b));
}

interface GroupQuestion extends ShareQuestion {
  readonly group: SiblingGroup | undefined;
  readonly edges: readonly GraphEdge[];
}

function ruleIn(edge: GraphEdge, dimension: string): ShareRule {
  return edge.overrides[dimension] ?? edge;
}

/** One group as if it had the whole node. */
function shareGroup(question: GroupQuestion): Stretch[] {
  const { edges, dimension, cut } = question;
  const rules = new Map(edges.map((edge) => [edge, ruleIn(edge, dimension)]));
  const isCut = (edge: GraphEdge) => cut.has(idOf(edge));
  const shares = new Map<GraphEdge, Rational>(edges.map((edge) => [edge, none]));
  let rest = one;
  let lost = none;
  for (const [edge, rule] of rules) {
    const fixed = fixedOf(rule, isCut(edge));
    if (fixed === undefined) continue;
    rest = minus(rest, fixed);
    if (isCut(edge)) lost = plus(lost, fixed);
    else shares.set(edge, fixed);
  }
  const others = edges.filter((edge) => rules.get(edge)?.strategy !== 'fixed_percent');
  const open = others.filter((edge) => !isCut(edge));
  let cause: HeldCause = 'fixed';
  if (open.length > 0) {
    const siblings = edges.filter((edge) => !isCut(edge));
    const found = shareOthers({ ...question, edges: open, siblings, rest });
    for (const [edge, share] of found.shares) shares.set(edge, share);
    cause = found.cause;
  } else if (others.length > 0) {
    lost = plus(lost, rest);
  }
  const staying = minus(minus(one, lost), sumOf(shares.values()));
  return [
    ...[...shares].map(([edge, share]) => ({ edge, share })),
    { cause: 'cut_cycle' as const, share: lost },
    { cause, share: staying },
  ];
}

/** What an edge takes before the others share; of a cut edge also its percentage under `residual_to_max`. */
function fixedOf(rule: ShareRule, isCut: boolean): Rational | undefined {
  if (rule.strategy === 'fixed_percent') return percent(rule.params.percent);
  if (isCut && rule.strategy === 'residual_to_max' && rule.params.percent !== undefined) {
    return percent(rule.params.percent);
  }
  return undefined;
}

type Shares = ReadonlyMap<GraphEdge, Rational>;
type Others = GroupQuestion & { readonly rest: Rational; readonly siblings: readonly GraphEdge[] };

function shareOthers(question: Others): { readonly shares: Shares; readonly cause: HeldCause } {
  const { edges, dimension, rest } = question;
  const rules = edges.map((edge) => ruleIn(edge, dimension));
  const first = rules[0] as ShareRule;
  const count = ratio(edges.length);
  const each = (share: (edge: GraphEdge, index: number) => Rational): Shares =>
    new Map(edges.map((edge, index) => [edge, share(edge, index)]));
  if (first.strategy === 'equal') return { shares: each(() => over(rest, count)), cause: 'fixed' };
  const floors = rules.map((rule) =>
    'floorPercent' in rule.params ? percent(rule.params.floorPercent) : none,
  );
  if (less(rest, sumOf(floors))) return { shares: each(() => over(rest, count)), cause: 'fixed' };
  const { weights, cause } = weightsOf(question);
  const sum = sumOf(weights);
  const isHeld = sum.n === 0n;
  const portion = (of: Rational, index: number) =>
    isHeld ? none : over(times(of, weights[index] as Rational), sum);
  switch (first.strategy) {
    case 'hybrid_fixed_proportional': {
      const fixed = percent(first.params.fixedPercent);
      return { shares: each((_, i) => plus(over(fixed, count), portion(minus(rest, fixed), i))), cause };
    }
    case 'min_floor_proportional': {
      const free = minus(rest, sumOf(floors));
      return { shares: each((_, i) => plus(floors[i] as Rational, portion(free, i))), cause };
    }
    case 'residual_to_max':
      return { shares: residualShares(question, weights), cause };
    case 'capped_proportional':
      return isHeld
        ? { shares: each(() => none), cause }
        : { shares: cappedShares(question, weights), cause: 'cap' };
    default:
      return { shares: each((_, i) => portion(rest, i)), cause };
  }
}

/** Whoever is largest takes what all others leave; these have a percentage, or their weight's share up to a cap. */
function residualShares({ edges, dimension, rest }: Others, weights: readonly Rational[]): Shares {
  const params = edges.map((edge) => ruleIn(edge, dimension).params as { percent?: string; cap?: string });
  const isHeld = weights.every(({ n }) => n === 0n);
  const largest = isHeld ? -1 : largestOf(weights);
  const percents = params.map(({ percent: text }, i) =>
    i === largest || text === undefined ? undefined : percent(text),
  );
  const shared = minus(rest, sumOf(percents.filter((share) => share !== undefined)));
  const sum = sumOf(weights.filter((_, i) => percents[i] === undefined));
  const shares = edges.map((_, i): Rational => {
    const own = percents[i];
    if (own !== undefined) return own;
    if (isHeld || i === largest) return none;
    const share = over(times(shared, weights[i] as Rational), sum);
    const cap = params[i]?.cap;
    return cap !== undefined && less(percent(cap), share) ? percent(cap) : share;
  });
  if (!isHeld) shares[largest] = minus(rest, sumOf(shares));
  return new Map(edges.map((edge, i) => [edge, shares[i] as Rational]));
}

function largestOf(weights: readonly Rational[]): number {
  return weights.reduce((best, weight, i) => (less(weights[best] as Rational, weight) ? i : best), 0);
}

/** Water filling, one edge at a time: whoever is furthest over the cap for its weight is capped first. */
function cappedShares(
  { edges, siblings, dimension, rest, group }: Others,
  weights: readonly Rational[],
): Shares {
  const caps = edges.map((edge) => percent((ruleIn(edge, dimension).params as { cap: string }).cap));
  const shares = edges.map(() => none);
  let open = edges.map((_, i) => i).filter((i) => (weights[i] as Rational).n > 0n);
  let left = rest;
  for (;;) {
    const sum = sumOf(open.map((i) => weights[i] as Rational));
    const fair = (i: number) => over(times(left, weights[i] as Rational), sum);
    const over100 = open.filter((i) => less(caps[i] as Rational, fair(i)));
    const worst = over100.reduce<number | undefined>(
      (best, i) => (best === undefined || less(tightness(i), tightness(best)) ? i : best),
      undefined,
    );
    if (worst === undefined) {
      for (const i of open) shares[i] = fair(i);
      break;
    }
    shares[worst] = caps[worst] as Rational;
    left = minus(left, caps[worst] as Rational);
    open = open.filter((i) => i !== worst);
  }
  const isFull = open.length === 0;
  const give = (i: number, share: Rational) => {
    shares[i] = plus(shares[i] as Rational, share);
  };
  const residual = group?.residual ?? 'keep';
  if (isFull && residual === 'largest') give(largestOf(weights), left);
  if (isFull && residual === 'lift') {
    const sum = sumOf(weights);
    for (const [i, weight] of weights.entries()) give(i, over(times(left, weight), sum));
  }
  const result = new Map(edges.map((edge, i) => [edge, shares[i] as Rational]));
  if (isFull && typeof residual === 'object') {
    const reaching = siblings.filter(({ to }) => to === residual.to);
    const receiver = reaching.find((edge) => edges.includes(edge)) ?? reaching[0];
    if (receiver)
      result.set(
        receiver,
        plus(result.get(receiver) ?? fixedOf(ruleIn(receiver, dimension), false) ?? none, left),
      );
  }
  return result;

  function tightness(i: number): Rational {
    return over(caps[i] as Rational, weights[i] as Rational);
  }
}

/** Weights of siblings with the group's fallback; all 0 where it holds. */
function weightsOf(question: Others): { readonly weights: readonly Rational[]; readonly cause: HeldCause } {
  const { edges, group, day, costOf } = question;
  const today = measured(question, day);
  const isUsable = (values: readonly (Rational | undefined)[]) =>
    values.some((value) => value !== undefined && value.n > 0n) &&
    (group?.missing !== 'fallback' || values.every((value) => value !== undefined));
  const filled = (values: readonly (Rational | undefined)[]) => values.map((value) => value ?? none);
  if (isUsable(today)) return { weights: filled(today), cause: 'fixed' };
  const allZero = today.every((value) => value === undefined || value.n === 0n);
  const cause = allZero && today.some((value) => value !== undefined) ? 'zero_driver' : 'missing_driver';
  switch (group?.fallback ?? 'hold') {
    case 'equal':
      return { weights: edges.map(() => one), cause };
    case 'by_cost':
      return { weights: edges.map(({ to }) => costOf(to)), cause };
    case 'last_known':
      for (let back = 1; back <= (group?.lastKnownDays ?? 30); back++) {
        const earlier = measured(question, daysBefore(day, back));
        if (isUsable(earlier)) return { weights: filled(earlier), cause };
      }
  }
  return { weights: edges.map(() => none), cause };
}

function daysBefore(day: string, back: number): string {
  return new Date(Date.parse(day) - back * dayMs).toISOString().slice(0, 10);
}

/** What the metric says of each receiver on a day; undefined where it says nothing. */
function measured({ edges, dimension, usage }: Others, day: string): (Rational | undefined)[] {
  const isSmoothed = edges.some((edge) => ruleIn(edge, dimension).strategy === 'weighted_average');
  const values = edges.map((edge) => {
    const rule = ruleIn(edge, dimension);
    return rule.strategy === 'weighted_average'
      ? meanOf(usage, edge.to, rule.params, day)
      : usageOf(usage, edge.to, rule.params as Weighed, day);
  });
  return isSmoothed ? held53(values) : values;
}

/**
 * Means as whole numbers over their common denominator; where these would be too long for a double, as multiples of the largest
 * number that goes into all of them, rounded at a power of ten.
 */
function held53(values: readonly (Rational | undefined)[]): (Rational | undefined)[] {
  const common = values.reduce((all, value) => (value ? lcm(all, value.d) : all), 1n);
  const whole = values.map((value) => value && times(value, ratio(common)));
  if (isShort(whole)) return whole;
  const step = whole.reduce((all, value) => (value ? gcd(all, value.n) : all), 0n);
  for (let unit = step; ; unit *= 10n) {
    const rounded = whole.map((value) => value && ratio(nearest(over(value, ratio(unit)))));
    if (isShort(rounded)) return rounded;
  }
}

function isShort(values: readonly (Rational | undefined)[]): boolean {
  return sumOf(values.map((value) => value ?? none)).n < 2n ** 53n;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

function lcm(a: bigint, b: bigint): bigint {
  return ratio(a, b).n * b;
}

type Weighed = { metric: string; segment?: { label: string; operator: string; values: readonly string[] } };

function usageOf(
  usage: readonly UsageRow[],
  node: string,
  { metric, segment }: Weighed,
  day: string,
): Rational | undefined {
  const rows = usage.filter((row) => row.node === node && row.metric === metric && row.day === day);
  if (rows.length === 0) return undefined;
  return sumOf(rows.filter(({ labels }) => fits(segment, labels ?? {})).map(({ value }) => ratio(value)));
}

function fits(segment: Weighed['segment'], labels: Readonly<Record<string, string>>): boolean {
  if (segment === undefined) return true;
  const value = labels[segment.label];
  const isListed = value !== undefined && segment.values.includes(value);
  if (segment.operator === 'exists') return value !== undefined;
  if (segment.operator === 'not_exists') return value === undefined;
  return segment.operator === 'eq' || segment.operator === 'in' ? isListed : !isListed;
}

type Window = {
  metric: string;
  windowDays: number;
  missingDays: 'skip' | 'zero';
  decay?: string | undefined;
};

/** The weights of days are decay to the power of the days back, rounded at nine decimals. */
function meanOf(usage: readonly UsageRow[], node: string, window: Window, day: string): Rational | undefined {
  const billion = ratio(1_000_000_000);
  let [top, present, whole] = [none, none, none];
  let power = one;
  for (let back = 0; back < window.windowDays; back++) {
    const weight = ratio(nearest(times(billion, power)), 1_000_000_000);
    power = times(power, window.decay === undefined ? one : rational(window.decay));
    whole = plus(whole, weight);
    const value = usageOf(usage, node, { metric: window.metric }, daysBefore(day, back));
    if (value === undefined || weight.n === 0n) continue;
    top = plus(top, times(weight, value));
    present = plus(present, weight);
  }
  if (present.n === 0n) return undefined;
  return over(top, window.missingDays === 'zero' ? whole : present);
}
