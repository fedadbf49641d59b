import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type {
  EdgeChange,
  GraphFile,
  GrowthAnswer,
  MetricChange,
  WhatIfAnswer,
  WhatIfInput,
} from '../../../modules/allocation/index.ts';
import { exitCodes, parseDecimal } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples } from '../help.ts';
import { type Column, shareText, type TableData } from '../output.ts';
import { findingTable } from './graph-output.ts';

interface WhatIfOptions {
  readonly graph: string;
  readonly month: string;
  readonly draft?: boolean;
  readonly edge: readonly string[];
  readonly scale: readonly string[];
  readonly set: readonly string[];
  readonly usage: 'run' | 'current';
  readonly currency?: string;
  readonly nodes?: boolean;
  readonly limit: string;
}

interface GrowthOptions {
  readonly graph: string;
  readonly month: string;
  readonly metric: string;
  readonly node?: string;
  readonly percent: string;
}

const collect = (text: string, before: readonly string[]) => [...before, text];

/** Adds `finops allocate what-if` and `finops allocate growth` to the noun. */
export function addWhatIf(noun: Command, context: Context): void {
  const command = noun
    .command('what-if')
    .description('what products of a month would cost with another graph or other usage; nothing is kept')
    .argument('[file]', 'the whole graph as it would be, YAML or JSON')
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .option('--graph <id>', 'which graph', 'main')
    .option('--draft', 'take its open draft')
    .option('--edge <change>', "other parameters of an edge: 'a->b:percent=30'; repeatable", collect, [])
    .option(
      '--scale <change>',
      "usage of a node times a factor: 'requests@app:shop=1.2'; repeatable",
      collect,
      [],
    )
    .option(
      '--set <change>',
      "usage of a node on every day: 'requests@app:shop=500'; repeatable",
      collect,
      [],
    )
    .addOption(
      new Option('--usage <which>', 'usage that the published run has read, or as it is now')
        .choices(['run', 'current'])
        .default('run'),
    )
    .option('--currency <code>', 'this currency only')
    .option('--nodes', 'all nodes that change, not the products only')
    .option('--limit <count>', 'lines shown per currency', '50')
    .action((file: string | undefined, options: WhatIfOptions) => ask(context, file, options));
  addExamples(command, {
    "finops allocate what-if --month 2026-10 --edge 'db->app:shop:percent=30'": 'another percentage',
    'finops allocate what-if --month 2026-10 graph.yaml': 'the file against what is published',
    "finops allocate what-if --month 2026-10 --scale 'requests@app:shop=1.2'": 'the shop asks a fifth more',
  });
  const growth = noun
    .command('growth')
    .description('what a driver that grows does to pools and products')
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .requiredOption('--metric <name>', 'the driver')
    .requiredOption('--percent <number>', 'by how much, such as 10 or -5')
    .option('--node <id>', 'of this node only')
    .option('--graph <id>', 'which graph', 'main')
    .action((options: GrowthOptions) => grow(context, options));
  addExamples(growth, {
    'finops allocate growth --month 2026-10 --metric requests --percent 10 --node app:shop':
      'if the shop grows',
  });
}

async function ask(context: Context, file: string | undefined, options: WhatIfOptions): Promise<void> {
  const { graph, month, draft, currency } = options;
  if (file !== undefined && draft) throw errors.usage({ problem: 'Give a file or --draft, not both.' });
  const limit = wholeNumber(options.limit);
  const read = file === undefined ? undefined : await readGraph(context, file);
  if (read && !read.document) {
    context.print({ json: { valid: false, findings: read.findings }, tables: [findingTable(read.findings)] });
    context.exitWith(exitCodes.badData);
    return;
  }
  const body: WhatIfInput = {
    ...{ graph, month },
    ...(read?.document ? { document: read.document } : {}),
    ...(draft ? { draft: true } : {}),
    edges: options.edge.map(edgeChange),
    metrics: [
      ...options.scale.map((text) => metricChange(text, 'factor')),
      ...options.set.map((text) => metricChange(text, 'value')),
    ],
    ...(currency === undefined ? {} : { currency }),
    usage: options.usage,
    nodes: options.nodes ?? false,
  };
  const answer = await withClient(context, (client) =>
    client.call<WhatIfAnswer>('POST', address('/allocation/what-if'), body),
  );
  context.print({ json: answer, tables: whatIfTables(answer, limit) });
  for (const { severity, path, message } of answer.findings.slice(0, 5))
    if (severity !== 'info') context.say(`${path}: ${message}`);
}

async function readGraph(context: Context, file: string): Promise<GraphFile> {
  const text = await readFile(resolve(context.io.cwd, file), 'utf8');
  const { graphFromYaml } = await import('../../../modules/allocation/index.ts');
  return graphFromYaml(text);
}

