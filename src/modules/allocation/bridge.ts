import {
  addDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  negateDecimal,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { Row } from '../../platform/warehouse/index.ts';
import type { CostMetric } from './model.ts';

/**
 * A line of the bridge, in one currency. Lines named as a cost (`BilledCost`, `EffectiveCost`, …) and the last, `total`, state
 * what all the others above them come to; every other line is added.
 */
export interface BridgeLine {
  readonly part: string;
  readonly amount: string;
}

export interface CurrencyBridge {
  readonly currency: string;
  readonly lines: readonly BridgeLine[];
}

/** How a run's total comes from what was billed, in every currency of the bill. */
export interface MonthBridge {
  readonly bridges: readonly CurrencyBridge[];
  /** Rows that have no value in the metric, and what they were billed: they count 0. */
  readonly without: readonly { readonly currency: string; readonly rows: number; readonly billed: string }[];
}

/** The costs on the way, each with the column of `bridgeSums` that holds it. */
const steps = [
  { cost: 'BilledCost', column: 'billed' },
  { cost: 'EffectiveCost', column: 'effective' },
  { cost: 'ContractedCost', column: 'contracted' },
  { cost: 'ListCost', column: 'list' },
] as const;

/** Parts of the step from BilledCost to EffectiveCost, as an import names them. */
const effectiveParts = [
  'commitment-purchases',
  'commitment-used',
  'commitment-unused',
  'prepaid-purchases',
  'prepaid-used',
  'unexplained',
] as const;

/**
 * The bridge of each currency from `bridgeSums`: BilledCost of all rows, then by named parts to the run's metric, then without
 * the recoverable tax to the run's total. `without-metric` takes back what rows were billed that have no value in the metric.
 * Parts of 0 are left out, but `unexplained`, which is always said, and `recoverable-tax`.
 *
 * A plan billed at 2 of which 1.5 was used, and 1 of tax: BilledCost 3, commitment-purchases −2, commitment-used 1.5,
 * commitment-unused 0.5, unexplained 0, EffectiveCost 3, recoverable-tax −1, total 2.
 */
export function bridgesOf(sums: readonly Row[], metric: CostMetric): MonthBridge {
  const currencies = [...new Set(sums.map(({ currency }) => String(currency)))];
  const rowsOf = (currency: string) => sums.filter((row) => String(row['currency']) === currency);
  return {
    bridges: currencies.map((currency) => ({ currency, lines: linesOf(rowsOf(currency), metric) })),
    without: currencies.flatMap((currency) => {
      const rows = rowsOf(currency).filter((row) => row['without'] === true);
      if (rows.length === 0) return [];
      const count = rows.reduce((sum, row) => sum + Number(row['rows']), 0);
      return [{ currency, rows: count, billed: formatDecimal(sumOf(rows, 'billed')) }];
    }),
  };
}

function linesOf(rows: readonly Row[], metric: CostMetric): BridgeLine[] {
  const valued = rows.filter((row) => row['without'] !== true);
  const lost = negateDecimal(
    sumOf(
      rows.filter((row) => row['without'] === true),
      'billed',
    ),
  );
  const recoverable = valued.filter((row) => row['recoverable'] === true);
  const tax = negateDecimal(sumOf(recoverable, 'metric'));
  const inMetric = sumOf(valued, 'metric');
  return [
    line('BilledCost', sumOf(rows, 'billed')),
    ...(isZero(lost) ? [] : [line('without-metric', lost)]),
    ...partsTo(valued, metric),
    ...(metric === 'BilledCost' ? [] : [line(metric, inMetric)]),
    line('recoverable-tax', tax),
    line('total', addDecimal(inMetric, tax)),
  ];
}

/** From BilledCost to the metric, a cost on the way at a time. */
function partsTo(rows: readonly Row[], metric: CostMetric): BridgeLine[] {
  const way = steps.slice(0, steps.findIndex(({ cost }) => cost === metric) + 1);
  return way.flatMap(({ cost, column }, i): BridgeLine[] => {
    const before = way[i - 1]?.column;
    if (before === undefined) return [];
    const parts = partsOfStep(rows, { cost, column, before });
    return i === way.length - 1 ? parts : [...parts, line(cost, sumOf(rows, column))];
  });
}

function partsOfStep(
  rows: readonly Row[],
  { cost, column, before }: { readonly cost: CostMetric; readonly column: string; readonly before: string },
): BridgeLine[] {
  const differenceOf = (group: readonly Row[]) => subtractDecimal(sumOf(group, column), sumOf(group, before));
  if (cost !== 'EffectiveCost') {
    // What commitments save on contracted prices, and what contracts save on list prices, given back.
    const part = cost === 'ContractedCost' ? 'commitment-savings' : 'negotiated-savings';
    return [line(part, differenceOf(rows))];
  }
  return effectiveParts.flatMap((part) => {
    const name = part === 'unexplained' ? 'as-billed' : part;
    const difference = differenceOf(rows.filter((row) => row['part'] === name));
    return isZero(difference) && part !== 'unexplained' ? [] : [line(part, difference)];
  });
}

function sumOf(rows: readonly Row[], column: string): Decimal {
  return sumDecimals(rows.map((row) => parseDecimal(String(row[column]))));
}

function line(part: string, amount: Decimal): BridgeLine {
  return { part, amount: formatDecimal(amount) };
}
