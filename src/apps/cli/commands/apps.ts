import { type Command, Option } from 'commander';
import type {
  BridgeAnswer,
  ComparisonAnswer,
  ComparisonItem,
  CostAnswer,
  CostItem,
  ExplainAnswer,
} from '../../../modules/showback/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { Column, TableData } from '../output.ts';
import { isNobody, nameOf, nobodysRows } from './apps-nobody.ts';
import { addStatement } from './apps-statement.ts';

interface CostOptions {
  readonly month?: string;
  readonly from?: string;
  readonly to?: string;
  readonly view?: string;
  readonly mode: string;
  readonly pricesOf?: string;
  readonly by?: string;
  readonly team?: string;
  readonly app?: readonly string[];
  readonly where?: readonly string[];
  readonly currency?: string;
  readonly top?: string;
}

/** `finops apps …`: what applications cost under any price view, why, and against what. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('apps')
    .description('costs of applications under price views')
    .helpGroup(groups.costs);
  addCost(noun, context);
  addCompare(noun, context);
  addBridge(noun, context);
  addExplain(noun, context);
  addStatement(noun, context);
}

function asking(command: Command): Command {
  return command
    .option('--month <month>', 'one month, YYYY-MM')
    .option('--from <month>', 'first month, YYYY-MM')
    .option('--to <month>', 'last month, YYYY-MM')
    .option('--view <view>', 'price view, view@version, or actual; what the calendar says without it')
    .addOption(
      new Option(
        '--mode <mode>',
        'closed months as closed, or priced anew, or all at the prices of one month',
      )
        .choices(['booked', 'priced', 'constant'])
        .default('booked'),
    )
    .option('--prices-of <month>', 'with --mode constant: the month whose prices are taken')
    .option('--team <id>', 'applications of a team and the teams below it')
    .option('--app <id...>', 'these applications')
    .option('--where <name=value...>', 'narrow: environment=prod, domain=data, attribute:cluster=blue')
    .option('--currency <code>', 'convert by the rates of the months')
    .option('--top <count>', 'the highest, and the rest as one line');
}

function addCost(noun: Command, context: Context): void {
  const cost = asking(noun.command('cost').description('costs by application, or by any dimensions'))
    .option(
      '--by <dimensions>',
      'month, entity, application, team, costCentre, domain, family, product, environment, kind, attribute:NAME',
    )
    .action((options: CostOptions) => showCosts(context, options));
  addExamples(cost, {
    'finops apps cost --month 2026-10': 'every application under the view that holds',
    'finops apps cost --month 2026-10 --view actual --json': 'what was allocated, to the last digit',
    'finops apps cost --from 2026-05 --to 2026-10 --by month,domain --view budget-2026': 'a trend by domain',
    'finops apps cost --month 2026-10 --by product --app checkout':
      'quantity × unit price of one application',
  });
}

function addCompare(noun: Command, context: Context): void {
  const compare = asking(
    noun.command('compare').description('two views or two months, and what their difference is made of'),
  )
    .option('--by <dimensions>', 'as for cost', 'application')
    .option('--views <views...>', 'two price views: A B')
    .option('--months <months...>', 'two months: 2026-09 2026-10')
    .addOption(
      new Option(
        '--weights <how>',
        'weights that follow from prices: as stored, or made anew under each view',
      )
        .choices(['stored', 'derived'])
        .default('stored'),
    )
    .action((options: CompareOptions) => showComparison(context, options));
  addExamples(compare, {
    'finops apps compare --months 2026-09 2026-10 --top 20': 'volume, mix, price, weight and joint effects',
    'finops apps compare --views budget-2026 standard --month 2026-10 --by domain':
      'price and weight effects',
  });
}

function addBridge(noun: Command, context: Context): void {
  const bridge = noun
    .command('bridge')
    .description('what each product was charged, what it cost as allocated, and the difference')
    .requiredOption('--month <month>', 'YYYY-MM')
    .requiredOption('--currency <code>', 'of the answer; other currencies convert by the month’s rates')
    .option('--view <view>', 'price view; what the calendar says without it')
    .option('--actual <view>', 'view of allocated costs', 'actual')
    .action((options: BridgeOptions) => showBridge(context, options));
  addExamples(bridge, {
    'finops apps bridge --month 2026-10 --currency EUR': 'over- and under-recovery by product',
  });
}

function addExplain(noun: Command, context: Context): void {
  const explain = noun
    .command('explain')
    .description('where a cost comes from: price line, rate, weights, facts with file and row')
    .argument('<application>', 'id of the application')
    .requiredOption('--month <month>', 'YYYY-MM')
    .requiredOption('--product <id>', 'which product')
    .option('--environment <name>', 'prod, non_prod, unknown or n_a')
    .option('--view <view>', 'price view; what the calendar says without it')
    .action((application: string, options: ExplainOptions) => showExplanation(context, application, options));
  addExamples(explain, {
    'finops apps explain checkout --month 2026-10 --product vcpu': 'down to the row of the file',
  });
}

interface CompareOptions extends CostOptions {
  readonly views?: readonly string[];
  readonly months?: readonly string[];
  readonly weights: string;
}

interface BridgeOptions {
  readonly month: string;
  readonly currency: string;
  readonly view?: string;
  readonly actual: string;
}

interface ExplainOptions {
  readonly month: string;
  readonly product: string;
  readonly environment?: string;
  readonly view?: string;
}

function questionOf(options: CostOptions): Record<string, unknown> {
  const { month, from, to, view, mode, pricesOf, team, app, where, currency, top } = options;
  const dimensions = (options.by ?? 'application').split(',').filter((name) => name !== '');
  const question: Record<string, unknown> = {
    months: from !== undefined || to !== undefined ? { from: from ?? to, to: to ?? from } : [month],
    groupBy: dimensions,
    filters: filtersOf(where ?? []),
    mode,
  };
  const more = {
    view,
    pricesOf,
    team,
    currency,
    applicationIds: app,
    top: top === undefined ? undefined : Number(top),
  };
  for (const [name, value] of Object.entries(more)) if (value !== undefined) question[name] = value;
  return question;
}

function filtersOf(where: readonly string[]): Record<string, unknown> {
  const filters: Record<string, string[]> = {};
  const attributes: Record<string, string[]> = {};
  for (const one of where) {
    const [name = '', ...rest] = one.split('=');
    const target = name.startsWith('attribute:') ? attributes : filters;
    const key = name.replace(/^attribute:/, '');
    target[key] = [...(target[key] ?? []), ...rest.join('=').split(',')];
  }
  return { ...filters, ...(Object.keys(attributes).length === 0 ? {} : { attributes }) };
}

async function showCosts(context: Context, options: CostOptions): Promise<void> {
  const question = questionOf(options);
  const answer = await withClient(context, (client) =>
    client.call<CostAnswer>('POST', address('/application-costs/query'), question),
  );
  const isByApplication = options.by === undefined;
  const { view } = answer.context;
  if (!isByApplication) {
    context.print({ json: { view, ...answer }, tables: [costTable(answer.items, answer)] });
    return;
  }
  const applications = answer.items.filter(({ key }) => !isNobody(key['application'] ?? null));
  const rest = nobodysRows(answer.items);
  context.print({
    json: {
      view,
      items: applications.map(applicationItem),
      residual: rest,
      totals: answer.totals,
      context: answer.context,
    },
    tables: [costTable(answer.items, answer)],
  });
}

/** An item of `apps cost` as other programs read it. */
function applicationItem({ key, currency, cost, quantityCoverage, direct, indirect, unpriced }: CostItem) {
  return {
    application: nameOf(key['application'] ?? null),
    currency,
    cost,
    quantityCoverage,
    direct,
    indirect,
    unpriced,
  };
}

