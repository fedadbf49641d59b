import {
  addMonths,
  type Decimal,
  formatDecimal,
  must,
  type Period,
  parseDecimal,
  parsePeriod,
  periodsBetween,
  roundHalfUp,
} from '../../platform/kernel/index.ts';
import type { CostQueryRow } from '../../platform/warehouse/index.ts';
import { divide, moneyPlaces } from './divide.ts';
import type { TableStep } from './step.ts';
import { dimensionsBut, groupRows, monthsPresent, pick, type Table, withSummedTotals } from './table.ts';

/** A month's amount; x counts calendar months from the key's first one. */
interface Point {
  readonly x: number;
  readonly y: Decimal;
}

/**
 * Adds the months after the last one, with a column `forecast`: the straight line through the key's months by least
 * squares (each month counts alike). Rows of history have no forecast and rows of the future no cost, so that totals stay
 * what was billed.
 *
 * A key's line begins with its first month; a later month without a row counts as 0 where the answer has that month (of the
 * same provider), else not at all. With a single month there is no line and the forecast is null.
 * 10, 20, 30 → 40; 30, 20 → 10, 0, −10: it is not cut at 0.
 */
export function trend(table: Table, step: Extract<TableStep, { step: 'trend' }>): Table {
  const { month, of, months } = step;
  const keys = dimensionsBut(table.columns, month);
  const columns = [
    ...table.columns,
    { name: 'forecast', kind: 'money' as const, dimension: false, summed: true },
  ];
  const last = table.rows
    .map((row) => String(row[month]))
    .sort()
    .at(-1);
  if (last === undefined) return withSummedTotals(columns, []);
  const end = parsePeriod(last);
  const isPresent = monthsPresent(table.rows, month);
  const lines = groupRows(table.rows, keys).map((group) => lineOf(group));
  const future = Array.from({ length: months }, (_, ahead) =>
    lines.map(({ key, points, span }) => ({
      ...pick(key, keys),
      [month]: addMonths(end, ahead + 1),
      [of]: null,
      forecast: forecastText(points, span + ahead),
    })),
  ).flat();
  return withSummedTotals(columns, [...table.rows.map((row) => ({ ...row, forecast: null })), ...future]);

  function lineOf(group: readonly CostQueryRow[]) {
    const key = must(group[0], 'a group has a row');
    const amounts = new Map(group.map((row) => [String(row[month]), String(row[of])]));
    const start = must([...amounts.keys()].sort()[0], 'a month') as Period;
    const periods = periodsBetween(start, end);
    const points = periods.flatMap((period, x): Point[] =>
      isPresent(key, period) ? [{ x, y: parseDecimal(amounts.get(period) ?? '0') }] : [],
    );
    return { key, points, span: periods.length };
  }
}

/**
 * The least-squares line at x, exact until one division: ȳ + (x − x̄)·Sxy ÷ Sxx, over the common denominator n·D with
 * D = n·Σx² − (Σx)².
 */
function forecastText(points: readonly Point[], at: number): string | null {
  const scale = Math.max(0, ...points.map(({ y }) => y.scale));
  const xs = points.map(({ x }) => BigInt(x));
  const ys = points.map(({ y }) => roundHalfUp(y, scale).units);
  const n = BigInt(points.length);
  const sumX = total(xs);
  const sumY = total(ys);
  const determinant = n * total(xs.map((x) => x * x)) - sumX * sumX;
  const slope = n * total(xs.map((x, i) => x * must(ys[i], 'a y per x'))) - sumX * sumY;
  const numerator = sumY * determinant + (n * BigInt(at) - sumX) * slope;
  const value = divide({ units: numerator, scale }, { units: n * determinant, scale: 0 }, moneyPlaces);
  return value ? formatDecimal(value) : null;
}

function total(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}