/** `a->b:percent=30,metric=x`; ids of nodes may hold colons, so that the last one counts. */
export function edgeChange(text: string): EdgeChange {
  const [, edge, given] = /^(.+):([A-Za-z]+=.*)$/.exec(text) ?? [];
  if (edge === undefined || given === undefined)
    throw errors.usage({
      problem: `--edge takes an edge and parameters, such as 'a->b:percent=30', not '${text}'.`,
    });
  const pairs = given.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
  });
  if (pairs.some(([name]) => name === ''))
    throw errors.usage({ problem: `--edge '${text}': write every parameter as name=value.` });
  const { strategy, ...params } = Object.fromEntries(pairs);
  return {
    edge,
    params,
    ...(strategy === undefined ? {} : { strategy: strategy as NonNullable<EdgeChange['strategy']> }),
  };
}

/** `metric@node=1.2`, or `metric=1.2` for a factor on everybody. */
export function metricChange(text: string, what: 'factor' | 'value'): MetricChange {
  const [, metric, node, amount] = /^([^@=]+)(?:@(.+))?=([^=]+)$/.exec(text) ?? [];
  if (metric === undefined || amount === undefined)
    throw errors.usage({ problem: `'${text}' is no change of usage: write metric@node=1.2.` });
  if (what === 'factor') return { metric, factor: amount, ...(node === undefined ? {} : { node }) };
  if (node === undefined)
    throw errors.usage({ problem: `--set '${text}': name the node, as in metric@node=500.` });
  return { metric, node, value: amount };
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw errors.usage({ problem: `--limit takes a whole number, not '${text}'.` });
  return Number(text);
}

const amounts = (currency: string): Column[] =>
  ['before', 'after', 'delta'].map((name) => ({ name, kind: 'money', currency }));

function whatIfTables(answer: WhatIfAnswer, limit: number): [TableData, ...TableData[]] {
  const tables = answer.currencies.flatMap(
    ({ currency, products, nodes = [], total, unallocated, coverage }) => {
      const columns: Column[] = [
        { name: 'node', kind: 'text' },
        ...amounts(currency),
        { name: 'change', kind: 'share' },
        { name: 'share', kind: 'share' },
      ];
      const lines = (list: typeof products) => list.slice(0, limit).map((line) => ({ ...line }));
      const main: TableData = {
        title: `${currency}: products (coverage ${coverageText(coverage.before)} → ${coverageText(coverage.after)})`,
        columns,
        rows: lines(products),
        totals: [
          { node: 'unallocated', ...unallocated },
          { node: 'total', ...total },
        ],
      };
      const others: TableData = { title: `${currency}: other nodes`, columns, rows: lines(nodes) };
      return nodes.length > 0 ? [main, others] : [main];
    },
  );
  const [first, ...rest] = tables;
  return first ? [first, ...rest] : [{ columns: [{ name: 'node', kind: 'text' }], rows: [] }];
}

async function grow(context: Context, options: GrowthOptions): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<GrowthAnswer>('POST', address('/allocation/growth'), { ...options }),
  );
  context.print({ json: answer, tables: growthTables(answer) });
  context.say(`If pools cost the same: ${answer.redistribution.assumption}`);
  context.say(`If pools grow: ${answer.marginal.assumption}`);
}

function growthTables({ redistribution, marginal }: GrowthAnswer): [TableData, ...TableData[]] {
  const node: Column = { name: 'node', kind: 'text' };
  const same = redistribution.currencies.map(
    ({ currency, products, total }): TableData => ({
      title: `${currency}: if pools cost the same`,
      columns: [node, ...amounts(currency)],
      rows: products.map((line) => ({ ...line })),
      totals: { node: 'total', delta: total },
    }),
  );
  const grown = marginal.currencies.flatMap(
    ({ currency, pools, products, unallocated, total }): TableData[] => {
      const columns: Column[] = [
        node,
        { name: 'cost', kind: 'money', currency },
        { name: 'delta', kind: 'money', currency },
      ];
      return [
        {
          title: `${currency}: pools, if they grow`,
          columns,
          rows: pools,
          totals: { node: 'total', delta: total },
        },
        {
          title: `${currency}: products, if pools grow`,
          columns,
          rows: products,
          totals: { node: 'unallocated', delta: unallocated },
        },
      ];
    },
  );
  const [first, ...rest] = [...same, ...grown];
  return first ? [first, ...rest] : [{ columns: [node], rows: [] }];
}

function coverageText(coverage: string | null): string {
  return coverage === null ? '–' : shareText(parseDecimal(coverage));
}
