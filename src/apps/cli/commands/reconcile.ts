import type { Command } from 'commander';
import type { Reconciliation } from '../../../modules/ingestion/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { TableData } from '../output.ts';
import { monthAddress } from './snapshots.ts';

interface ReconcileOptions {
  readonly source: string;
  readonly month: string;
  readonly invoiceTotal: string;
  readonly invoice?: string;
  readonly currency?: string;
}

/** `finops reconcile`: a month against the provider's invoice. Exit code 6 when it does not tie. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('reconcile')
    .description("set a month against the total printed on the provider's invoice")
    .helpGroup(groups.bills)
    .requiredOption('--source <name>', 'the source')
    .requiredOption('--month <month>', 'the billing month, YYYY-MM')
    .requiredOption('--invoice-total <amount>', 'as printed: 12,345.67')
    .option('--invoice <id>', 'one invoice of the month, by InvoiceId')
    .option('--currency <code>', 'where the month has several')
    .action((options: ReconcileOptions) => reconcile(context, options));
  addExamples(command, {
    'finops reconcile --source aws --month 2026-10 --invoice-total 12,345.67': 'ties, or what is missing',
  });
}

async function reconcile(context: Context, options: ReconcileOptions): Promise<void> {
  const { invoiceTotal, invoice, currency } = options;
  const body = {
    invoiceTotal,
    ...(invoice === undefined ? {} : { invoiceId: invoice }),
    ...(currency === undefined ? {} : { currency }),
  };
  const answer = await withClient(context, (client) =>
    client.call<Reconciliation>('POST', address(`${monthAddress(options)}/reconcile`), body),
  );
  context.print({ json: { ...answer }, tables: tablesOf(answer) });
  if (!answer.ties) context.exitWith(exitCodes.booksDoNotBalance);
}

function tablesOf(answer: Reconciliation): [TableData, ...TableData[]] {
  const { source, period, currency, invoiceId, ties, parts, candidates } = answer;
  const what = `${source} ${period}${invoiceId === null ? '' : `, invoice ${invoiceId}`}`;
  const amount = { name: 'amount', kind: 'money', currency } as const;
  const line = { name: 'line', kind: 'text' } as const;
  const first: TableData = {
    title: `${what}: ${ties ? 'ties' : `does not tie, by ${answer.difference} ${currency}`}`,
    columns: [line, amount],
    rows: [
      ...parts.map(({ part, billedCost }) => ({ line: part, amount: billedCost })),
      { line: 'billed', amount: answer.billedCost },
      { line: 'invoice', amount: answer.invoiceTotal },
      { line: 'difference', amount: answer.difference },
    ],
  };
  const explained = candidates.map(({ steps, invoiceId: of, rounding }, index): TableData => {
    const scope = of === null ? '' : `invoice ${of} alone, `;
    return {
      title: `What would give the total (${index + 1}): ${scope}rounded per ${rounding}`,
      columns: [{ ...line, name: 'step' }, amount],
      rows: steps,
    };
  });
  const invoices: TableData = {
    title: 'Invoices of the month',
    columns: [
      { name: 'invoiceId', header: 'invoice', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'billedCost', header: 'billed', kind: 'money', currency },
    ],
    rows: answer.invoices.map((invoice) => ({ ...invoice })),
  };
  return [first, ...(ties ? [] : explained), ...(answer.invoices.length > 1 ? [invoices] : [])];
}
