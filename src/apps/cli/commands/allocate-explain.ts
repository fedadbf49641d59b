import type { Command } from 'commander';
import type {
  BillExplanationAnswer,
  ExplainRowsAnswer,
  ExplanationAnswer,
} from '../../../modules/allocation/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples } from '../help.ts';
import { billTables, explainTables, nextQuestions, rowTables } from './allocate-explain-output.ts';

/** Steps of the tree that the server shows unless it is asked for others. */
const defaultDepth = 3;

interface ExplainOptions {
  readonly month: string;
  readonly graph: string;
  readonly run?: string;
  readonly out?: boolean;
  readonly depth?: string;
  readonly top?: string;
  readonly rows?: boolean;
  readonly row?: string;
  readonly resource?: string;
}

/** Adds `finops allocate explain` to the noun. */
export function addExplain(noun: Command, context: Context): void {
  const command = noun
    .command('explain')
    .description('where the cost of a node comes from, down to rules and rows of bills, or where it went')
    .argument('[node]', 'id of a node, such as app:checkout')
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .option('--graph <id>', 'which graph', 'main')
    .option('--run <id>', 'a run that need not be published')
    .option('--out', 'where its cost went, instead of where it comes from')
    .option('--depth <count>', 'steps of the tree (default: 3)')
    .option('--top <count>', 'nodes listed, and branches per node (default: 10)')
    .option('--rows', 'rows of the bill behind each node that is listed')
    .option('--row <id>', 'where the cost of one row went: x_RowId')
    .option('--resource <id>', 'where the cost of a resource went: ResourceId')
    .action((node: string | undefined, options: ExplainOptions, self: Command) =>
      explain(context, node, options, self.optsWithGlobals<{ readonly exact?: boolean }>().exact ?? false),
    );
  addExamples(command, {
    'finops allocate explain app:checkout --month 2026-10': 'the sources of its cost, with paths and rules',
    'finops allocate explain db-orders --month 2026-10 --out': 'which products the database is paid by',
    'finops allocate explain app:checkout --month 2026-10 --rows --top 3': 'down to rows of the bill',
    'finops allocate explain --resource i-0abc --month 2026-10': 'where one machine went',
  });
}

async function explain(
  context: Context,
  node: string | undefined,
  options: ExplainOptions,
  exact: boolean,
): Promise<void> {
  const given = [node, options.row, options.resource].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw errors.usage({
      problem: 'Name one thing: a node, a row with --row, or a resource with --resource.',
    });
  const isRounded = context.format() === 'table' && !exact;
  await withClient(context, async (client) => {
    if (node === undefined) await explainBill(context, client, options, isRounded);
    else await explainNode(context, client, node, options, isRounded);
  });
}

async function explainNode(
  context: Context,
  client: Client,
  node: string,
  { graph, month, run, out, depth, top, rows }: ExplainOptions,
  isRounded: boolean,
): Promise<void> {
  const direction = out ? 'out' : 'in';
  const path = address('/allocation/explain', { graph, month, run, node, direction, depth, top });
  const answer = await client.call<ExplanationAnswer>('GET', path);
  const behind = rows ? await rowsBehind(client, answer, { graph, month, run, top }) : [];
  context.print({
    json: { ...answer, ...(rows ? { rows: behind } : {}) },
    tables: [...explainTables(answer, isRounded), ...rowTables(behind)],
  });
  if (context.format() !== 'table') return;
  const shown = { depth: Number(depth ?? defaultDepth), hasRows: rows ?? false };
  for (const sentence of nextQuestions(answer, shown)) context.say(sentence);
}

/** The largest rows behind each node that is listed: of the node itself when it is asked where its cost went. */
async function rowsBehind(
  client: Client,
  { node, currencies, context }: ExplanationAnswer,
  asked: Pick<ExplainOptions, 'graph' | 'month' | 'run' | 'top'>,
): Promise<ExplainRowsAnswer[]> {
  const { graph, month, run, top } = asked;
  const listed = currencies.flatMap(({ items }) => items).filter(({ hidden }) => !hidden);
  const nodes = context.direction === 'out' ? [node.node] : [...new Set(listed.map((item) => item.node))];
  const found: ExplainRowsAnswer[] = [];
  for (const one of nodes) {
    const path = address('/allocation/explain/rows', { graph, month, run, node: one, limit: top ?? 10 });
    found.push(await client.call<ExplainRowsAnswer>('GET', path));
  }
  return found;
}

async function explainBill(
  context: Context,
  client: Client,
  { graph, month, run, row, resource, depth, top }: ExplainOptions,
  isRounded: boolean,
): Promise<void> {
  const path = address('/allocation/explain/bill', { graph, month, run, row, resource, depth, top });
  const answer = await client.call<BillExplanationAnswer>('GET', path);
  context.print({ json: answer, tables: billTables(answer, isRounded) });
}
