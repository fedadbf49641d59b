import { type Decimal, formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import type { Row } from '../../platform/warehouse/index.ts';
import type { Attribution } from './attribute.ts';
import { quotientText } from './economics-ratio.ts';
import type { GraphDocument } from './model.ts';
import type { Proposal } from './propose-contract.ts';
import { applicationScore, type TagKey } from './propose-keys.ts';

type Statistics = Proposal['statistics'];
/** Charges in one currency with their part of all; `totals` everywhere are the rows of `chargesByCurrency`. */
type Charges = Statistics['tagKeys'][number]['coverage'][number];

/** A tag of the bill, and the charges that carry it in each currency. */
export interface FoundTag {
  readonly tag: TagKey;
  readonly coverage: readonly Charges[];
}

/** Every tag with its coverage, the best for applications first. */
export function tagsOf(rows: readonly Row[], totals: readonly Row[]): FoundTag[] {
  const allRows = totals.reduce((sum, row) => sum + Number(row['rows']), 0);
  const tags = groupBy(rows, (row) => String(row['key'])).map((group): FoundTag => {
    const coverage = group.map((row) => chargesIn(row, totals));
    // Currencies are not added: each counts by its rows.
    const weighed = coverage.reduce((sum, { currency, share }) => {
      const ours = totals.find((row) => row['currency'] === currency);
      return sum + (Number(share) * Number(ours?.['rows'])) / allRows;
    }, 0);
    const [first] = group;
    const tag = { key: String(first?.['key']), values: Number(first?.['values']), coverage: weighed };
    return { tag, coverage };
  });
  return tags.sort(
    ({ tag: a }, { tag: b }) =>
      applicationScore(b) - applicationScore(a) || b.coverage - a.coverage || (a.key < b.key ? -1 : 1),
  );
}

/** What each rule takes, in the order of the rules; `largest` are the rows of `largestOfRules`. */
export function ruleShares(
  { rules }: GraphDocument,
  { rules: taken }: Attribution,
  largest: readonly Row[],
  totals: readonly Row[],
): Statistics['rules'] {
  return rules.map(({ id }, index) => {
    const ours = taken.filter(({ rule }) => rule === id);
    const examples = largest.filter((row) => row['rule'] === index).map(placeOf);
    return {
      rule: id,
      rows: ours.reduce((sum, { rows }) => sum + rows, 0),
      coverage: ours.map(({ currency, charges }) => chargesIn({ currency, cost: charges }, totals)),
      examples: [...new Set(examples)].slice(0, 3),
    };
  });
}

function placeOf(row: Row): string {
  return `${textOf(row['service']) ?? 'no service'} in ${textOf(row['account']) ?? 'no account'}`;
}

/** Of each currency's charges, what reaches products, shared nodes, and nothing; `rows` are those of `chargesOfRules`. */
export function coverageOf(rows: readonly Row[], totals: readonly Row[]): Statistics['coverage'] {
  return totals.map((total) => {
    const currency = String(total['currency']);
    const ours = rows.filter((row) => row['currency'] === currency);
    const part = (of: (row: Row) => boolean) =>
      chargesIn({ currency, cost: formatDecimal(sumOf(ours.filter(of))) }, totals);
    return {
      currency,
      charges: String(total['cost']),
      onProducts: part((row) => row['type'] === 'product'),
      onShared: part((row) => row['rule'] !== null && row['type'] !== 'product'),
      unattributed: part((row) => row['rule'] === null),
    };
  });
}

/** What no rule takes, by service and account, the largest first. */
export function causesOf(largest: readonly Row[], totals: readonly Row[]): Statistics['unattributed'] {
  return largest
    .filter((row) => row['rule'] === -1)
    .map((row) => ({
      ...chargesIn(row, totals),
      service: textOf(row['service']),
      account: textOf(row['account']),
      rows: Number(row['rows']),
    }));
}

/** Charges of a row, and their part of all charges in its currency. */
function chargesIn(
  row: Row,
  totals: readonly Row[],
): { currency: string; charges: string; share: string | null } {
  const currency = String(row['currency']);
  const all = totals.find((total) => total['currency'] === currency);
  const charges = parseDecimal(String(row['cost']));
  const share = all === undefined ? null : quotientText(charges, parseDecimal(String(all['cost'])));
  return { currency, charges: formatDecimal(charges), share };
}

function sumOf(rows: readonly Row[]): Decimal {
  return sumDecimals(rows.map((row) => parseDecimal(String(row['cost']))));
}

/** Rows by a key, in the order of its first row. */
export function groupBy(rows: readonly Row[], keyOf: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return [...groups.values()];
}

/** A cell of text. */
export function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
