import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { RevenueAnswer, StatementAnswer, UnitCostList } from '../../../modules/allocation/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../help.ts';
import type { Column, TableData } from '../output.ts';

interface StatementOptions {
  readonly month: string;
  readonly graph: string;
  readonly by: string;
}

interface UnitCostOptions {
  readonly month: string;
  readonly graph: string;
  readonly metric: string;
  readonly node?: string;
  readonly basis: string;
  readonly days?: boolean;
}

interface RevenueOptions {
  readonly month: string;
  readonly graph: string;
  readonly source: string;
  readonly dryRun?: boolean;
}

/** Adds `finops allocate statement`, `unit-costs` and `revenue` to the noun. */
export function addEconomics(noun: Command, context: Context): void {
  const statement = noun
    .command('statement')
    .description('profit and loss of a month: revenue, direct and indirect cost, margin')
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .option('--graph <id>', 'which graph', 'main')
    .addOption(
      new Option('--by <what>', 'lines')
        .choices(['product', 'application', 'cost-centre'])
        .default('product'),
    )
    .action((options: StatementOptions) => showStatement(context, options));
  addExamples(statement, {
    'finops allocate statement --month 2026-10': 'product by product, with what is unallocated',
    'finops allocate statement --month 2026-10 --by cost-centre --format csv': 'for a spreadsheet',
  });
  const unitCosts = noun
    .command('unit-costs')
    .description('cost per unit of a metric, with the month before')
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .requiredOption('--metric <name>', 'what is counted')
    .option('--node <id>', 'one node; all products and measured nodes without it')
    .option('--graph <id>', 'which graph', 'main')
    .addOption(
      new Option('--basis <cost>', 'which cost')
        .choices(['holistic', 'retained', 'direct'])
        .default('holistic'),
    )
    .option('--days', 'day by day; with --node')
    .action((options: UnitCostOptions) => showUnitCosts(context, options));
  addExamples(unitCosts, {
    'finops allocate unit-costs --month 2026-10 --metric orders': 'what an order costs',
  });
  const revenue = noun
    .command('revenue')
    .description('import revenue of a month from a CSV file; what its source said before is replaced')
    .argument('<file>', 'columns node or application, currency, amount')
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .requiredOption('--source <name>', 'the system that it comes from')
    .option('--graph <id>', 'which graph', 'main')
    .option('--dry-run', 'say what would happen, and what does not fit')
    .action((file: string, options: RevenueOptions) => importRevenue(context, file, options));
  addExamples(revenue, {
    'finops allocate revenue crm.csv --month 2026-10 --source crm --dry-run': 'every row that does not fit',
  });
}

const money = { kind: 'money', currencyColumn: 'currency' } as const;
const currency = { name: 'currency', kind: 'text' } as const;

async function showStatement(context: Context, { month, graph, by }: StatementOptions): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<StatementAnswer>('GET', address('/allocation/statements', { graph, month, by })),
  );
  const columns: Column[] = [
    { name: 'kind', kind: 'text' },
    { name: 'key', header: by, kind: 'text' },
    { name: 'name', kind: 'text' },
    { name: 'revenue', ...money },
    { name: 'directCost', header: 'direct', ...money },
    { name: 'indirectCost', header: 'indirect', ...money },
    { name: 'cost', ...money },
    { name: 'margin', ...money },
    currency,
    { name: 'marginRatio', header: 'margin ÷ revenue', kind: 'share' },
    { name: 'reason', kind: 'text' },
  ];
  const totals = answer.totals.map((total) => ({
    ...total,
    kind: 'total',
    key: total.ties ? 'ties' : 'DOES NOT TIE',
  }));
  context.print({ json: answer, tables: [{ columns, rows: answer.items, totals }] });
  if (answer.totals.some(({ ties }) => !ties)) context.exitWith(exitCodes.booksDoNotBalance);
}

async function showUnitCosts(context: Context, options: UnitCostOptions): Promise<void> {
  const { days, ...asked } = options;
  const query = { ...asked, ...(days ? { days: 'true' } : {}) };
  const answer = await withClient(context, (client) =>
    client.call<UnitCostList>('GET', address('/allocation/unit-costs', query)),
  );
  context.print({ json: answer, tables: unitCostTables(answer) });
}

function unitCostTables({
  context: { metric, unit, basis },
  items,
  totals,
}: UnitCostList): [TableData, ...TableData[]] {
  const row = (one: UnitCostList['totals'][number]) => ({
    currency: one.currency,
    cost: one.cost[basis],
    units: one.units,
    perUnit: one.unitCost?.value ?? null,
    directPerUnit: one.directUnitCost?.value ?? null,
    before: one.previous?.unitCost?.value ?? null,
    change: one.change?.ratio ?? null,
    marginal: one.marginal?.value ?? null,
    reason: one.reason,
  });
  const main: TableData = {
    columns: [
      { name: 'node', kind: 'text' },
      { name: 'cost', ...money },
      currency,
      { name: 'units', header: unit === null ? metric : `${metric} (${unit})`, kind: 'number' },
      { name: 'perUnit', header: 'per unit', kind: 'number' },
      { name: 'directPerUnit', header: 'of it direct', kind: 'number' },
      { name: 'before', header: 'month before', kind: 'number' },
      { name: 'change', kind: 'share' },
      { name: 'marginal', kind: 'number' },
      { name: 'reason', kind: 'text' },
    ],
    rows: items.map((one) => ({ node: one.node, ...row(one) })),
    totals: totals.map((one) => ({ node: 'all measured', ...row(one) })),
  };
  const days = items.flatMap(({ currency: code, days: list = [] }) =>
    list.map(({ unitCost, ...day }) => ({ ...day, currency: code, perUnit: unitCost?.value ?? null })),
  );
  if (days.length === 0) return [main];
  const columns: Column[] = [
    { name: 'day', kind: 'text' },
    { name: 'cost', ...money },
    currency,
    { name: 'units', kind: 'number' },
    { name: 'perUnit', header: 'per unit', kind: 'number' },
  ];
  return [main, { title: 'Days', columns, rows: days }];
}

async function importRevenue(context: Context, file: string, options: RevenueOptions): Promise<void> {
  const csv = await readFile(resolve(context.io.cwd, file), 'utf8');
  const { dryRun = false, ...at } = options;
  const answer = await withClient(context, (client) =>
    client.call<RevenueAnswer>('POST', address('/allocation/revenue'), { ...at, csv, dryRun }),
  );
  const sums: TableData = {
    columns: [
      { name: 'when', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'amount', ...money },
      currency,
    ],
    rows: [
      ...answer.before.map((sum) => ({ when: 'before', ...sum })),
      ...answer.after.map((sum) => ({ when: dryRun ? 'would be' : 'now', ...sum })),
    ],
  };
  const rejected: TableData = {
    title: 'Rows that do not fit',
    columns: [
      { name: 'row', kind: 'number' },
      { name: 'field', kind: 'text' },
      { name: 'message', kind: 'text' },
    ],
    rows: answer.rejected,
  };
  context.print({ json: answer, tables: answer.rejected.length > 0 ? [sums, rejected] : [sums] });
  if (answer.rejected.length > 0) context.exitWith(exitCodes.badData);
}
