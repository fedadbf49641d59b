import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type {
  Reduction,
  UsageFetchRequest,
  UsageImportRequest,
  UsageList,
  UsageMetrics,
  UsageResult,
  UsageRollback,
  UsageSeries,
} from '../../../modules/allocation/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { allPages } from './organization-client.ts';
import { listTable, metricsTable, printResult, seriesTable } from './usage-output.ts';

interface Common {
  readonly graph: string;
}

interface ImportOptions extends Common {
  readonly source: string;
  readonly month?: string;
  readonly wide?: boolean;
  readonly dryRun?: boolean;
  readonly strict?: boolean;
}

interface FetchOptions extends Common {
  readonly endpoint: string;
  readonly source?: string;
  readonly month?: string;
  readonly queries?: string;
  readonly metric?: string;
  readonly query?: string;
  readonly node?: string;
  readonly step: string;
  readonly reduce: Reduction;
  readonly unit?: string;
  readonly label?: readonly string[];
  readonly dryRun?: boolean;
  readonly strict?: boolean;
}

/** Those of the contract, which loads more than is needed to know a command. */
const reductions = Object.keys({ sum: 0, avg: 0, max: 0, last: 0 } satisfies Record<Reduction, number>);

/** `finops usage …`: how much of what the nodes of a graph use, by which cost is shared. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('usage')
    .description('what nodes of a graph use: from files and monitoring systems')
    .helpGroup(groups.costs);
  registerImport(noun, context);
  registerFetch(noun, context);
  registerReads(noun, context);
  registerRollback(noun, context);
  addExamples(noun, {
    'finops usage import requests.csv --source gateway --dry-run': 'what it would change',
    'finops usage import requests.csv --source gateway': 'columns node, day, metric, value; unit, label.env',
    'finops usage metrics --month 2026-10': 'which metrics there are, and their missing days',
    'finops usage series app:checkout --month 2026-10': 'day by day',
  });
}

/** An option of every verb. */
function ofGraph(command: Command): Command {
  return command.option('--graph <id>', 'which graph', 'main');
}

function registerImport(noun: Command, context: Context): void {
  ofGraph(noun.command('import <file>').description('replace the months in a CSV file, all or nothing'))
    .requiredOption('--source <name>', 'who delivers; its months are replaced')
    .option('--month <month>', 'refuse rows of any other month, YYYY-MM')
    .option('--wide', 'every column but node, day and labels is a metric')
    .option('--dry-run', 'do everything but publish')
    .option('--strict', 'refuse nodes that the graph does not know')
    .action((file: string, options: ImportOptions) => importFile(context, file, options));
}

function registerFetch(noun: Command, context: Context): void {
  const fetch = ofGraph(noun.command('fetch').description('fetch a month from a system of usage.prometheus'))
    .requiredOption('--endpoint <name>', 'which system')
    .option('--source <name>', 'who delivers; the name of the system without it')
    .option('--month <month>', 'which month, YYYY-MM; that of yesterday without it')
    .option('--queries <file>', 'JSON list of {metric, query, node, step, reduce, unit, labels}')
    .option('--metric <name>', 'or one query: its metric,')
    .option('--query <promql>', 'its query,')
    .option('--node <template>', "labels of a series as a node's id: app:{app},")
    .option('--step <step>', 'how often it is evaluated,', '1h')
    .addOption(
      new Option('--reduce <how>', 'what becomes of the values of a day,').choices(reductions).default('sum'),
    )
    .option('--unit <unit>', 'their unit,')
    .option('--label <name>', 'a label to keep; again for another', collect)
    .option('--dry-run', 'do everything but publish')
    .option('--strict', 'refuse unknown nodes, and warnings of the system')
    .action((options: FetchOptions) => fetchMonth(context, options));
  addExamples(fetch, {
    "finops usage fetch --endpoint prom --metric requests --node 'app:{app}' --query 'sum by (app) (increase(http_requests_total[1h]))'":
      'requests of each day',
    'finops usage fetch --endpoint prom --queries usage.json --month 2026-10': 'all metrics of a month',
  });
}