function costTable(items: readonly CostItem[], { context, totals }: CostAnswer): TableData {
  const { groupBy } = context;
  const hasQuantity = groupBy.includes('product');
  const money: Column[] = ['direct', 'indirect', 'cost'].map((name) => ({
    name,
    header: name,
    kind: 'money',
  }));
  const rows = items.map(({ key, labels: _, ...figures }) => ({
    ...figures,
    ...Object.fromEntries(
      groupBy.map((name) => [name, name === 'application' ? nameOf(key[name] ?? null) : key[name]]),
    ),
  }));
  const others = totals
    .filter(({ other }) => other !== '0')
    .map(({ currency, other }) => ({ [groupBy[0] ?? 'application']: 'others', currency, cost: other }));
  return {
    columns: [
      ...groupBy.map((name): Column => ({ name, header: name.replace(/^attribute:/, ''), kind: 'text' })),
      ...(hasQuantity
        ? [
            { name: 'quantity', header: 'quantity', kind: 'number' } as const,
            { name: 'unit', header: 'unit', kind: 'text' } as const,
          ]
        : []),
      ...money,
      { name: 'currency', header: 'currency', kind: 'text' },
      { name: 'quantityCoverage', header: 'priced', kind: 'share' },
    ],
    rows: [...rows, ...others],
    totals: totals.map((total) => ({ ...total, [groupBy[0] ?? 'application']: 'total' })),
  };
}

