import {
  addDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  subtractDecimal,
  zero,
} from '../../platform/kernel/index.ts';

/**
 * The other side of the reconciliation: a second pass over the original file and its own cost column.
 * It shares no function with the conversion, so that a mistake of one shows as a difference.
 */

/** One group of the original: raw labels, rows, the sum of costs rounded at 12 decimals, and what rounding took. */
export interface NativeGroup {
  readonly period: string | null;
  readonly currency: string | null;
  readonly kind: string | null;
  readonly rows: number;
  readonly cost: Decimal;
  readonly rounding: Decimal;
  /** Rows whose cost is no number; they count 0 here and are quarantined there. */
  readonly unreadable: number;
}

/** Kinds of native lines whose cost is not billed as such, each with the rule that says why. */
const adjustedKinds: Readonly<Record<string, string>> = {
  SavingsPlanCoveredUsage: 'savings-plan-covered-usage',
  SavingsPlanNegation: 'savings-plan-negation',
};

export interface Adjustment {
  readonly rule: string;
  readonly amount: string;
}

/** Native cost that BilledCost does not hold, by named rule. Only lines of a CUR have kinds. */
export function adjustmentsOf(groups: readonly NativeGroup[]): Adjustment[] {
  const sums = new Map<string, Decimal>();
  for (const { kind, cost } of groups) {
    const rule = kind === null ? undefined : adjustedKinds[kind];
    if (rule !== undefined) sums.set(rule, addDecimal(sums.get(rule) ?? zero, cost));
  }
  return [...sums].map(([rule, amount]) => ({ rule, amount: formatDecimal(amount) }));
}

/** One identity that must hold, and by how much it does not. */
export interface Identity {
  readonly rule: string;
  readonly difference: string;
}

/**
 * The identities of one month and currency (design.md section 4):
 * rows read + synthesised = written + quarantined, and native = billed + adjustments + quarantined cost.
 */
export function checkIdentities(books: {
  readonly rowsRead: number;
  readonly rowsSynthesised: number;
  readonly rowsWritten: number;
  readonly rowsQuarantined: number;
  readonly nativeCost: Decimal;
  readonly billedCost: Decimal;
  readonly adjustments: readonly Adjustment[];
  readonly quarantinedCost: Decimal;
}): { readonly unexplained: Decimal; readonly broken: Identity[] } {
  const rows = books.rowsRead + books.rowsSynthesised - books.rowsWritten - books.rowsQuarantined;
  let unexplained = subtractDecimal(
    subtractDecimal(books.nativeCost, books.billedCost),
    books.quarantinedCost,
  );
  for (const { amount } of books.adjustments)
    unexplained = subtractDecimal(unexplained, parseDecimal(amount));
  const broken: Identity[] = [];
  if (rows !== 0)
    broken.push({ rule: 'rows read + synthesised = written + quarantined', difference: `${rows} row(s)` });
  if (!isZero(unexplained)) {
    broken.push({
      rule: 'native cost = BilledCost + adjustments + quarantined',
      difference: formatDecimal(unexplained),
    });
  }
  return { unexplained, broken };
}