function collect(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

function registerReads(noun: Command, context: Context): void {
  ofGraph(noun.command('list').description('months of usage by source'))
    .option('--source <name>', 'of this source')
    .option('--from <month>', 'first month')
    .option('--to <month>', 'last month')
    .action((options: Readonly<Record<string, string>>) => list(context, options));
  ofGraph(noun.command('metrics').description('metrics of a month, with their missing days'))
    .requiredOption('--month <month>', 'which month, YYYY-MM')
    .action((options: Readonly<Record<string, string>>) => metrics(context, options));
  ofGraph(noun.command('series <node>').description('what a node used day by day'))
    .requiredOption('--month <month>', 'which month, YYYY-MM')
    .option('--metric <name>', 'only this metric')
    .action((node: string, options: Readonly<Record<string, string>>) =>
      series(context, { ...options, node }),
    );
}

function registerRollback(noun: Command, context: Context): void {
  ofGraph(noun.command('rollback').description('make an earlier usage of a month current again'))
    .requiredOption('--source <name>', 'who delivered it')
    .requiredOption('--month <month>', 'which month, YYYY-MM')
    .option('--to <snapshot>', 'which; the newest of the history without it, none to withdraw the month')
    .action((options: Readonly<Record<string, string>>) => rollBack(context, options));
}

async function importFile(context: Context, file: string, options: ImportOptions): Promise<void> {
  // A server has a current folder of its own.
  const body: UsageImportRequest = { ...options, path: resolve(context.io.cwd, file) };
  const result = await withClient(context, (client) => watched(context, client, '/usage/imports', body));
  printResult(context, result);
}

async function fetchMonth(context: Context, options: FetchOptions): Promise<void> {
  const { graph, endpoint, source, month, dryRun, strict } = options;
  const given = { graph, endpoint, source, month, dryRun, strict };
  const body = { ...given, queries: await queriesOf(context, options) };
  const result = await withClient(context, (client) => watched(context, client, '/usage/fetches', body));
  printResult(context, result);
}

async function queriesOf(
  { io }: Context,
  { queries, metric, query, node, step, reduce, unit, label }: FetchOptions,
): Promise<UsageFetchRequest['queries']> {
  if (queries !== undefined) {
    if (metric ?? query ?? node)
      throw errors.usage({ problem: 'Give --queries, or --metric, --query and --node, not both.' });
    const text = await readFile(resolve(io.cwd, queries), 'utf8');
    try {
      return JSON.parse(text) as UsageFetchRequest['queries'];
    } catch {
      throw errors.usage({ problem: `${queries} is no JSON: write a list of queries.` });
    }
  }
  if (metric === undefined || query === undefined || node === undefined)
    throw errors.usage({ problem: 'Give --queries FILE, or --metric, --query and --node.' });
  const kept = { ...(unit === undefined ? {} : { unit }), ...(label ? { labels: [...label] } : {}) };
  return [{ metric, query, node, step, reduce, ...kept }];
}

/** Asks for a run, shows on stderr where it stands, and gives its result. */
async function watched(context: Context, client: Client, path: string, body: object): Promise<UsageResult> {
  const shown = context.progress('usage');
  try {
    return await client.stream<UsageResult>(
      address(path),
      body,
      ({ step, done, total }: { readonly step: string; readonly done: number; readonly total: number }) =>
        shown.update({ step: total > 0 ? `${step} ${done}/${total} days` : step }),
    );
  } finally {
    shown.stop();
  }
}

async function list(context: Context, options: Readonly<Record<string, string>>): Promise<void> {
  const items = await withClient(context, (client) =>
    allPages<UsageList['items'][number]>(client, '/usage', options),
  );
  context.print({ json: { items }, tables: [listTable(items)] });
}

async function metrics(context: Context, options: Readonly<Record<string, string>>): Promise<void> {
  const items = await withClient(context, (client) =>
    allPages<UsageMetrics['items'][number]>(client, '/usage/metrics', options),
  );
  context.print({ json: { items }, tables: [metricsTable(items)] });
}

async function series(context: Context, options: Readonly<Record<string, string>>): Promise<void> {
  const path = address('/usage/timeseries', options);
  const answer = await withClient(context, (client) => client.call<UsageSeries>('GET', path));
  context.print({ json: answer, tables: [seriesTable(answer)] });
}

async function rollBack(context: Context, options: Readonly<Record<string, string>>): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<UsageRollback>('POST', address('/usage/rollbacks'), options),
  );
  const { source, month, snapshot } = answer;
  const columns = ['source', 'month', 'snapshot'].map((name) => ({ name, kind: 'text' as const }));
  context.print({ json: answer, tables: [{ columns, rows: [{ source, month, snapshot }] }] });
  if (snapshot === null) context.say(`${month} of ${source} is withdrawn; a rollback brings it back.`);
}
