import {
  addMonths,
  type Decimal,
  formatDecimal,
  must,
  parseDecimal,
  parsePeriod,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { CostQueryRow } from '../../platform/warehouse/index.ts';
import { divide, moneyPlaces, ratioText } from './divide.ts';
import type { TableStep } from './step.ts';
import {
  dimensionsBut,
  groupRows,
  keyOf,
  monthsPresent,
  pick,
  type Table,
  withSummedTotals,
} from './table.ts';

/**
 * Adds `previous`, `change` and `changeRatio` (change ÷ previous) to every row: against the same key in the month before.
 *
 * A key without a row in the month before had 0 then, if the answer has that month at all (of the same provider: a bill not
 * yet there is missing, not 0); else the three are null. A key that stops gets one row of 0, so that what went away is seen:
 * September 10, October nothing → October 0, previous 10, change −10, changeRatio −1.
 */
export function change(table: Table, step: Extract<TableStep, { step: 'change' }>): Table {
  const { month, of } = step;
  const keys = dimensionsBut(table.columns, month);
  const isPresent = monthsPresent(table.rows, month);
  const amounts = new Map(table.rows.map((row) => [keyIn(row, String(row[month])), row[of] ?? null]));
  const stopped = table.rows.flatMap((row) => {
    const next = shifted(row[month], 1);
    if (!isPresent(row, next) || amounts.has(keyIn(row, next))) return [];
    return [{ ...pick(row, keys), [month]: next, [of]: '0' }];
  });
  const rows = [...table.rows, ...stopped].map((row) => {
    const before = shifted(row[month], -1);
    const previous = isPresent(row, before) ? (amounts.get(keyIn(row, before)) ?? '0') : null;
    return { ...row, ...changeOf(row[of] ?? null, previous) };
  });
  const measured = must(
    table.columns.find((column) => column.name === of),
    `a column ${of}`,
  );
  const added = { dimension: false, summed: false };
  return withSummedTotals(
    [
      ...table.columns,
      { ...added, name: 'previous', kind: measured.kind },
      { ...added, name: 'change', kind: measured.kind },
      { ...added, name: 'changeRatio', kind: 'ratio' },
    ],
    rows.sort((a, b) => compareText(a[month], b[month])),
  );

  function keyIn(row: CostQueryRow, time: string): string {
    return `${time} ${keyOf(row, keys)}`;
  }
}

function shifted(month: CostQueryRow[string] | undefined, months: number): string {
  return addMonths(parsePeriod(String(month)), months);
}

function changeOf(now: CostQueryRow[string], previous: CostQueryRow[string]): CostQueryRow {
  if (now === null || previous === null) return { previous, change: null, changeRatio: null };
  const before = parseDecimal(String(previous));
  const difference = subtractDecimal(parseDecimal(String(now)), before);
  return {
    previous,
    change: formatDecimal(difference),
    changeRatio: ratioText(difference, before),
  };
}

const dayMs = 86_400_000;

/**
 * Adds to every day of a key: `expected`, the mean of the same key's days that are present among the `days` calendar days
 * before; `deviation`, actual − expected; `deviationRatio`, deviation ÷ expected; and `days`, how many days the mean is of.
 * Largest deviations come first. Without an earlier day the first three are null.
 *
 * 10, 10, 25 on three days: the third is expected 10, deviation 15, deviationRatio 1.5.
 */
export function trailingMean(table: Table, step: Extract<TableStep, { step: 'trailingMean' }>): Table {
  const keys = dimensionsBut(table.columns, step.day);
  const rows = groupRows(table.rows, keys).flatMap((group) => {
    const history: { readonly at: number; readonly amount: Decimal }[] = [];
    return [...group]
      .sort((a, b) => compareText(a[step.day], b[step.day]))
      .map((row) => {
        const at = Date.parse(String(row[step.day]));
        const amount = parseDecimal(String(row[step.of]));
        const before = history.filter((day) => day.at >= at - step.days * dayMs).map((day) => day.amount);
        history.push({ at, amount });
        return { ...row, ...deviationOf(amount, before) };
      });
  });
  const added = { dimension: false, summed: false };
  return withSummedTotals(
    [
      ...table.columns,
      { ...added, name: 'expected', kind: 'money' },
      { ...added, name: 'deviation', kind: 'money' },
      { ...added, name: 'deviationRatio', kind: 'ratio' },
      { ...added, name: 'days', kind: 'number' },
    ],
    rows.sort((a, b) => sizeOf(b['deviation']) - sizeOf(a['deviation'])),
  );
}

function deviationOf(amount: Decimal, before: readonly Decimal[]): CostQueryRow {
  const mean = divide(sumDecimals(before), { units: BigInt(before.length), scale: 0 }, moneyPlaces);
  if (!mean) return { expected: null, deviation: null, deviationRatio: null, days: 0 };
  const deviation = subtractDecimal(amount, mean);
  return {
    expected: formatDecimal(mean),
    deviation: formatDecimal(deviation),
    deviationRatio: ratioText(deviation, mean),
    days: before.length,
  };
}

/** For the place in a list only; null comes last. */
function sizeOf(value: CostQueryRow[string] | undefined): number {
  return value === null || value === undefined ? -1 : Math.abs(Number(value));
}

function compareText(a: CostQueryRow[string] | undefined, b: CostQueryRow[string] | undefined): number {
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}
