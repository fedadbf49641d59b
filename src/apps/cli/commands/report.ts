import type { Command } from 'commander';
import type { ReportList, ReportResult } from '../../../modules/reporting/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { type Column, totalRows } from '../output.ts';
import { collect, sayIfNothing, wholeNumber } from './cost.ts';

interface RunOptions {
  readonly param?: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly to?: string;
  readonly source?: readonly string[];
  readonly limit?: string;
}

/** `finops report list` and `finops report run NAME`: the library of reports. */
export function register(program: Command, context: Context): void {
  const noun = program.command('report').description('reports with a question each').helpGroup(groups.costs);
  noun
    .command('list')
    .description('every report, its question and its parameters')
    .action(() => list(context));
  const run = noun
    .command('run')
    .description('run a report')
    .argument('<name>', 'name or catalogue number of the report')
    .option('--param <name=value>', 'a parameter of the report; repeatable', parameter)
    .option('--from <month>', 'first billing month, YYYY-MM')
    .option('--to <month>', 'last billing month, YYYY-MM')
    .option('--source <names>', 'only these sources; commas between', collect)
    .option('--limit <n>', 'rows shown (default: 10000)')
    .action((name: string, options: RunOptions) => runOne(context, name, options));
  addExamples(run, {
    'finops report run billed-to-effective-bridge --from 2026-10 --to 2026-10': 'why the two costs differ',
    'finops report run application-costs-by-currency --param tag=app': 'what each application was billed',
  });
}

function parameter(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw errors.usage({ problem: `--param takes name=value, not '${text}'.` });
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

async function list(context: Context): Promise<void> {
  const answer = await withClient(context, (client) => client.call<ReportList>('GET', address('/reports')));
  context.print({
    json: answer,
    tables: [
      {
        columns: [
          { name: 'number', header: '#', kind: 'number' },
          { name: 'name', kind: 'text' },
          { name: 'question', kind: 'text' },
          { name: 'parameters', kind: 'text' },
        ],
        rows: answer.items.map(({ number, name, question, parameters }) => ({
          number,
          name,
          question,
          parameters: parameters.map(({ name, required }) => (required ? name : `[${name}]`)).join(' '),
        })),
      },
    ],
  });
}

async function runOne(context: Context, name: string, options: RunOptions): Promise<void> {
  const { param = {}, limit, from, to, source } = options;
  const body = {
    parameters: param,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(source === undefined ? {} : { sources: source }),
    ...(limit === undefined ? {} : { limit: wholeNumber('--limit', limit) }),
  };
  const path = address(`/reports/${encodeURIComponent(name)}/runs`);
  const answer = await withClient(context, (client) => client.call<ReportResult>('POST', path, body));
  context.print({ json: answer, tables: [tableOf(answer)] });
  sayIfNothing(context, answer.context.files);
  for (const note of answer.notes) context.say(`note: ${note}`);
  if (answer.more) context.say('There are more rows; --limit shows more.');
}

function tableOf({ report, columns, rows, totals, totalsByCurrency, context }: ReportResult) {
  const [only, ...others] = context.currencies;
  const currency =
    only !== undefined && others.length === 0 ? { currency: only } : { currencyColumn: 'BillingCurrency' };
  const shown = columns.map(({ name, kind }): Column => {
    if (kind === 'money') return { name, kind, ...currency };
    return { name, kind: kind === 'text' || kind === 'time' ? 'text' : 'number' };
  });
  return {
    title: report.question,
    columns: shown,
    rows,
    totals: totalRows(totals, totalsByCurrency, shown),
  };
}
