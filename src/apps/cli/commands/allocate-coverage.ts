import type { Command } from 'commander';
import type { CoverageAnswer } from '../../../modules/allocation/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../help.ts';
import type { TableData } from '../output.ts';

interface CoverageOptions {
  readonly month: string;
  readonly graph: string;
  readonly months?: string;
  readonly top?: string;
}

/** Adds `finops allocate coverage` to the noun. */
export function addCoverage(noun: Command, context: Context): void {
  const command = noun
    .command('coverage')
    .description('how much of the charges reached products, and why the rest did not')
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .option('--graph <id>', 'which graph', 'main')
    .option('--months <count>', 'months of the trend, this one included (default: 6)')
    .option('--top <count>', 'nodes shown per cause (default: 10)')
    .action((options: CoverageOptions) => show(context, options));
  addExamples(command, {
    'finops allocate coverage --month 2026-10': 'causes in money, with what to do',
    'finops allocate coverage --month 2026-10 --months 12 --json': 'a year, for a chart',
  });
}

async function show(context: Context, { month, graph, months, top }: CoverageOptions): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<CoverageAnswer>('GET', address('/allocation/coverage', { graph, month, months, top })),
  );
  context.print({ json: answer, tables: tablesOf(answer) });
}

const money = { kind: 'money', currencyColumn: 'currency' } as const;
const currency = { name: 'currency', kind: 'text' } as const;

function tablesOf({ currencies, trend }: CoverageAnswer): [TableData, ...TableData[]] {
  const figures: TableData = {
    columns: [
      currency,
      { name: 'charges', ...money },
      { name: 'allocated', ...money },
      { name: 'unallocated', ...money },
      { name: 'coverage', kind: 'share' },
      { name: 'balances', kind: 'text' },
    ],
    rows: currencies.map(({ checks, causes: _, quality: __, credits: ___, ...one }) => ({
      ...one,
      balances: checks.every(({ ok }) => ok) ? 'yes' : 'no',
    })),
  };
  const causes: TableData = {
    title: 'Why cost is unallocated',
    columns: [
      { name: 'cause', kind: 'text' },
      { name: 'node', kind: 'text' },
      { name: 'amount', ...money },
      currency,
      { name: 'advice', kind: 'text' },
    ],
    rows: currencies.flatMap(({ currency: code, causes: list }) =>
      list.flatMap(({ cause, nodes, others }) => [
        ...nodes.map(({ node, amount, advice }) => ({ cause, node, amount, currency: code, advice })),
        ...(others.nodes === 0
          ? []
          : [{ cause, node: `${others.nodes} more`, amount: others.amount, currency: code, advice: null }]),
      ]),
    ),
  };
  const quality: TableData = {
    title: 'How cost came to products (by the last edge before them)',
    columns: [
      { name: 'quality', kind: 'text' },
      { name: 'amount', ...money },
      currency,
      { name: 'share', kind: 'share' },
    ],
    rows: currencies.flatMap(({ currency: code, quality: { direct, entering, leaving } }) => [
      { quality: 'direct', amount: direct, currency: code, share: null },
      ...entering.map((one) => ({ ...one, currency: code })),
      ...(leaving === '0'
        ? []
        : [{ quality: 'passed on to others', amount: `-${leaving}`, currency: code, share: null }]),
    ]),
  };
  const months: TableData = {
    title: 'Months',
    columns: [
      { name: 'month', kind: 'text' },
      currency,
      { name: 'charges', ...money },
      { name: 'allocated', ...money },
      { name: 'coverage', kind: 'share' },
    ],
    rows: trend,
  };
  return [figures, causes, quality, months];
}
