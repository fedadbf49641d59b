import type { Command } from 'commander';
import type { CostQueryAnswer } from '../../../modules/reporting/index.ts';
import type { CostQueryInput } from '../../../platform/warehouse/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { type Column, type TableData, totalRows } from '../output.ts';

interface CostOptions {
  readonly by?: readonly string[];
  readonly metric?: readonly string[];
  readonly where?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly source?: readonly string[];
  readonly grain?: string;
  readonly top?: string;
  readonly limit?: string;
  readonly order?: readonly string[];
  readonly cursor?: string;
}

const grains = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;

/** `finops cost`: any question to the costs. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('cost')
    .description('ask for costs by anything a bill knows')
    .helpGroup(groups.costs)
    .option('--by <dimensions>', 'columns, Tags.key, day, month, billing:month …; commas between', collect)
    .option('--metric <measures>', 'EffectiveCost (default), BilledCost, rows, coverage(Tags.app) …', collect)
    .option('--where <filter>', "such as ServiceName = 'Amazon EC2' and Tags.app is null; repeatable", append)
    .option('--from <month>', 'first billing month, YYYY-MM')
    .option('--to <month>', 'last billing month, YYYY-MM')
    .option('--source <names>', 'only these sources; commas between', collect)
    .option('--grain <period>', `also by ${grains.join(', ')} of the charge`)
    .option('--top <n>', 'the N largest of the first dimension, the rest as other')
    .option('--limit <n>', 'rows of the answer (default: 10000)')
    .option('--order <names>', 'columns of the answer, largest first with :desc; commas between', collect)
    .option('--cursor <cursor>', 'the next page: what the answer before gave as next')
    .action((options: CostOptions) => askCosts(context, options));
  addExamples(command, {
    'finops cost --by ServiceName --metric BilledCost --top 10': 'what costs most',
    'finops cost --by Tags.team --grain month --from 2026-01': 'each team, month by month',
    "finops cost --metric 'coverage(Tags.app)' --by SubAccountName": 'how much is tagged',
    'finops cost --where "ServiceName contains \'sql\'" --by ResourceId': 'what databases cost',
  });
}

async function askCosts(context: Context, options: CostOptions): Promise<void> {
  const query = await queryOf(options);
  const answer = await withClient(context, (client) =>
    client.call<CostQueryAnswer>('POST', address('/cost-queries'), query),
  );
  context.print({ json: answer, tables: [await tableOf(query, answer)] });
  sayIfNothing(context, answer.context.files);
  if (answer.next !== undefined) {
    context.say(`There are more rows: --limit for more at once, or --cursor ${answer.next}`);
  }
}

async function queryOf(options: CostOptions): Promise<CostQueryInput> {
  const { parseDimension, parseFilter, parseMeasure } = await import('../../../platform/warehouse/index.ts');
  const { by = [], metric = ['EffectiveCost'], where = [], grain, top, limit, order, source } = options;
  const cost = metric.find((name) => /^\w+Cost$/.test(name)) ?? 'EffectiveCost';
  const filters = where.map(parseFilter);
  const [first] = filters;
  return {
    measures: metric.map((text) => parseMeasure(text, cost)),
    dimensions: [
      // Said twice is meant once.
      ...(grain === undefined || by.includes(grain) ? [] : [grainOf(grain)]),
      ...by.map(parseDimension),
    ],
    ...(first === undefined ? {} : { where: filters.length === 1 ? first : { and: filters } }),
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.to === undefined ? {} : { to: options.to }),
    ...(source === undefined ? {} : { sources: [...source] }),
    ...(top === undefined ? {} : { top: wholeNumber('--top', top) }),
    ...(limit === undefined ? {} : { limit: wholeNumber('--limit', limit) }),
    ...(order === undefined ? {} : { orderBy: order.map(orderOf) }),
    ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
  };
}

function grainOf(text: string): { readonly grain: (typeof grains)[number]; readonly of: 'charge' } {
  const grain = grains.find((name) => name === text);
  if (!grain) throw errors.usage({ problem: `--grain '${text}' is unknown; use ${grains.join(', ')}.` });
  return { grain, of: 'charge' };
}

function orderOf(text: string): { readonly name: string; readonly desc: boolean } {
  const [, name = text, direction] = /^(.*):(asc|desc)$/.exec(text) ?? [];
  return { name, desc: direction === 'desc' };
}

/** A mistyped source or month gives a zero that looks like an answer. */
export function sayIfNothing(context: Context, files: number): void {
  if (files > 0) return;
  context.say("Nothing is imported for these sources and months; 'finops periods list' shows what is.");
}

/** A positive whole number given to an option. */
export function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw errors.usage({ problem: `${option} takes a whole number, not '${text}'.` });
  return Number(text);
}

/** Splits at commas that stand in no quotes or brackets: `Tags["a,b"],coverage(Tags.app, BilledCost)` has two parts. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  const parts = text.match(/(?:"[^"]*"|'[^']*'|\([^)]*\)|\[[^\]]*\]|[^,"'([])+/g) ?? [];
  return [...before, ...parts.map((part) => part.trim()).filter((part) => part !== '')];
}

function append(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function tableOf(query: CostQueryInput, answer: CostQueryAnswer): Promise<TableData> {
  const { costDataset } = await import('../../../modules/focus/index.ts');
  const { context, rows, totals, totalsByCurrency } = answer;
  const currencyColumn = costDataset.roles.currency;
  const currency = context.dimensions.includes(currencyColumn)
    ? { currencyColumn }
    : { currency: context.currencies[0] ?? '' };
  const measures = context.measures.map((name, index): Column => {
    const measure = query.measures[index];
    const isMoney = measure && 'sum' in measure && costDataset.roles.costs.includes(measure.sum);
    return isMoney ? { name, kind: 'money', ...currency } : { name, kind: 'number' };
  });
  const columns = [...context.dimensions.map((name): Column => ({ name, kind: 'text' })), ...measures];
  return { columns, rows, totals: totalRows(totals, totalsByCurrency, columns) };
}