async function showComparison(context: Context, options: CompareOptions): Promise<void> {
  const { views, months, weights } = options;
  const question = {
    ...questionOf({ ...options, ...(months ? { month: months[0] ?? '' } : {}) }),
    weights,
    compare: months ? { months } : { views: views ?? [] },
  };
  const answer = await withClient(context, (client) =>
    client.call<ComparisonAnswer>('POST', address('/application-costs/query'), question),
  );
  const { groupBy } = answer.context;
  const effects = months
    ? (['volume', 'mix', 'weight', 'price', 'joint'] as const)
    : (['price', 'weight'] as const);
  const flat = ({
    parts,
    currency,
    a,
    b,
    delta,
    deltaRatio,
  }: ComparisonAnswer['totals'][number] | ComparisonItem) => ({
    ...{ currency, a, b, delta, deltaRatio },
    ...(parts ?? {}),
  });
  const rows = answer.items.map((item) => ({
    ...flat(item),
    ...Object.fromEntries(
      groupBy.map((name) => [name, name === 'application' ? nameOf(item.key[name] ?? null) : item.key[name]]),
    ),
  }));
  context.print({
    json: answer,
    tables: [
      {
        columns: [
          ...groupBy.map((name): Column => ({ name, header: name, kind: 'text' })),
          ...['a', 'b', 'delta', ...effects].map(
            (name): Column => ({ name, header: name, kind: 'money', currencyColumn: 'currency' }),
          ),
          { name: 'deltaRatio', header: 'Δ', kind: 'share' },
          { name: 'currency', header: 'currency', kind: 'text' },
        ],
        rows,
        totals: answer.totals.map((total) => ({ ...flat(total), [groupBy[0] ?? 'application']: 'total' })),
      },
    ],
  });
}

async function showBridge(context: Context, { month, ...options }: BridgeOptions): Promise<void> {
  const question = { months: [month], ...options };
  const answer = await withClient(context, (client) =>
    client.call<BridgeAnswer>('POST', address('/application-costs/bridge'), question),
  );
  const { totals } = answer;
  context.print({
    json: answer,
    tables: [
      {
        columns: [
          { name: 'product', header: 'product', kind: 'text' },
          { name: 'quantity', header: 'quantity', kind: 'number' },
          { name: 'unit', header: 'unit', kind: 'text' },
          { name: 'charged', header: 'charged', kind: 'money' },
          { name: 'actual', header: 'allocated', kind: 'money' },
          { name: 'recovery', header: 'over (under −)', kind: 'money' },
        ],
        rows: answer.items,
        totals: [
          { product: `total ${answer.context.currency}`, ...totals },
          { product: 'of it unallocated', actual: totals.unallocated, charged: totals.chargedToNobody },
        ],
      },
    ],
  });
}

async function showExplanation(
  context: Context,
  application: string,
  options: ExplainOptions,
): Promise<void> {
  const path = address('/application-costs/explain', { application, ...options });
  const answer = await withClient(context, (client) => client.call<ExplainAnswer>('GET', path));
  const text = (names: readonly string[]): Column[] =>
    names.map((name) => ({ name, header: name, kind: 'text' }));
  context.print({
    json: answer,
    tables: [
      {
        columns: [
          ...text(['environment', 'region', 'sentence']),
          { name: 'cost', header: 'cost', kind: 'money' },
          ...text(['currency']),
        ],
        rows: answer.items.map(({ line: _, ...item }) => item),
      },
      ...(answer.facts.length === 0
        ? []
        : [
            {
              columns: [
                ...text(['environment', 'resource']),
                { name: 'quantity', header: 'quantity', kind: 'number' } as const,
                ...text(['source', 'origin', 'row', 'explanation']),
              ],
              rows: answer.facts,
            },
          ]),
      ...(answer.nodes.length === 0 ? [] : [{ columns: text(['graph', 'node', 'run']), rows: answer.nodes }]),
    ],
  });
}
