import {
  addDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  periodOf,
  subtractDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import type { CurrencySums, Row } from '../../platform/warehouse/index.ts';
import type { ImportEntry } from './contract.ts';
import type { DateOrder } from './convert/cells.ts';
import { adjustmentsOf, checkIdentities, type Identity, type NativeGroup } from './gate.ts';

/** The original's groups of one month and currency, whatever files they come from. */
export interface NativeMonth {
  readonly period: string | null;
  readonly currency: string;
  readonly groups: readonly NativeGroup[];
}

/** How raw labels of a file become months and currencies on the gate's side. */
export interface LabelReading {
  readonly dateOrder: DateOrder;
  readonly isLabel: boolean;
  /** Stands in where the file has no such column or an empty cell. */
  readonly period: string | null;
  readonly currency: string;
  /** Labels that a mapping file gives a meaning: `"Oct 26"` → `2026-10-01`. */
  readonly meanings: Readonly<Record<string, string>>;
}

/** Sorts the groups of a file into months and currencies by their raw labels. */
export function monthsOfGroups(
  groups: readonly NativeGroup[],
  reading: LabelReading,
  hasPeriodColumn: boolean,
): NativeMonth[] {
  const months = new Map<string, { period: string | null; currency: string; groups: NativeGroup[] }>();
  for (const group of groups) {
    const period = hasPeriodColumn ? monthOfLabel(group.period, reading) : reading.period;
    const currency = group.currency === null ? reading.currency : meaningOf(group.currency, reading);
    const key = `${period} ${currency}`;
    const month = months.get(key) ?? { period, currency, groups: [] };
    month.groups.push(group);
    months.set(key, month);
  }
  return [...months.values()];
}

function meaningOf(label: string, { meanings }: LabelReading): string {
  return Object.hasOwn(meanings, label) ? (meanings[label] as string) : label;
}

/** The month that a raw label means: the date a day later, for labels; the month of a charge, otherwise. */
function monthOfLabel(label: string | null, reading: LabelReading): string | null {
  if (label === null) return null;
  const instant = instantOf(meaningOf(label, reading), reading.dateOrder);
  if (Number.isNaN(instant)) return null;
  return periodOf(new Date(instant + (reading.isLabel ? 86_400_000 : 0)));
}

function instantOf(label: string, order: DateOrder): number {
  if (order === 'iso') {
    const text = label
      .trim()
      .replace(/ ?(UTC|\+00)$/, 'Z')
      .replace(' ', 'T');
    return Date.parse(text.length > 10 && !/(Z|[+-]\d\d:?\d\d)$/.test(text) ? `${text}Z` : text);
  }
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{2,4})/.exec(label);
  if (!match) return Number.NaN;
  const [first, second, year] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [month, day] = order === 'mdy' ? [first, second] : [second, first];
  return Date.UTC(year < 100 ? 2000 + year : year, month - 1, day);
}

/** Rows left out of one month and currency, and their native cost. */
export interface Quarantined {
  readonly rows: number;
  readonly cost: Decimal;
}

/** One month and currency from both sides. */
export interface MonthBooks {
  readonly native: readonly NativeGroup[];
  readonly converted: readonly Row[];
  readonly quarantined: Quarantined;
}

/** The two sides of a month set against each other: the figures of its entry, the identities that do not hold. */
export function balanceMonth(books: MonthBooks): {
  readonly figures: Pick<
    ImportEntry,
    | 'rowsRead'
    | 'rowsWritten'
    | 'rowsSynthesised'
    | 'rowsQuarantined'
    | 'nativeCost'
    | 'nativeRounding'
    | 'billedCost'
    | 'effectiveCost'
    | 'adjustments'
    | 'unexplained'
    | 'bridge'
  >;
  readonly broken: readonly Identity[];
} {
  const rowsRead = books.native.reduce((sum, group) => sum + group.rows, 0);
  const rowsWritten = sumRows(books.converted);
  const rowsSynthesised = sumRows(books.converted.filter((row) => row['part'] === 1));
  const nativeCost = sum(books.native.map((group) => group.cost));
  const billedCost = sumColumn(books.converted, 'BilledCost');
  const adjustments = adjustmentsOf(books.native);
  const { unexplained, broken } = checkIdentities({
    rowsRead,
    rowsSynthesised,
    rowsWritten,
    rowsQuarantined: books.quarantined.rows,
    nativeCost,
    billedCost: billedCost ?? zero,
    adjustments,
    quarantinedCost: books.quarantined.cost,
  });
  return {
    broken,
    figures: {
      rowsRead,
      rowsWritten,
      rowsSynthesised,
      rowsQuarantined: books.quarantined.rows,
      nativeCost: formatDecimal(nativeCost),
      nativeRounding: formatDecimal(sum(books.native.map((group) => group.rounding))),
      billedCost: textOf(billedCost),
      effectiveCost: textOf(sumColumn(books.converted, 'EffectiveCost')),
      adjustments,
      unexplained: formatDecimal(unexplained),
      bridge: bridgeOf(books.converted),
    },
  };
}

