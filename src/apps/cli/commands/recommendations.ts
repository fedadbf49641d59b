import { type Command, Option } from 'commander';
import type { Recommendation, RecommendationList, RefreshAnswer } from '../../../modules/allocation/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { Column, TableData } from '../output.ts';

interface ListOptions {
  readonly graph: string;
  readonly month?: string;
  readonly status?: string;
  readonly kind?: string;
  readonly node?: string;
  readonly limit: string;
}

interface RefreshOptions {
  readonly graph: string;
  readonly month: string;
  readonly target?: string;
}

/** `finops recommendations …`: what the figures of a month advise, and what was decided of it. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('recommendations')
    .description('what the figures of a month advise to do; every saving counts once')
    .helpGroup(groups.costs);
  noun
    .command('list')
    .description('recommendations of a month, the largest saving first')
    .option('--graph <id>', 'which graph', 'main')
    .option('--month <month>', 'YYYY-MM; the newest that was computed without it')
    .addOption(
      new Option('--status <status>', 'only these').choices(['open', 'accepted', 'dismissed', 'done']),
    )
    .option('--kind <kind>', 'only these: idle, unused_commitment, …')
    .option('--node <id>', 'only those about this node')
    .option('--limit <count>', 'how many', '100')
    .action((options: ListOptions) => list(context, options));
  noun
    .command('refresh')
    .description('compute those of a month from its published run; decisions stay')
    .requiredOption('--month <month>', 'YYYY-MM')
    .option('--graph <id>', 'which graph', 'main')
    .option('--target <fraction>', 'how used a node should be (default: 0.6)')
    .action((options: RefreshOptions) => refresh(context, options));
  noun
    .command('show')
    .description('one, with its formula and the rows that it rests on')
    .argument('<id>', 'id of the recommendation')
    .action((id: string) => show(context, id));
  decision(noun, context, 'accept', 'accepted', 'it will be done');
  decision(noun, context, 'dismiss', 'dismissed', 'it will not be done');
  decision(noun, context, 'done', 'done', 'it has been done');
  decision(noun, context, 'reopen', 'open', 'nothing is decided any more');
  addExamples(noun, {
    'finops recommendations refresh --month 2026-10': 'look at October again',
    'finops recommendations list --status open': 'what could be saved, each cent once',
    'finops recommendations dismiss 01k9z3w2m7h4q8xta --reason "needed at year end"': 'not this one',
  });
}

function decision(noun: Command, context: Context, verb: string, status: string, meaning: string): void {
  const command = noun.command(verb).description(meaning).argument('<id>', 'id of the recommendation');
  const withReason =
    verb === 'dismiss'
      ? command.requiredOption('--reason <text>', 'why; kept')
      : command.option('--reason <text>', 'why; kept');
  withReason.action((id: string, { reason }: { readonly reason?: string }) =>
    decide(context, id, { status, ...(reason === undefined ? {} : { reason }) }),
  );
}

function placeOf(id: string): string {
  return `/allocation/recommendations/${encodeURIComponent(id)}`;
}

async function list(context: Context, options: ListOptions): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<RecommendationList>('GET', address('/allocation/recommendations', { ...options })),
  );
  context.print({ json: answer, tables: [listTable(answer)] });
  if (answer.items.length === 0)
    context.say('What a month advises is computed by: finops recommendations refresh --month YYYY-MM');
}

async function refresh(context: Context, { graph, month, target }: RefreshOptions): Promise<void> {
  const body = { graph, month, ...(target === undefined ? {} : { targetUtilisation: target }) };
  const answer = await withClient(context, (client) =>
    client.call<RefreshAnswer>('POST', address('/allocation/recommendations/refresh'), body),
  );
  const columns: Column[] = [
    { name: 'kind', kind: 'text' },
    { name: 'found', kind: 'number' },
  ];
  const totals = { kind: `all, ${answer.made} of them new`, found: answer.found };
  context.print({ json: answer, tables: [{ columns, rows: answer.kinds, totals }] });
}

async function show(context: Context, id: string): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<Recommendation>('GET', address(placeOf(id))),
  );
  printOne(context, answer);
}

async function decide(context: Context, id: string, body: object): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<Recommendation>('POST', address(`${placeOf(id)}/status`), body),
  );
  printOne(context, answer);
}

const money = { kind: 'money', currencyColumn: 'currency' } as const;

function listTable({ items, totals }: RecommendationList): TableData {
  return {
    columns: [
      { name: 'kind', kind: 'text' },
      { name: 'node', kind: 'text' },
      { name: 'cost', ...money },
      { name: 'saving', ...money },
      { name: 'currency', kind: 'text' },
      { name: 'status', kind: 'text' },
      { name: 'countedIn', header: 'counted in', kind: 'text' },
      { name: 'title', kind: 'text' },
      { name: 'id', kind: 'text' },
    ],
    rows: items,
    totals: totals.map(({ currency, saving }) => ({ kind: 'counted once', saving, currency })),
  };
}

function printOne(context: Context, answer: Recommendation): void {
  const { currency } = answer;
  const facts: TableData = {
    title: answer.title,
    columns: [
      { name: 'what', kind: 'text' },
      { name: 'is', kind: 'text' },
    ],
    rows: [
      ...(['kind', 'node', 'month', 'status', 'reason', 'decidedBy', 'cost', 'saving'] as const)
        .filter((what) => answer[what] !== null)
        .map((what) => ({
          what,
          is: what === 'cost' || what === 'saving' ? `${answer[what]} ${currency}` : answer[what],
        })),
      ...(answer.formula === null ? [] : [{ what: 'formula', is: answer.formula }]),
      ...(answer.countedIn === null ? [] : [{ what: 'counted in', is: answer.countedIn }]),
      ...Object.entries(answer.facts).map(([what, is]) => ({ what, is: String(is) })),
    ],
  };
  const names = [...new Set(answer.evidence.flatMap((row) => Object.keys(row)))];
  const evidence: TableData = {
    title: `Rows (${answer.evidence.length} of ${answer.evidenceRows})`,
    columns: names.map((name) => ({ name, kind: name === 'cost' ? 'money' : 'text', currency })),
    rows: answer.evidence,
  };
  context.print({ json: answer, tables: answer.evidence.length > 0 ? [facts, evidence] : [facts] });
}
