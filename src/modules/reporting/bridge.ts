import { formatDecimal, must, parseDecimal, subtractDecimal } from '../../platform/kernel/index.ts';
import type { CostQueryRow } from '../../platform/warehouse/index.ts';
import { groupRows, pick, sumText, type Table, type TableColumn, withSummedTotals } from './table.ts';

/** The dimensions that tell which part of the bridge a row belongs to. */
export const bridgeInputs = ['ChargeCategory', 'CommitmentDiscountId', 'CommitmentDiscountStatus'] as const;

const parts = [
  'commitmentPurchases',
  'amortisedUsed',
  'amortisedUnused',
  'commitmentOther',
  'unexplained',
] as const;
type Part = (typeof parts)[number];

/**
 * From what was billed to what it was worth in the month, one row per remaining key (source, month, currency):
 *
 * BilledCost + commitmentPurchases + amortisedUsed + amortisedUnused + commitmentOther + unexplained = EffectiveCost
 *
 * - `commitmentPurchases`: −BilledCost of commitment purchases (a purchase of 1,200 is −1,200);
 * - `amortisedUsed`, `amortisedUnused`: EffectiveCost − BilledCost of rows that a commitment covered, and of its unused part;
 * - `commitmentOther`: EffectiveCost − BilledCost of other rows that name a commitment (refunds, credits), and what
 *   EffectiveCost a purchase has against the rule that it is 0;
 * - `unexplained`: EffectiveCost − BilledCost of rows that name no commitment.
 */
export function bridge(table: Table): Table {
  const keys = table.columns
    .filter((column) => column.dimension && !bridgeInputs.some((name) => name === column.name))
    .map((column) => column.name);
  const money = { kind: 'money', summed: true, dimension: false } as const;
  const columns: TableColumn[] = [
    ...table.columns.filter((column) => keys.includes(column.name)),
    { ...money, name: 'BilledCost' },
    ...parts.map((name) => ({ ...money, name })),
    { ...money, name: 'EffectiveCost' },
  ];
  const rows = groupRows(table.rows, keys).map((group) => bridgeRow(group, keys));
  return withSummedTotals(columns, rows);
}

function bridgeRow(group: readonly CostQueryRow[], keys: readonly string[]): CostQueryRow {
  const lines = group.flatMap(linesOf);
  const amounts = parts.map((part) => [
    part,
    sumText(lines.filter((line) => line.part === part).map((line) => line.amount)),
  ]);
  return {
    ...pick(must(group[0], 'a group has a row'), keys),
    BilledCost: sumText(group.map((row) => String(row['BilledCost']))),
    ...Object.fromEntries(amounts),
    EffectiveCost: sumText(group.map((row) => String(row['EffectiveCost']))),
  };
}

function linesOf(row: CostQueryRow): { readonly part: Part; readonly amount: string }[] {
  const effective = String(row['EffectiveCost']);
  const billed = String(row['BilledCost']);
  const difference = formatDecimal(subtractDecimal(parseDecimal(effective), parseDecimal(billed)));
  if (row['CommitmentDiscountId'] === null) return [{ part: 'unexplained', amount: difference }];
  if (row['ChargeCategory'] === 'Purchase') {
    return [
      {
        part: 'commitmentPurchases',
        amount: formatDecimal(subtractDecimal(parseDecimal('0'), parseDecimal(billed))),
      },
      { part: 'commitmentOther', amount: effective },
    ];
  }
  if (row['CommitmentDiscountStatus'] === 'Used') return [{ part: 'amortisedUsed', amount: difference }];
  if (row['CommitmentDiscountStatus'] === 'Unused') return [{ part: 'amortisedUnused', amount: difference }];
  return [{ part: 'commitmentOther', amount: difference }];
}
