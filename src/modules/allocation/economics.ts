import {
  addDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import { type ExactRatio, quotientText, ratioOf } from './economics-ratio.ts';
import type { NodeCost, NodeUnits } from './economics-sql.ts';

/** Why there is no cost per unit. */
export type NoUnitCost = 'missing_metric' | 'zero_metric' | 'mixed_units';
/** Why there is no marginal cost. */
export type NoMarginal = 'no_previous_month' | 'units_unchanged' | NoUnitCost;

export type CostBasis = 'holistic' | 'retained' | 'direct';

/** What a node cost and used in a month, in one currency. `units`: undefined where the metric was not measured. */
export interface MonthFigures {
  readonly cost: Pick<NodeCost, 'direct' | 'holistic' | 'retained'>;
  readonly units: Omit<NodeUnits, 'node'> | undefined;
}

/** Cost per unit of a node in one currency, with the month before. Amounts are decimal text. */
export interface UnitCost {
  readonly units: string | null;
  readonly measuredDays: number;
  readonly cost: { readonly direct: string; readonly holistic: string; readonly retained: string };
  /** Cost of the basis ÷ units. */
  readonly unitCost: ExactRatio | null;
  /** Direct cost ÷ units: what it would be without cost from others. */
  readonly directUnitCost: ExactRatio | null;
  readonly reason: NoUnitCost | null;
  readonly previous: {
    readonly units: string | null;
    readonly cost: string;
    readonly unitCost: ExactRatio | null;
  } | null;
  /** Unit cost less that of the month before, and that ÷ the one before: 0.25 is a quarter more. */
  readonly change: { readonly difference: string; readonly ratio: string | null } | null;
  /** (cost − cost before) ÷ (units − units before): what the last units cost. */
  readonly marginal: ExactRatio | null;
  readonly marginalReason: NoMarginal | null;
}

/**
 * Cost per unit. A metric that is missing gives no figure, nor does one that is 0; both say why.
 *
 * Holistic 120 and 40 units: 3 a unit. The month before 90 and 30, also 3: no change, and marginal (120 − 90) ÷ (40 − 30) = 3.
 */
export function unitCostOf(now: MonthFigures, before: MonthFigures | undefined, basis: CostBasis): UnitCost {
  const current = quotientOf(now, basis);
  const previous = before && quotientOf(before, basis);
  return {
    units: now.units === undefined || current.reason === 'mixed_units' ? null : plain(now.units.units),
    measuredDays: now.units?.measuredDays ?? 0,
    cost: {
      direct: plain(now.cost.direct),
      holistic: plain(now.cost.holistic),
      retained: plain(now.cost.retained),
    },
    unitCost: current.ratio,
    directUnitCost: quotientOf(now, 'direct').ratio,
    reason: current.reason,
    previous: before && previous ? previousOf(before, basis, previous) : null,
    change: before && isOneUnit(now, before) ? changeOf(current.ratio, previous?.ratio ?? null) : null,
    ...marginalOf(now, before, basis),
  };
}

interface Quotient {
  readonly ratio: ExactRatio | null;
  readonly reason: NoUnitCost | null;
}

function quotientOf({ cost, units }: MonthFigures, basis: CostBasis): Quotient {
  if (units === undefined) return { ratio: null, reason: 'missing_metric' };
  if (units.unitNames.length > 1) return { ratio: null, reason: 'mixed_units' };
  const ratio = ratioOf(parseDecimal(cost[basis]), parseDecimal(units.units));
  return { ratio, reason: ratio ? null : 'zero_metric' };
}

function previousOf(before: MonthFigures, basis: CostBasis, { ratio, reason }: Quotient) {
  const isCounted = before.units !== undefined && reason !== 'mixed_units';
  return {
    units: isCounted && before.units ? plain(before.units.units) : null,
    cost: plain(before.cost[basis]),
    unitCost: ratio,
  };
}

/** From exact ratios: a/b − c/d = (ad − cb)/(bd), rounded once. */
function changeOf(now: ExactRatio | null, before: ExactRatio | null): UnitCost['change'] {
  if (!now || !before) return null;
  const [a, b] = [parseDecimal(now.numerator), parseDecimal(now.denominator)];
  const [c, d] = [parseDecimal(before.numerator), parseDecimal(before.denominator)];
  const numerator = subtractDecimal(times(a, d), times(c, b));
  const difference = quotientText(numerator, times(b, d));
  if (difference === null) return null;
  // (ad − cb)/(bd) ÷ (c/d) = (ad − cb)/(bc)
  return { difference, ratio: quotientText(numerator, times(b, c)) };
}

function times(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

function marginalOf(
  now: MonthFigures,
  before: MonthFigures | undefined,
  basis: CostBasis,
): Pick<UnitCost, 'marginal' | 'marginalReason'> {
  const none = (marginalReason: NoMarginal) => ({ marginal: null, marginalReason });
  if (!before) return none('no_previous_month');
  for (const { units } of [now, before]) {
    if (units === undefined) return none('missing_metric');
    if (units.unitNames.length > 1) return none('mixed_units');
  }
  if (!isOneUnit(now, before)) return none('mixed_units');
  const unitsMore = subtractDecimal(unitsOf(now), unitsOf(before));
  const costMore = subtractDecimal(parseDecimal(now.cost[basis]), parseDecimal(before.cost[basis]));
  const marginal = ratioOf(costMore, unitsMore);
  return marginal ? { marginal, marginalReason: null } : none('units_unchanged');
}

/** Hours of one month and minutes of the next cannot be compared. */
function isOneUnit(now: MonthFigures, before: MonthFigures): boolean {
  return new Set([now, before].flatMap(({ units }) => units?.unitNames ?? [])).size <= 1;
}

function unitsOf({ units }: MonthFigures): Decimal {
  return parseDecimal(units?.units ?? '0');
}

/**
 * All measured nodes of one currency as one: Σ cost ÷ Σ units; undefined without any. `internal`: what these nodes passed to
 * each other, which would else stand twice in the holistic cost.
 */
export function totalFigures(figures: readonly MonthFigures[], internal: string): MonthFigures | undefined {
  const measured = figures.filter(({ units }) => units !== undefined);
  if (measured.length === 0) return undefined;
  const sumOf = (of: (one: MonthFigures) => string) =>
    formatDecimal(sumDecimals(measured.map((one) => parseDecimal(of(one)))));
  return {
    cost: {
      direct: sumOf(({ cost }) => cost.direct),
      holistic: formatDecimal(
        subtractDecimal(parseDecimal(sumOf(({ cost }) => cost.holistic)), parseDecimal(internal)),
      ),
      retained: sumOf(({ cost }) => cost.retained),
    },
    units: {
      units: formatDecimal(measured.reduce((sum, one) => addDecimal(sum, unitsOf(one)), zeroUnits)),
      unitNames: [...new Set(measured.flatMap(({ units }) => units?.unitNames ?? []))].sort(),
      measuredDays: Math.max(...measured.map(({ units }) => units?.measuredDays ?? 0)),
    },
  };
}

const zeroUnits: Decimal = { units: 0n, scale: 0 };

/** Cost per unit of each day; null on days that were not measured, or measured 0. */
export interface UnitCostOfDay {
  readonly day: string;
  readonly cost: string;
  readonly units: string | null;
  readonly unitCost: ExactRatio | null;
}

/** Every day that has a cost or a value, in order. */
export function dailyUnitCosts(
  costs: readonly { readonly day: string; readonly cost: string }[],
  units: readonly { readonly day: string; readonly units: string }[],
): UnitCostOfDay[] {
  const costOf = new Map(costs.map(({ day, cost }) => [day, cost]));
  const unitsOfDay = new Map(units.map((one) => [one.day, one.units]));
  return [...new Set([...costOf.keys(), ...unitsOfDay.keys()])].sort().map((day) => {
    const cost = parseDecimal(costOf.get(day) ?? '0');
    const measured = unitsOfDay.get(day);
    const count = measured === undefined ? undefined : parseDecimal(measured);
    return {
      day,
      cost: formatDecimal(cost),
      units: count ? formatDecimal(count) : null,
      unitCost: count && !isZero(count) ? ratioOf(cost, count) : null,
    };
  });
}

function plain(amount: string): string {
  return formatDecimal(parseDecimal(amount));
}