/**
 * What no converted month answers for: a month or currency of the original whose rows are neither written nor all in
 * quarantine. `answered` holds `2026-10 USD` for each that was balanced.
 */
export function findForgotten(
  native: readonly NativeMonth[],
  answered: ReadonlySet<string>,
  quarantinedIn: (month: NativeMonth) => Quarantined,
): (Identity & { readonly period: string | null; readonly currency: string })[] {
  return native
    .filter(({ period, currency }) => !answered.has(`${period} ${currency}`))
    .flatMap((month) => {
      const { period, currency, groups } = month;
      const { broken } = balanceMonth({
        native: groups,
        converted: [],
        quarantined: quarantinedIn(month),
      });
      return broken.map((identity) => ({ ...identity, period, currency }));
    });
}

/** BilledCost → EffectiveCost by named parts that add up; `unexplained` holds rows that differ for no reason we know. */
function bridgeOf(converted: readonly Row[]): { part: string; amount: string }[] {
  const effective = sumColumn(converted, 'EffectiveCost');
  const billed = sumColumn(converted, 'BilledCost');
  if (effective === undefined || billed === undefined) return [];
  const parts = [
    'commitment-purchases',
    'commitment-used',
    'commitment-unused',
    'prepaid-purchases',
    'prepaid-used',
    'as-billed',
  ];
  const lines = parts.map((part) => {
    const rows = converted.filter((row) => row['bridge'] === part);
    const difference = subtractDecimal(
      sumColumn(rows, 'EffectiveCost') ?? zero,
      sumColumn(rows, 'BilledCost') ?? zero,
    );
    return { part: part === 'as-billed' ? 'unexplained' : part, amount: difference };
  });
  return [
    { part: 'BilledCost', amount: billed },
    ...lines.filter(({ part, amount }) => part === 'unexplained' || !isZero(amount)),
    { part: 'EffectiveCost', amount: effective },
  ].map(({ part, amount }) => ({ part, amount: formatDecimal(amount) }));
}

/** Row count and sums of the costs of one currency, as the snapshot's description states them. */
export function totalsOf(converted: readonly Row[], costs: readonly string[]): CurrencySums[] {
  const currencies = [...new Set(converted.map((row) => String(row['currency'])))].sort();
  return currencies.map((currency) => {
    const rows = converted.filter((row) => row['currency'] === currency);
    return {
      currency,
      rows: sumRows(rows),
      sums: Object.fromEntries(costs.map((cost) => [cost, textOf(sumColumn(rows, cost))])),
    };
  });
}

function sumRows(rows: readonly Row[]): number {
  return rows.reduce((total, row) => total + Number(row['rows']), 0);
}

/** Σ of a column; undefined when it has no value at all (the file does not have it). */
function sumColumn(rows: readonly Row[], column: string): Decimal | undefined {
  const values = rows.map((row) => row[column]).filter((value) => value !== null && value !== undefined);
  return values.length === 0 && rows.length > 0
    ? undefined
    : sum(values.map((value) => parseDecimal(String(value))));
}

function sum(values: readonly Decimal[]): Decimal {
  return values.reduce(addDecimal, zero);
}

function textOf(value: Decimal | undefined): string | null {
  return value === undefined ? null : formatDecimal(value);
}
