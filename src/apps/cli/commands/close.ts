import type { Command } from 'commander';
import type { CheckAnswer, CloseOutcome } from '../../../modules/close/index.ts';
import {
  currencyExponent,
  type ExitCode,
  exitCodes,
  parseDecimal,
  tryParsePeriod,
} from '../../../platform/kernel/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { moneyText, type TableData } from '../output.ts';

interface CloseOptions {
  readonly entity?: readonly string[];
  readonly check?: boolean;
  readonly dryRun?: boolean;
  readonly acceptMissing?: readonly string[];
  readonly invoice?: readonly string[];
  readonly reason?: string;
  readonly graph: string;
  readonly allocate: boolean;
}

/** `finops close M`: the month, from its bills to costs that stay. Exit code 6 where the books do not balance. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('close')
    .description('close a month: bills, allocation, prices, books that balance, costs that stay')
    .helpGroup(groups.costs)
    .argument('<month>', 'billing month, YYYY-MM')
    .option('--check', 'only hold the books against each other: a line per step, each with its difference')
    .option('--entity <id...>', 'these entities; all with bills or consumption in the month without it')
    .option('--dry-run', 'do everything but publish and freeze, and say what would happen')
    .option('--accept-missing <source...>', 'close although this source has no bill, or not a whole one')
    .option('--reason <text>', 'why; kept with the month')
    .option('--invoice <source=total...>', 'total that is printed on the invoice: aws=12,345.67')
    .option('--graph <id>', 'the graph whose runs are meant', 'main')
    .option('--no-allocate', 'keep the run that is published as it is')
    .action((month: string, options: CloseOptions) => act(context, month, options));
  addExamples(command, {
    'finops close --check 2026-10': 'do the books balance, and where not',
    'finops close 2026-10 --dry-run': 'what would happen',
    'finops close 2026-10 --entity retail --invoice aws-main=12,345.67': 'held against the invoice',
    'finops close 2026-10 --accept-missing saas --reason "contract ended"':
      'without a bill that will not come',
  });
}

async function act(context: Context, month: string, options: CloseOptions): Promise<void> {
  if (tryParsePeriod(month) === undefined)
    throw errors.usage({ problem: `'${month}' is no month: write YYYY-MM.` });
  const isCheck = options.check === true;
  if (isCheck && (options.dryRun || options.acceptMissing || options.reason !== undefined))
    throw errors.usage({
      problem: '--check changes nothing: leave --dry-run, --accept-missing and --reason out.',
    });
  await withClient(context, (client) =>
    isCheck ? check(context, client, month, options) : close(context, client, month, options),
  );
}

async function check(
  context: Context,
  client: Client,
  month: string,
  { entity = [], invoice = [], graph }: CloseOptions,
): Promise<void> {
  if (entity.length > 1) throw errors.usage({ problem: '--check looks at one entity, or at all of them.' });
  const path = address(`/close/${month}/check`, { entity: entity[0], graph });
  const invoices = invoice.map((text) => `&invoice=${encodeURIComponent(text)}`).join('');
  const answer = await client.call<CheckAnswer>('GET', `${path}${invoices}`);
  context.print({ json: answer, tables: [linesTable(answer)] });
  explain(context, answer);
  if (!answer.balances) context.exitWith(exitCodes.booksDoNotBalance);
}

async function close(context: Context, client: Client, month: string, options: CloseOptions): Promise<void> {
  const { entity, dryRun = false, acceptMissing = [], invoice = [], reason, graph, allocate } = options;
  const { parseInvoices } = await import('../../../modules/close/index.ts');
  const body = {
    ...{ graph, dryRun, allocate, acceptMissing, invoices: parseInvoices(invoice) },
    ...(entity === undefined ? {} : { entities: entity }),
    ...(reason === undefined ? {} : { reason }),
  };
  const shown = context.progress(`close ${month}`);
  const outcome = await client
    .stream<CloseOutcome>(address(`/close/${month}`), body, ({ step }: { readonly step: string }) =>
      shown.update({ step }),
    )
    .finally(() => shown.stop());
  const tables: [TableData, ...TableData[]] = [entitiesTable(outcome)];
  if (outcome.steps.length > 0) tables.push(stepsTable(outcome));
  if (outcome.check) tables.push(linesTable(outcome.check));
  context.print({ json: outcome, tables });
  if (outcome.check) explain(context, outcome.check);
  if (outcome.refused === null) return;
  const { code, message, exitCode } = outcome.refused;
  if (context.format() !== 'json') context.io.stderr.write(`${code}: ${message}\n`);
  context.exitWith(exitCode as ExitCode);
}

/** What every line that is broken or missing says to do; the table has no room for it. */
function explain(context: Context, { lines }: CheckAnswer): void {
  if (context.format() !== 'table') return;
  for (const { step, state, of, note } of lines)
    if ((state === 'broken' || state === 'missing') && note !== '')
      context.say(`${step} ${of === '' ? '' : `${of} `}${state}: ${note}`);
}

function entitiesTable({ month, dryRun, entities }: CloseOutcome): TableData {
  return {
    title: dryRun ? `${month}, as it would be closed` : month,
    columns: [
      { name: 'entity', kind: 'text' },
      { name: 'outcome', kind: 'text' },
      { name: 'state', kind: 'text' },
      { name: 'freeze', kind: 'number' },
    ],
    rows: entities.map((one) => ({ ...one })),
  };
}

function stepsTable({ steps }: CloseOutcome): TableData {
  return {
    title: 'Steps',
    columns: [
      { name: 'step', kind: 'text' },
      { name: 'said', header: 'what was found and done', kind: 'text' },
    ],
    rows: steps.map((one) => ({ ...one })),
  };
}

/** A line a figure. Amounts are rounded to the minor unit, differences never: a cent of a cent breaks the books. */
function linesTable({ context, balances, lines }: CheckAnswer): TableData {
  return {
    title: `Books of ${context.month}: ${balances ? 'they balance' : 'they do not balance'}`,
    columns: [
      { name: 'step', kind: 'text' },
      { name: 'of', kind: 'text' },
      { name: 'what', kind: 'text' },
      { name: 'state', kind: 'text' },
      { name: 'left', kind: 'number' },
      { name: 'right', kind: 'number' },
      { name: 'difference', kind: 'number' },
      { name: 'currency', header: 'in', kind: 'text' },
      { name: 'link', kind: 'text' },
    ],
    rows: lines.map(({ step, what, state, of, left, right, difference, currency, unit, link }) => ({
      ...{ step, of, what, state },
      left: amountText(left.amount, currency),
      right: amountText(right.amount, currency),
      ...{ difference, currency: currency ?? unit, link },
    })),
  };
}

/** Grouped by `number` columns; here only rounded. */
function amountText(amount: string | null, currency: string | null): string | null {
  if (amount === null || currency === null || currencyExponent(currency) === undefined) return amount;
  return moneyText(parseDecimal(amount), currency).replaceAll(',', '');
}
