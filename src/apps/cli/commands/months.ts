import type { Command } from 'commander';
import type { PeriodList, SourceList } from '../../../modules/ingestion/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { TableData } from '../output.ts';
import { registerAssignments } from './source-assignments.ts';

const money = { kind: 'money', currencyColumn: 'currency' } as const;

/** `finops sources` and `finops periods list`: what has been delivered. */
export function register(program: Command, context: Context): void {
  const sources = program
    .command('sources')
    .description('what has delivered bills so far')
    .helpGroup(groups.bills)
    .action(() => listSources(context));
  addExamples(sources, { 'finops sources --json': 'for scripts' });
  registerAssignments(sources, context);
  const periods = program.command('periods').description('billing months').helpGroup(groups.bills);
  const list = periods
    .command('list')
    .description('months as they stand')
    .option('--source <name>', 'only this source')
    .option('--from <month>', 'first billing month, YYYY-MM')
    .option('--to <month>', 'last billing month, YYYY-MM')
    .action((options: { readonly source?: string; readonly from?: string; readonly to?: string }) =>
      listPeriods(context, options),
    );
  addExamples(list, { 'finops periods list --from 2026-01': 'rows and costs of every month of the year' });
}

async function listSources(context: Context): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<SourceList>('GET', address('/sources', { limit: 10_000 })),
  );
  const rows = answer.items.flatMap((item) => {
    const { latest, formats, ...source } = item;
    const shown = { ...source, datasets: item.datasets.join(' '), formats: formats.join(' ') };
    return latest.length === 0
      ? [shown]
      : latest.map(({ currency, BilledCost, EffectiveCost }) => ({
          ...shown,
          currency,
          BilledCost,
          EffectiveCost,
        }));
  });
  const table: TableData = {
    columns: [
      { name: 'source', kind: 'text' },
      { name: 'formats', kind: 'text' },
      { name: 'firstMonth', header: 'from', kind: 'text' },
      { name: 'lastMonth', header: 'to', kind: 'text' },
      { name: 'months', kind: 'number' },
      { name: 'rows', kind: 'number' },
      { name: 'BilledCost', header: 'billed, last month', ...money },
      { name: 'EffectiveCost', header: 'effective, last month', ...money },
      { name: 'currency', kind: 'text' },
    ],
    rows,
  };
  context.print({ json: answer, tables: [table] });
}

async function listPeriods(
  context: Context,
  asked: { readonly source?: string; readonly from?: string; readonly to?: string },
): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<PeriodList>('GET', address('/periods', { ...asked, limit: 10_000 })),
  );
  const rows = answer.items.flatMap(({ totals, pinned, rows, ...month }) => {
    const shown = { ...month, delivery: null, pinned: pinned.join(', ') || null };
    return totals.length === 0
      ? [{ ...shown, rows }]
      : totals.map(({ currency, rows, BilledCost, EffectiveCost }) => ({
          ...shown,
          currency,
          rows,
          BilledCost,
          EffectiveCost,
        }));
  });
  const [sum, ...others] = answer.totals;
  const table: TableData = {
    columns: [
      { name: 'source', kind: 'text' },
      { name: 'period', header: 'month', kind: 'text' },
      { name: 'dataset', kind: 'text' },
      { name: 'status', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'BilledCost', header: 'billed', ...money },
      { name: 'EffectiveCost', header: 'effective', ...money },
      { name: 'currency', kind: 'text' },
      { name: 'oldSnapshots', header: 'older', kind: 'number' },
      { name: 'pinned', kind: 'text' },
    ],
    rows,
    // Several currencies have no sum.
    ...(sum && others.length === 0 ? { totals: sum } : {}),
  };
  context.print({ json: answer, tables: [table] });
}
