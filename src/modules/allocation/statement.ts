import {
  addDecimal,
  compareDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import { quotientText } from './economics-ratio.ts';
import type { CurrencyTotal, KeyCost } from './statement-sql.ts';

/** Why there is no margin. */
export type NoMargin = 'no_revenue' | 'other_currency' | 'no_single_product';
/** Why there is no margin as a fraction of revenue. */
export type NoMarginRatio = NoMargin | 'zero_revenue';

/**
 * What a line is of: something named; products that have none of what is asked for; cost on no product at all; or, by product,
 * revenue of an application that has several products, or none that cost anything.
 */
export type LineKind = 'named' | 'none' | 'unallocated' | 'application';

/** One line of a profit and loss statement, in one currency. Amounts are decimal text. */
export interface StatementLine {
  readonly kind: LineKind;
  /** Id of the product node, application or cost centre; null on the other kinds. */
  readonly key: string | null;
  readonly name: string | null;
  readonly currency: string;
  /** Null: nobody gave any, which is not 0. */
  readonly revenue: string | null;
  /** Cost that the rules sent here; on `unallocated`, what stayed behind. */
  readonly directCost: string;
  /** Cost that came from others, less what was passed on. */
  readonly indirectCost: string;
  /** Direct + indirect: all that rests here. */
  readonly cost: string;
  readonly margin: string | null;
  /** Margin ÷ revenue, twelve decimals. */
  readonly marginRatio: string | null;
  readonly reason: NoMarginRatio | null;
}

/** A sum over the lines of a currency. */
export interface StatementTotal extends Omit<StatementLine, 'kind' | 'key' | 'name'> {
  /** What the run comes to: equal to `cost`. */
  readonly runTotal: string;
  readonly difference: string;
  readonly ties: boolean;
}

export interface Statement {
  readonly lines: readonly StatementLine[];
  readonly totals: readonly StatementTotal[];
}

/** Revenue of a key in one currency. */
export interface KeyRevenue {
  /** Default: `named` with a key, else `none`. */
  readonly kind?: LineKind;
  readonly key: string | null;
  readonly currency: string;
  readonly amount: string;
}

export interface StatementParts {
  readonly costs: readonly KeyCost[];
  readonly totals: readonly CurrencyTotal[];
  readonly revenue: readonly KeyRevenue[];
}

/**
 * Lays revenue and cost side by side: a line per key and currency, products without a key, and what is unallocated, so that the
 * cost of all lines is the run's. Currencies are never added: whoever earns in one and costs in another has no margin until
 * somebody converts.
 *
 * Shop: revenue 100, direct 30, retained 70: indirect 40, margin 30, ratio 0.3.
 */
export function statementOf({ costs, totals, revenue }: StatementParts): Statement {
  const cells = new Map<string, Cell>();
  for (const { key, name, currency, direct, retained } of costs) {
    const cell = cellAt(cells, { kind: kindOf(key), key, name, currency });
    cell.direct = addDecimal(cell.direct, parseDecimal(direct));
    cell.cost = addDecimal(cell.cost, parseDecimal(retained));
  }
  for (const { key, kind = kindOf(key), currency, amount } of revenue) {
    const cell = cellAt(cells, { kind, key, name: null, currency });
    cell.revenue = addDecimal(cell.revenue ?? zero, parseDecimal(amount));
  }
  const mixedKeys = keysInSeveralCurrencies([...cells.values()]);
  const lines = [
    ...[...cells.values()].sort(byCurrencyAndCost).map((cell) => lineOf(cell, mixedKeys.has(keyOf(cell)))),
    ...totals.flatMap(({ currency, unallocated }) => unallocatedLine(currency, parseDecimal(unallocated))),
  ];
  const mixed = lines.filter(({ reason }) => reason === 'other_currency').map(({ currency }) => currency);
  const currencies = [...new Set([...totals, ...lines].map(({ currency }) => currency))].sort();
  return {
    lines,
    totals: currencies.map((currency) =>
      totalOf(
        lines.filter((line) => line.currency === currency),
        currency,
        parseDecimal(totals.find((total) => total.currency === currency)?.total ?? '0'),
        mixed.includes(currency),
      ),
    ),
  };
}

function kindOf(key: string | null): LineKind {
  return key === null ? 'none' : 'named';
}

interface Cell {
  readonly kind: LineKind;
  readonly key: string | null;
  readonly name: string | null;
  readonly currency: string;
  direct: Decimal;
  cost: Decimal;
  revenue: Decimal | null;
}

function cellAt(cells: Map<string, Cell>, at: Pick<Cell, 'kind' | 'key' | 'name' | 'currency'>): Cell {
  const place = `${at.currency} ${keyOf(at)}`;
  const found = cells.get(place);
  if (found) return found;
  const cell: Cell = { ...at, direct: zero, cost: zero, revenue: null };
  cells.set(place, cell);
  return cell;
}

const zero: Decimal = { units: 0n, scale: 0 };

function byCurrencyAndCost(a: Cell, b: Cell): number {
  if (a.currency !== b.currency) return a.currency < b.currency ? -1 : 1;
  if ((a.key === null) !== (b.key === null)) return a.key === null ? 1 : -1;
  return compareDecimal(b.cost, a.cost) || ((a.key ?? '') < (b.key ?? '') ? -1 : 1);
}

function keyOf({ kind, key }: Pick<Cell, 'kind' | 'key'>): string {
  return `${kind} ${key ?? ''}`;
}

/** Keys that earn, and whose cost and revenue are not all in one currency: each of their lines tells a part. */
function keysInSeveralCurrencies(cells: readonly Cell[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const cell of cells)
    if (!isZero(cell.cost) || cell.revenue !== null)
      counts.set(keyOf(cell), (counts.get(keyOf(cell)) ?? 0) + 1);
  const earning = cells.filter(({ revenue }) => revenue !== null).map(keyOf);
  return new Set(earning.filter((key) => (counts.get(key) ?? 0) > 1));
}

function lineOf({ kind, key, name, currency, ...figures }: Cell, mixed: boolean): StatementLine {
  const reason = kind === 'application' ? 'no_single_product' : mixed ? 'other_currency' : null;
  return { kind, key, name, currency, ...figuresOf(figures, reason) };
}

function unallocatedLine(currency: string, amount: Decimal): StatementLine[] {
  if (isZero(amount)) return [];
  const figures = figuresOf({ revenue: null, direct: amount, cost: amount }, null);
  return [{ kind: 'unallocated', key: null, name: null, currency, ...figures }];
}

function figuresOf(
  { revenue, direct, cost }: Pick<Cell, 'revenue' | 'direct' | 'cost'>,
  why: NoMargin | null,
): Omit<StatementLine, 'kind' | 'key' | 'name' | 'currency'> {
  const none = why ?? (revenue === null ? 'no_revenue' : null);
  const margin = revenue === null || none !== null ? null : subtractDecimal(revenue, cost);
  const ratio = margin && revenue ? quotientText(margin, revenue) : null;
  return {
    revenue: revenue && formatDecimal(revenue),
    directCost: formatDecimal(direct),
    indirectCost: formatDecimal(subtractDecimal(cost, direct)),
    cost: formatDecimal(cost),
    margin: margin && formatDecimal(margin),
    marginRatio: ratio,
    reason: none ?? (ratio === null ? 'zero_revenue' : null),
  };
}

function totalOf(
  lines: readonly StatementLine[],
  currency: string,
  runTotal: Decimal,
  mixed: boolean,
): StatementTotal {
  const sumOf = (of: (line: StatementLine) => string) =>
    sumDecimals(lines.map((line) => parseDecimal(of(line))));
  const cost = sumOf((line) => line.cost);
  const hasRevenue = lines.some(({ revenue }) => revenue !== null);
  const revenue = hasRevenue ? sumOf((line) => line.revenue ?? '0') : null;
  const difference = subtractDecimal(cost, runTotal);
  return {
    currency,
    ...figuresOf(
      { revenue, direct: sumOf((line) => line.directCost), cost },
      mixed ? 'other_currency' : null,
    ),
    runTotal: formatDecimal(runTotal),
    difference: formatDecimal(difference),
    ties: isZero(difference),
  };
}
