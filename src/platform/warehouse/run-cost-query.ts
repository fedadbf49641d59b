import { absDecimal, type Decimal, Defect, formatDecimal, must, parseDecimal } from '../kernel/index.ts';
import { type CompiledQuery, type CostQueryInputs, compileCostQuery } from './compile-cost-query.ts';
import type { CostQueryResult, CostQueryRow, Grain } from './cost-query.ts';
import type { Engine, Row } from './engine.ts';
import { cursorAt } from './query-cursor.ts';
import type { PlannedDimension, PlannedMeasure } from './query-plan.ts';

type Value = CostQueryRow[string];

/**
 * Runs a cost query on the stored rows of its selection: one statement, so that rows and totals are of one moment.
 *
 * Costs, quantities and coverages are decimal text without trailing zeros. A cost of no rows is `'0'`; a quantity is null
 * where there is none, or where more than one unit would be added. Refusals: see `compileCostQuery`.
 */
export async function runCostQuery(engine: Engine, inputs: CostQueryInputs): Promise<CostQueryResult> {
  const compiled = compileCostQuery(inputs);
  const answer = await engine.rows(compiled.sql, compiled.values);
  const { selection, query } = inputs;
  const page = answer.filter(({ part }) => part === 0);
  const total = must(
    answer.find(({ part }) => part === 1),
    'the total of a cost query',
  );
  const byCurrency = answer.filter(({ part }) => part === 2);
  const shown = page.slice(0, query.limit);
  const totalsByCurrency = currencyTotals(compiled, total, byCurrency, inputs.dataset.roles.currency);
  return {
    context: {
      generation: selection.generation,
      currencies: currenciesIn(compiled, total, byCurrency),
      files: selection.files,
      dimensions: compiled.dimensions.map(({ name }) => name),
      measures: compiled.measures.map(({ name }) => name),
    },
    rows: shown.map((row) => record([...dimensionValues(compiled, row), ...measureValues(compiled, row)])),
    totals: record(measureValues(compiled, total, totalsByCurrency.length > 1)),
    totalsByCurrency,
    ...(page.length > shown.length ? { next: cursorAt(inputs, query, compiled.offset + shown.length) } : {}),
  };
}

function dimensionValues({ dimensions, cut }: CompiledQuery, row: Row): [string, Value][] {
  return dimensions.map((dimension) => [
    dimension.name,
    dimension === cut && row['rest'] !== 0 ? restLabel(row['rest']) : dimensionValue(dimension, row),
  ]);
}

/** A real value named `other` keeps its row; the rest is then told apart by its name. */
function restLabel(rest: Row[string] | undefined): string {
  return rest === 2 ? 'other (rest)' : 'other';
}

function dimensionValue({ column, grain }: PlannedDimension, row: Row): Value {
  const value = plainValue(row[column]);
  return grain && typeof value === 'string' ? periodLabel(grain, value) : value;
}

/** Measures of one row. `mixed`: more than one currency is in it, so that there is no amount of money to show. */
function measureValues({ measures }: CompiledQuery, row: Row, mixed = false): [string, Value][] {
  return measures.map((measure) => [
    measure.name,
    mixed && measure.isMoney ? null : measureValue(measure, row),
  ]);
}

function measureValue({ column, per }: PlannedMeasure, row: Row): Value {
  if (!per) return plainValue(row[column]);
  const whole = row[per.column];
  return typeof whole === 'string' ? ratioText(parseDecimal(String(row[column])), parseDecimal(whole)) : null;
}

/** part ÷ whole rounded half-up at 6 decimals, exact: 2 ÷ 3 is `'0.666667'`. `whole` is not zero. */
function ratioText(part: Decimal, whole: Decimal): string {
  const scale = Math.max(part.scale, whole.scale);
  const units = (d: Decimal) => absDecimal(d).units * 10n ** BigInt(scale - d.scale);
  const doubled = 2n * units(part) * 1_000_000n + units(whole);
  return formatDecimal({ units: doubled / (2n * units(whole)), scale: 6 });
}

function currencyTotals(
  compiled: CompiledQuery,
  total: Row,
  byCurrency: readonly Row[],
  currencyColumn: string,
): CostQueryRow[] {
  if (!compiled.measures.some(({ isMoney }) => isMoney)) return [];
  const dimension = compiled.dimensions.find(({ isCurrency }) => isCurrency);
  if (dimension)
    return byCurrency.map((row) =>
      record([[dimension.name, plainValue(row[dimension.column])], ...measureValues(compiled, row)]),
    );
  const [currency] = currenciesIn(compiled, total, byCurrency);
  return currency === undefined
    ? []
    : [record([[currencyColumn, currency], ...measureValues(compiled, total)])];
}

function currenciesIn(
  { currencies, dimensions }: CompiledQuery,
  total: Row,
  byCurrency: readonly Row[],
): string[] {
  if (total['n'] === 0 || total['n'] === null) return [];
  const dimension = dimensions.find(({ isCurrency }) => isCurrency);
  if (!dimension || byCurrency.length === 0) return [...currencies];
  return byCurrency.flatMap((row) => {
    const currency = row[dimension.column];
    return typeof currency === 'string' ? [currency] : [];
  });
}

/** A period by its first day or hour: `2026-10-01T05:00:00Z`, `2026-10-01`, `2026-W40`, `2026-10`, `2026-Q4`, `2026`. */
export function periodLabel(grain: Grain, first: string): string {
  const year = first.slice(0, 4);
  switch (grain) {
    case 'hour':
    case 'day':
      return first;
    case 'week':
      return isoWeek(first);
    case 'month':
      return first.slice(0, 7);
    case 'quarter':
      return `${year}-Q${Math.ceil(Number(first.slice(5, 7)) / 3)}`;
    case 'year':
      return year;
  }
}

const dayMs = 86_400_000;

/** ISO 8601: a week belongs to the year of its Thursday; `monday` is its first day. */
function isoWeek(monday: string): string {
  const thursday = new Date(Date.parse(`${monday}T00:00:00Z`) + 3 * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** `fromEntries` defines its properties, so that a result named `__proto__` is a name like any other. */
function record(entries: readonly (readonly [string, Value])[]): CostQueryRow {
  return Object.fromEntries(entries);
}

function plainValue(value: Row[string] | undefined): Value {
  if (value === undefined || (typeof value === 'object' && value !== null))
    throw new Defect('a cost query gave a value that is neither text, number, boolean nor null');
  return value;
}
