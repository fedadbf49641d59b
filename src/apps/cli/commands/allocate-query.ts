import type { Command } from 'commander';
import type { AllocationQueryAnswer } from '../../../modules/allocation/index.ts';
import type { CostQueryInput } from '../../../platform/warehouse/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples } from '../help.ts';
import { type Column, type TableData, totalRows } from '../output.ts';
import { collect, wholeNumber } from './cost.ts';

interface QueryOptions {
  readonly dataset: string;
  readonly graph: string;
  readonly run?: string;
  readonly sum?: readonly string[];
  readonly by?: readonly string[];
  readonly where?: readonly string[];
  readonly month?: string;
  readonly from?: string;
  readonly to?: string;
  readonly top?: string;
  readonly limit?: string;
  readonly order?: readonly string[];
  readonly cursor?: string;
}

const defaults: Readonly<Record<string, string>> = {
  allocation: 'Retained',
  flow: 'Amount',
  attribution: 'Cost',
};

/** Adds `finops allocate query` to the noun. */
export function addQuery(noun: Command, context: Context): void {
  const command = noun
    .command('query')
    .description('ask the published results: nodes, edges, what rules sent to nodes')
    .option('--dataset <name>', `${Object.keys(defaults).join(', ')}`, 'allocation')
    .option('--graph <id>', 'which graph', 'main')
    .option('--run <id>', 'one run, published or not, instead of what is published')
    .option('--sum <measures>', 'Retained (default), Direct, Inflow, Outflow, Holistic, rows …', collect)
    .option('--by <dimensions>', 'NodeId, NodeType, Dimension, EdgeId, RuleId, day, month …', collect)
    .option('--where <filter>', "such as NodeType = 'product' and Dimension != 'Tax'; repeatable", append)
    .option('--month <month>', 'billing month, YYYY-MM')
    .option('--from <month>', 'first billing month')
    .option('--to <month>', 'last billing month')
    .option('--top <n>', 'the N largest of the first dimension, the rest as other')
    .option('--limit <n>', 'rows of the answer (default: 10000)')
    .option('--order <names>', 'columns of the answer, largest first with :desc; commas between', collect)
    .option('--cursor <cursor>', 'the next page: what the answer before gave as next')
    .action((options: QueryOptions) => ask(context, options));
  addExamples(command, {
    'finops allocate query --by NodeId --month 2026-10 --top 10': 'what stays where',
    'finops allocate query --sum Direct,Inflow,Retained --by NodeType': 'by type of node, all months',
    'finops allocate query --dataset flow --by Quality --where "ToType = \'product\'"':
      'how cost came to products',
    'finops allocate query --dataset attribution --by RuleId,BillSource': 'what each rule took',
  });
}

function append(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function ask(context: Context, options: QueryOptions): Promise<void> {
  const { dataset, graph, run } = options;
  if (!(dataset in defaults))
    throw errors.usage({
      problem: `--dataset '${dataset}' is unknown; use ${Object.keys(defaults).join(', ')}.`,
    });
  const body = { dataset, graph, ...(run === undefined ? {} : { run }), query: await queryOf(options) };
  const answer = await withClient(context, (client) =>
    client.call<AllocationQueryAnswer>('POST', address('/allocation/queries'), body),
  );
  context.print({ json: answer, tables: [tableOf(answer)] });
  if (answer.context.files === 0)
    context.say(
      `Nothing of the graph '${graph}' is published for these months; 'finops allocate runs --graph ${graph}' lists runs.`,
    );
  if (answer.next !== undefined)
    context.say(`There are more rows: --limit for more at once, or --cursor ${answer.next}`);
}

async function queryOf(options: QueryOptions): Promise<Omit<CostQueryInput, 'sources'>> {
  const { parseDimension, parseFilter, parseMeasure } = await import('../../../platform/warehouse/index.ts');
  const { dataset, by = [], where = [], month, top, limit, order, cursor } = options;
  if (month !== undefined && (options.from !== undefined || options.to !== undefined))
    throw errors.usage({ problem: 'Give --month, or --from and --to, not both.' });
  const { from = month, to = month } = options;
  const money = defaults[dataset] ?? 'Retained';
  const filters = where.map(parseFilter);
  const [first] = filters;
  return {
    measures: (options.sum ?? [money]).map((text) => parseMeasure(text, money)),
    dimensions: by.map(parseDimension),
    ...(first === undefined ? {} : { where: filters.length === 1 ? first : { and: filters } }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(top === undefined ? {} : { top: wholeNumber('--top', top) }),
    ...(limit === undefined ? {} : { limit: wholeNumber('--limit', limit) }),
    ...(order === undefined ? {} : { orderBy: order.map(orderOf) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function orderOf(text: string): { readonly name: string; readonly desc: boolean } {
  const [, name = text, direction] = /^(.*):(asc|desc)$/.exec(text) ?? [];
  return { name, desc: direction === 'desc' };
}

function tableOf({ context, rows, totals, totalsByCurrency }: AllocationQueryAnswer): TableData {
  const currencyColumn = 'BillingCurrency';
  const currency = context.dimensions.includes(currencyColumn)
    ? { currencyColumn }
    : { currency: context.currencies[0] ?? '' };
  const measures = context.measures.map(
    (name): Column =>
      context.money.includes(name) ? { name, kind: 'money', ...currency } : { name, kind: 'number' },
  );
  const columns = [...context.dimensions.map((name): Column => ({ name, kind: 'text' })), ...measures];
  return { columns, rows, totals: totalRows(totals, totalsByCurrency, columns) };
}
