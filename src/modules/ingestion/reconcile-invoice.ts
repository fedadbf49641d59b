import {
  compareDecimal,
  currencyExponent,
  type Decimal,
  formatDecimal,
  formatFixed,
  isZero,
  parseDecimal,
  roundHalfUp,
  type Scope,
  subtractDecimal,
} from '../../platform/kernel/index.ts';
import {
  type Engine,
  type Lake,
  type Row,
  type Selection,
  sourcesIn,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { ingestionErrors } from './errors.ts';
import {
  byInvoice,
  type Candidate,
  candidatesFor,
  type InvoiceLine,
  type InvoicePart,
  type RoundingMode,
  roundedSum,
  sumOf,
} from './invoice-candidates.ts';
import { invoiceSums } from './months-sql.ts';

/** One invoice of the month, or the rows without one (`invoiceId` null). */
export interface InvoiceSum {
  readonly invoiceId: string | null;
  readonly rows: number;
  /** Exact Σ BilledCost, and rounded half-up to the currency's minor unit. */
  readonly billedCost: string;
  readonly rounded: string;
}

/** Rows and cost of one kind. */
export interface PartSum {
  readonly part: InvoicePart;
  readonly rows: number;
  readonly billedCost: string;
}

/** A month set against the total printed on an invoice. Every amount is a decimal string in `currency`. */
export interface Reconciliation {
  readonly source: string;
  readonly period: string;
  readonly snapshot: string;
  readonly currency: string;
  /** The invoice that was compared; null: the whole month. */
  readonly invoiceId: string | null;
  readonly invoiceTotal: string;
  /** Exact Σ BilledCost of the compared rows, and rounded half-up to the minor unit. */
  readonly billedCost: string;
  readonly rounded: string;
  /** rounded − invoiceTotal: positive when the bill holds more than the invoice. */
  readonly difference: string;
  /** True when the difference is 0. */
  readonly ties: boolean;
  /** The compared rows by kind; they sum to billedCost. */
  readonly parts: readonly PartSum[];
  /** What rounding adds to billedCost when the total, each invoice or each line is rounded to the minor unit. */
  readonly rounding: Readonly<Record<RoundingMode, string>>;
  /** Every invoice of the month, and rows without one last. */
  readonly invoices: readonly InvoiceSum[];
  /** Simplest first; empty when nothing simple gives the printed total. */
  readonly candidates: readonly Candidate[];
}

/**
 * Ties a month to the total printed on the provider's invoice. It states facts and refuses nothing that does not tie:
 * the caller decides what to make of `ties`.
 *
 * `'12,345.67'` against rows of 10,000.001 (usage), 2,345.664 (tax): BilledCost 12345.665, rounded 12345.67, ties.
 * Refuses with `ingestion.unfitInvoiceTotal`, `ingestion.whichCurrency`, `ingestion.unknownInvoice`, `lake.unknownMonth` (and so
 * for a month out of scope), and a scope that shows no rows.
 */
export async function reconcileInvoice(
  engine: Engine,
  lake: Lake,
  scope: Scope,
  asked: {
    readonly source: string;
    readonly period: string;
    readonly invoiceTotal: string;
    readonly currency?: string | undefined;
    readonly invoiceId?: string | undefined;
  },
): Promise<Reconciliation> {
  sourcesIn(scope);
  const { source, period } = asked;
  const { id: snapshot } = await lake.describe(scope, { dataset: costDataset.name, source, period });
  const selection = await lake.selectMonth(scope, costDataset, { source, period, snapshot });
  const currency = currencyOf(selection, asked);
  const places = currencyExponent(currency) ?? 2;
  const total = parseInvoiceTotal(asked.invoiceTotal, { currency, places });
  const sums = (
    await engine.session((session) => invoiceSums(session, selection.relation, currency, places))
  ).map(lineOf);
  const compared = comparedLines(sums, asked);
  const billed = sumOf(compared);
  const rounded = roundHalfUp(billed, places);
  const difference = subtractDecimal(rounded, total);
  const rounding = (mode: RoundingMode) =>
    formatDecimal(subtractDecimal(roundedSum(compared, mode, places), billed));
  return {
    source,
    period,
    snapshot,
    currency,
    invoiceId: asked.invoiceId ?? null,
    invoiceTotal: formatFixed(total, places),
    billedCost: formatDecimal(billed),
    rounded: formatFixed(rounded, places),
    difference: formatFixed(difference, places),
    ties: isZero(difference),
    parts: partsOf(compared),
    rounding: { total: rounding('total'), invoice: rounding('invoice'), line: rounding('line') },
    invoices: invoicesOf(sums, places),
    candidates: candidatesFor({ total, lines: compared, places, wholeMonth: asked.invoiceId === undefined }),
  };
}

/**
 * The total as it is printed: digits, with or without commas between thousands, a decimal point, no more decimals than the
 * currency's minor unit. `'12,345.67'` → 12345.67; `'12.345,67'`, `'$12'` and `'1,23'` are refused.
 */
export function parseInvoiceTotal(
  text: string,
  { currency, places }: { readonly currency: string; readonly places: number },
): Decimal {
  const trimmed = text.trim();
  if (!/^-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$/.test(trimmed)) {
    throw ingestionErrors.unfitInvoiceTotal({ text, reason: 'it is not a plain number' });
  }
  const total = parseDecimal(trimmed.replaceAll(',', ''));
  if (compareDecimal(total, roundHalfUp(total, places)) !== 0) {
    const reason = `${currency} has ${places} decimals`;
    throw ingestionErrors.unfitInvoiceTotal({ text, reason });
  }
  return total;
}

const partOfCategory: Readonly<Record<string, InvoicePart>> = {
  Usage: 'usage',
  Purchase: 'purchases',
  Tax: 'tax',
  Credit: 'credits',
  Adjustment: 'adjustments',
};

function lineOf(row: Row): InvoiceLine {
  return {
    invoiceId: row['invoice'] as string | null,
    part: partOfCategory[String(row['category'])] ?? 'other',
    rows: Number(row['rows']),
    billed: parseDecimal(String(row['billed'])),
    rounded: parseDecimal(String(row['lines'])),
  };
}

function currencyOf(
  { currencies }: Selection,
  asked: { readonly source: string; readonly period: string; readonly currency?: string | undefined },
): string {
  const [only] = currencies;
  const found = asked.currency ?? (currencies.length === 1 ? only : undefined);
  if (found !== undefined && currencies.includes(found)) return found;
  throw ingestionErrors.whichCurrency({
    source: asked.source,
    period: asked.period,
    currencies: currencies.join(' and ') || 'no currency',
    asked: asked.currency ?? 'one currency',
  });
}

function comparedLines(
  lines: readonly InvoiceLine[],
  asked: { readonly source: string; readonly period: string; readonly invoiceId?: string | undefined },
): readonly InvoiceLine[] {
  if (asked.invoiceId === undefined) return lines;
  const found = lines.filter(({ invoiceId }) => invoiceId === asked.invoiceId);
  if (found.length > 0) return found;
  const known = [...new Set(lines.flatMap(({ invoiceId }) => invoiceId ?? []))];
  throw ingestionErrors.unknownInvoice({
    source: asked.source,
    period: asked.period,
    invoice: asked.invoiceId,
    invoices: known.slice(0, 20).join(', ') || 'none',
  });
}

function partsOf(lines: readonly InvoiceLine[]): PartSum[] {
  return (['usage', 'purchases', 'tax', 'credits', 'adjustments', 'other'] as const).flatMap((part) => {
    const own = lines.filter((line) => line.part === part);
    if (own.length === 0) return [];
    const rows = own.reduce((sum, line) => sum + line.rows, 0);
    return [{ part, rows, billedCost: formatDecimal(sumOf(own)) }];
  });
}

function invoicesOf(lines: readonly InvoiceLine[], places: number): InvoiceSum[] {
  return [...byInvoice(lines)].map(([invoiceId, own]) => ({
    invoiceId,
    rows: own.reduce((sum, line) => sum + line.rows, 0),
    billedCost: formatDecimal(sumOf(own)),
    rounded: formatFixed(sumOf(own), places),
  }));
}
