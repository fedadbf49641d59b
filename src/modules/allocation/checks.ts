import {
  absDecimal,
  addDecimal,
  compareDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  subtractDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import type { CurrencySums, Dataset, Row, Session } from '../../platform/warehouse/index.ts';
import {
  countColumn,
  flowDifferences,
  nodeDifferences,
  storedCosts,
  sumColumn,
  sumsOf,
  type WrittenFiles,
} from './checks-sql.ts';
import { allocationDataset, attributionDataset, flowDataset } from './datasets.ts';
import type { Check } from './run-model.ts';

/** What files hold of a month of origin and currency. Signed decimals. */
export interface OriginSums {
  readonly origin: string;
  readonly currency: string;
  /** Σ of the attribution. */
  readonly cost: string;
  readonly direct: string;
  readonly retained: string;
  /** Retained on products. */
  readonly allocated: string;
  readonly charges: string;
  readonly allocatedCharges: string;
  /** Σ of the rows that stay on nodes that are no products. */
  readonly held: string;
  readonly causes: Readonly<Record<string, string>>;
  /** Charges that edges carried. */
  readonly qualities: Readonly<Record<string, string>>;
}

/** What was read back from files. */
export interface WrittenSums {
  readonly sums: readonly OriginSums[];
  /** Rows and sums of each dataset's files. */
  readonly stored: Readonly<Record<keyof WrittenFiles, readonly CurrencySums[]>>;
  /** The largest difference of each equation; absolute amounts. */
  readonly differences: Readonly<Record<string, string>>;
}

/**
 * Reads what was written and holds it against the equations that a day must fulfil by itself. `unit`: direct costs of a node may
 * differ from its attribution by less.
 */
export async function readWritten(
  session: Session,
  files: WrittenFiles,
  unit: Decimal,
): Promise<WrittenSums> {
  const read = { ...(await nodeDifferences(session, files)), ...(await flowDifferences(session, files)) };
  const differences = Object.entries(read).map(([name, value]): [string, string] => {
    const isRounding = name === 'node' && compareDecimal(parseDecimal(String(value)), unit) < 0;
    return [name, isRounding ? '0' : String(value)];
  });
  const rows = await sumsOf(session, files);
  const stored = {
    attribution: currencySums(rows, attributionDataset),
    allocation: currencySums(rows, allocationDataset),
    flow: currencySums(rows, flowDataset),
  };
  return { sums: addOrigins(rows.map(originSums)), stored, differences: Object.fromEntries(differences) };
}

/** Rows and sums of a dataset's files per currency, as a snapshot's description states them. */
function currencySums(rows: readonly Row[], dataset: Dataset): CurrencySums[] {
  const own = rows.filter((row) => Number(row[countColumn(dataset)] ?? 0) > 0);
  return addCurrencySums(
    own.map((row) => ({
      currency: String(row['currency']),
      rows: Number(row[countColumn(dataset)]),
      sums: Object.fromEntries(
        storedCosts(dataset).map((name) => [name, textOf(row, sumColumn(dataset, name))]),
      ),
    })),
  );
}

/** An amount of a row; what none of its rows have is 0. */
function textOf(row: Row, name: string): string {
  return String(row[name] ?? '0');
}

/** Adds rows and sums, currency by currency. */
export function addCurrencySums(all: readonly CurrencySums[]): CurrencySums[] {
  const byCurrency = new Map<string, CurrencySums>();
  for (const one of all) {
    const before = byCurrency.get(one.currency);
    byCurrency.set(one.currency, before ? addedSums(before, one) : one);
  }
  return [...byCurrency.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

function addedSums(a: CurrencySums, b: CurrencySums): CurrencySums {
  const sums = Object.keys(a.sums).map((name) => [name, addText(a.sums[name] ?? '0', b.sums[name] ?? '0')]);
  return { currency: a.currency, rows: a.rows + b.rows, sums: Object.fromEntries(sums) };
}

function originSums(row: Row): OriginSums {
  const named = (kind: string, amount: string) => {
    const name = row[kind] ?? null;
    return name === null || (row[amount] ?? null) === null ? {} : { [String(name)]: String(row[amount]) };
  };
  return {
    origin: String(row['origin']),
    currency: String(row['currency']),
    cost: textOf(row, sumColumn(attributionDataset, 'Cost')),
    direct: textOf(row, sumColumn(allocationDataset, 'Direct')),
    retained: textOf(row, sumColumn(allocationDataset, 'Retained')),
    allocated: textOf(row, 'allocated'),
    charges: textOf(row, 'charges'),
    allocatedCharges: textOf(row, 'allocated_charges'),
    held: textOf(row, 'held'),
    causes: named('cause', 'held'),
    qualities: named('quality', 'carried'),
  };
}

/** What a run must come to, from the bills and from no file of the run: per month of origin and currency. */
export interface ExpectedCost {
  readonly origin: string;
  readonly currency: string;
  readonly cost: string;
}

/** Adds what days hold, month of origin by month of origin and currency by currency. */
export function addSums(days: readonly WrittenSums[]): OriginSums[] {
  return addOrigins(days.flatMap((day) => day.sums));
}

function addOrigins(all: readonly OriginSums[]): OriginSums[] {
  const sums = new Map<string, OriginSums>();
  for (const one of all) {
    const key = `${one.origin} ${one.currency}`;
    const before = sums.get(key);
    sums.set(key, before ? added(before, one) : one);
  }
  return [...sums.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ currency, origin }: Pick<OriginSums, 'origin' | 'currency'>): string {
  return `${currency} ${origin}`;
}

function added(a: OriginSums, b: OriginSums): OriginSums {
  return {
    origin: a.origin,
    currency: a.currency,
    cost: addText(a.cost, b.cost),
    direct: addText(a.direct, b.direct),
    retained: addText(a.retained, b.retained),
    allocated: addText(a.allocated, b.allocated),
    charges: addText(a.charges, b.charges),
    allocatedCharges: addText(a.allocatedCharges, b.allocatedCharges),
    held: addText(a.held, b.held),
    causes: addRecords(a.causes, b.causes),
    qualities: addRecords(a.qualities, b.qualities),
  };
}

/** a + b, as texts. */
export function addText(a: string, b: string): string {
  return formatDecimal(addDecimal(parseDecimal(a), parseDecimal(b)));
}

/** a − b, as texts. */
export function subtractText(a: string, b: string): string {
  return formatDecimal(subtractDecimal(parseDecimal(a), parseDecimal(b)));
}

/** Adds amounts name by name; what one of them does not have counts 0 in it. */
export function addRecords(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): Record<string, string> {
  const sums: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) sums[name] = addText(sums[name] ?? '0', amount);
  return sums;
}

/**
 * The equations of a run, each with its largest difference in any currency. They are those of what was written: the engine's
 * own arithmetic is in none of them.
 *
 * - `attributionIsBill`: Σ attribution = Σ of the metric over the bills, by a query of its own, for every month of origin;
 * - `directIsAttribution`: Σ direct = Σ attribution on every day, dimension and side; `directOfNodes`: on every node to the unit;
 * - `nodeBalance`: direct + inflow = outflow + retained on every row;
 * - `inflowIsFlows`, `outflowIsFlows`: of every node, day, dimension and side;
 * - `retainedIsDirect`: Σ retained = Σ direct; `heldIsUnallocated`: what stays on nodes that are no products has its causes;
 * - `coverage`: what products retain and what is held elsewhere, together, are the total.
 */
export function checksOf(days: readonly WrittenSums[], expected: readonly ExpectedCost[]): Check[] {
  const sums = addSums(days);
  const worst = (name: string) => largest(days.map(({ differences }) => differences[name] ?? '0'));
  return [
    check('attributionIsBill', largest(billDifferences(sums, expected))),
    check('directIsAttribution', worst('cost')),
    check('directOfNodes', worst('node')),
    check('nodeBalance', worst('balance')),
    check('inflowIsFlows', worst('inflow')),
    check('outflowIsFlows', worst('outflow')),
    check(
      'retainedIsDirect',
      largest([worst('retained'), ...sums.map((s) => subtractText(s.retained, s.direct))]),
    ),
    check('heldIsUnallocated', worst('held')),
    check('coverage', largest(sums.flatMap(coverageDifferences))),
  ];
}

function check(name: string, difference: string): Check {
  return { name, ok: isZero(parseDecimal(difference)), difference };
}

function billDifferences(sums: readonly OriginSums[], expected: readonly ExpectedCost[]): string[] {
  const keys = new Map([...expected, ...sums].map((one) => [keyOf(one), one]));
  return [...keys.values()].map(({ origin, currency }) => {
    const isOurs = (one: { readonly origin: string; readonly currency: string }) =>
      one.origin === origin && one.currency === currency;
    return subtractText(sums.find(isOurs)?.cost ?? '0', expected.find(isOurs)?.cost ?? '0');
  });
}

function coverageDifferences({ direct, allocated, held }: OriginSums): string[] {
  return [subtractText(direct, addText(allocated, held))];
}

/** The amount that is furthest from 0; `0` of none. */
export function largest(amounts: readonly string[]): string {
  let most: Decimal = zero;
  for (const amount of amounts.map(parseDecimal))
    if (compareDecimal(absDecimal(amount), absDecimal(most)) > 0) most = amount;
  return formatDecimal(most);
}
