import {
  addMonths,
  compareDecimal,
  type Decimal,
  formatDecimal,
  formatFixed,
  parseDecimal,
  parsePeriod,
  periodInterval,
  subtractDecimal,
} from '../../platform/kernel/index.ts';
import { divide, multiply } from './economics-ratio.ts';
import type { Advice, BasisPart } from './recommend-model.ts';

/** What a pool shared out by one metric in one month and currency, and how much of the metric its consumers had. */
export interface PoolMonth {
  readonly node: string;
  readonly name: string;
  readonly metric: string;
  readonly month: string;
  readonly currency: string;
  /** Charges that its edges carried by the metric. */
  readonly cost: string;
  /** Σ of the metric over the consumers; null where nothing was measured. */
  readonly units: string | null;
  readonly measuredDays: number;
  readonly consumers: number;
}

export interface PoolParts {
  readonly months: readonly PoolMonth[];
  /** The month that is looked at. */
  readonly month: string;
  /** Nodes whose own cost flows into the pool, itself included. */
  readonly basisOf: (node: string) => readonly BasisPart[];
}

/** A unit may cost a fifth more before anybody is told. */
const mostGrowth = parseDecimal('1.2');
/** Days that a month must be measured on to be compared. */
const leastDays = 7;
/** Months to look back. */
export const poolMonthsBack = 3;

/**
 * Shared pools whose cost grew faster than what they are shared by: the cost per unit is more than a fifth above that of the
 * earliest of the three months before that was measured. Months are compared by the day, cost over the days of the month and units
 * over the days measured, so that February is no saving and a missing day no drop.
 *
 * Cost 300 for 100 units, two months earlier 100 for 50: 3 against 2 a unit, so that 300 × (1 − 2 ÷ 3) = 100 are too much.
 */
export function poolAdvice({ months, month, basisOf }: PoolParts): Advice[] {
  const pools = new Map<string, PoolMonth[]>();
  for (const one of months) {
    const key = JSON.stringify([one.node, one.currency, one.metric]);
    pools.set(key, [...(pools.get(key) ?? []), one]);
  }
  const found = [...pools.values()].flatMap((history) => adviceOf(history, month, basisOf));
  return largestOfEach(found);
}

interface UnitMonth {
  readonly of: PoolMonth;
  /** Cost per unit, by the day: an exact quotient, and what it comes to at twelve decimals. */
  readonly numerator: Decimal;
  readonly denominator: Decimal;
  readonly unitCost: Decimal;
}

function adviceOf(history: readonly PoolMonth[], month: string, basisOf: PoolParts['basisOf']): Advice[] {
  const first = addMonths(parsePeriod(month), -poolMonthsBack);
  const measured = history
    .filter((one) => one.month >= first && one.month <= month)
    .flatMap((one) => unitMonthOf(one))
    .sort((a, b) => (a.of.month < b.of.month ? -1 : 1));
  const [base] = measured;
  const now = measured.at(-1);
  if (!base || !now || now.of.month !== month || base === now) return [];
  // a/b against c/d is ad against bc.
  const nowTimes = multiply(now.numerator, base.denominator);
  const baseTimes = multiply(base.numerator, now.denominator);
  if (compareDecimal(nowTimes, multiply(baseTimes, mostGrowth)) <= 0) return [];
  const { node, name, metric, currency, cost } = now.of;
  const growth = divide(nowTimes, baseTimes);
  const saving = divide(multiply(parseDecimal(cost), subtractDecimal(nowTimes, baseTimes)), nowTimes);
  if (!growth || !saving || saving.units <= 0n) return [];
  const percent = formatFixed({ units: (growth.units - 10n ** 12n) * 100n, scale: growth.scale }, 1);
  return [
    {
      kind: 'oversized_pool',
      key: `oversized_pool:${currency}:${node}`,
      node,
      currency,
      cost: formatDecimal(parseDecimal(cost)),
      saving: formatDecimal(saving),
      title: `A unit of ${metric} of ${name} costs ${percent} % more than in ${base.of.month}`,
      formula: `cost × (1 − cost per unit in ${base.of.month} ÷ cost per unit) = ${formatDecimal(parseDecimal(cost))} × (1 − ${formatDecimal(base.unitCost)} ÷ ${formatDecimal(now.unitCost)})`,
      facts: { metric, since: base.of.month, growth: formatDecimal(growth) },
      basis: basisOf(node),
      evidence: measured.map(({ of, unitCost }) => ({
        month: of.month,
        metric,
        cost: formatDecimal(parseDecimal(of.cost)),
        units: of.units,
        measuredDays: of.measuredDays,
        consumers: of.consumers,
        unitCost: formatDecimal(unitCost),
      })),
      evidenceRows: measured.length,
    },
  ];
}

/** (cost ÷ days of the month) ÷ (units ÷ days measured); none without units. */
function unitMonthOf(of: PoolMonth): UnitMonth[] {
  if (of.units === null || of.measuredDays < leastDays) return [];
  const { start, end } = periodInterval(parsePeriod(of.month));
  const days = BigInt(Math.round((end.getTime() - start.getTime()) / 86_400_000));
  const times = (a: Decimal, by: bigint): Decimal => ({ units: a.units * by, scale: a.scale });
  const numerator = times(parseDecimal(of.cost), BigInt(of.measuredDays));
  const denominator = times(parseDecimal(of.units), days);
  const unitCost = divide(numerator, denominator);
  return unitCost && unitCost.units > 0n ? [{ of, numerator, denominator, unitCost }] : [];
}

/** A pool that is shared by several metrics is one pool: the largest saving of it stands. */
function largestOfEach(found: readonly Advice[]): Advice[] {
  const largest = new Map<string, Advice>();
  for (const advice of found) {
    const other = largest.get(advice.key);
    const isLarger =
      !other || compareDecimal(parseDecimal(advice.saving ?? '0'), parseDecimal(other.saving ?? '0')) > 0;
    if (isLarger) largest.set(advice.key, advice);
  }
  return [...largest.values()];
}
