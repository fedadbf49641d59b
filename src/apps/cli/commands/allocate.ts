import { type Command, Option } from 'commander';
import type {
  AllocationRunAnswer,
  AllocationRunList,
  RunDiff,
  RunOutcome,
} from '../../../modules/allocation/index.ts';
import {
  type ExitCode,
  exitCodes,
  parsePeriod,
  periodsBetween,
  tryParsePeriod,
} from '../../../platform/kernel/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import type { TableData } from '../output.ts';
import { addCoverage } from './allocate-coverage.ts';
import { addEconomics } from './allocate-economics.ts';
import { addExplain } from './allocate-explain.ts';
import { addExport } from './allocate-export.ts';
import { diffTables, runTables, shownRun } from './allocate-output.ts';
import { addQuery } from './allocate-query.ts';
import { addSimulate } from './allocate-simulate.ts';
import { addWhatIf } from './allocate-what-if.ts';

interface RunOptions {
  readonly month?: string;
  readonly from?: string;
  readonly to?: string;
  readonly graph: string;
  readonly graphVersion?: string;
  readonly publish?: boolean;
  readonly currency?: string;
}

interface ListOptions {
  readonly graph?: string;
  readonly month?: string;
  readonly state?: string;
  readonly limit?: string;
}

/** `finops allocate …`: months computed with a graph. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('allocate')
    .description('every cost to the product that caused it: compute, compare, publish months')
    .helpGroup(groups.costs);
  noun
    .command('run')
    .description('compute a month: books that balance, and why what is unallocated is')
    .option('--month <month>', 'billing month, YYYY-MM')
    .option('--from <month>', 'first of several months')
    .option('--to <month>', 'last of them')
    .option('--graph <id>', 'which graph', 'main')
    .option('--graph-version <number>', 'a published version of it; the newest without it')
    .option('--publish', 'make it what everybody reads, when its books balance')
    .option('--currency <code>', 'the currency whose figures stand on top')
    .action((options: RunOptions) => compute(context, options));
  noun
    .command('runs')
    .description('runs that were computed, the newest first')
    .option('--graph <id>', 'of this graph')
    .option('--month <month>', 'of this month')
    .addOption(
      new Option('--state <state>', 'only these').choices(['computed', 'published', 'superseded', 'failed']),
    )
    .option('--limit <count>', 'how many', '100')
    .action((options: ListOptions) => list(context, options));
  noun
    .command('diff')
    .description('why a run has other figures than another: effects that add up, node by node')
    .argument('<from>', 'id of a run')
    .argument('<to>', 'id of another')
    .action((from: string, to: string) => diff(context, from, to));
  noun
    .command('publish')
    .description('make a run what everybody reads')
    .argument('<run>', 'id of the run')
    .option('--currency <code>', 'the currency whose figures stand on top')
    .action((run: string, options: { readonly currency?: string }) =>
      publish(context, run, options.currency),
    );
  addExplain(noun, context);
  addQuery(noun, context);
  addCoverage(noun, context);
  addEconomics(noun, context);
  addWhatIf(noun, context);
  addExport(noun, context);
  addSimulate(noun, context);
  addExamples(noun, {
    'finops allocate run --month 2026-10': 'compute; nobody sees it yet',
    'finops allocate run --from 2026-08 --to 2026-10 --publish': 'three months, published',
    'finops allocate diff 3f9a1c5e 81d0b7c2': 'what changed, and whether by cost, driver or graph',
    'finops allocate publish 81d0b7c2': 'make it what everybody reads',
  });
}

function monthsOf({ month, from, to }: RunOptions): readonly string[] {
  const given = [month, from, to].filter((text) => text !== undefined);
  const wrong = given.find((text) => tryParsePeriod(text) === undefined);
  if (wrong !== undefined) throw errors.usage({ problem: `'${wrong}' is no month: write YYYY-MM.` });
  if (month !== undefined) {
    if (from !== undefined || to !== undefined)
      throw errors.usage({ problem: 'Give --month, or --from and --to, not both.' });
    return [month];
  }
  if (from === undefined || to === undefined)
    throw errors.usage({ problem: 'Name the month with --month, or several with --from and --to.' });
  const months = periodsBetween(parsePeriod(from), parsePeriod(to));
  if (months.length === 0) throw errors.usage({ problem: `--to ${to} is before --from ${from}.` });
  return months;
}

async function compute(context: Context, options: RunOptions): Promise<void> {
  const months = monthsOf(options);
  const version = options.graphVersion === undefined ? undefined : wholeNumber(options.graphVersion);
  const outcomes = await withClient(context, async (client) => {
    const done: RunOutcome[] = [];
    for (const month of months) {
      const { graph, publish = false } = options;
      const body = { graph, month, publish, ...(version === undefined ? {} : { version }) };
      done.push(await computeMonth(context, client, body));
    }
    return done;
  });
  const shown = outcomes.map((outcome) => ({ ...shownRun(outcome, options.currency), ...endOf(outcome) }));
  const [first] = shown;
  const single = options.month !== undefined && first !== undefined;
  context.print({ json: single ? first : { runs: shown }, tables: runTables(outcomes) });
  for (const { refused, late = [], month } of outcomes) {
    const open = late.filter(({ difference }) => difference !== '0');
    for (const { currency, difference } of open)
      context.say(
        `${month} is closed: ${difference} ${currency} of it is in no month's books yet. The next open month books it: finops allocate run --month <that month> --publish`,
      );
    if (refused && context.format() !== 'json')
      context.io.stderr.write(`${refused.code}: ${refused.message}\n`);
  }
  const refusal = outcomes.find(({ refused }) => refused !== null)?.refused;
  context.exitWith((refusal?.exitCode ?? exitCodes.ok) as ExitCode);
}

function endOf({ known, seconds, late, refused }: RunOutcome) {
  return { known, seconds, ...(late === undefined ? {} : { late }), refused };
}

async function computeMonth(
  context: Context,
  client: Client,
  body: { readonly month: string },
): Promise<RunOutcome> {
  const shown = context.progress(`allocate ${body.month}`);
  try {
    return await client.stream<RunOutcome>(
      address('/allocation/runs'),
      body,
      ({ step }: { readonly step: string }) => shown.update({ step }),
    );
  } finally {
    shown.stop();
  }
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw errors.usage({ problem: `'${text}' is no version of a graph: write 3.` });
  return Number(text);
}

async function list(context: Context, { graph, month, state, limit }: ListOptions): Promise<void> {
  const path = address('/allocation/runs', { graph, month, state, limit });
  const { items } = await withClient(context, (client) => client.call<AllocationRunList>('GET', path));
  const rows = items.flatMap(({ currencies, checks, ...run }) => {
    const sound = checks.every(({ ok }) => ok) ? 'yes' : 'no';
    return (currencies.length === 0 ? [undefined] : currencies).map((figures) => ({
      ...run,
      sound,
      ...{ currency: figures?.currency ?? null, total: figures?.total ?? null },
      ...{ allocated: figures?.allocated ?? null, coverage: figures?.coverage ?? null },
    }));
  });
  context.print({ json: { items }, tables: [runsTable(rows)] });
}

function runsTable(rows: TableData['rows']): TableData {
  const money = { kind: 'money', currencyColumn: 'currency' } as const;
  return {
    columns: [
      { name: 'run', kind: 'text' },
      { name: 'graph', kind: 'text' },
      { name: 'version', kind: 'number' },
      { name: 'month', kind: 'text' },
      { name: 'state', kind: 'text' },
      { name: 'total', ...money },
      { name: 'allocated', ...money },
      { name: 'currency', kind: 'text' },
      { name: 'coverage', kind: 'share' },
      { name: 'sound', header: 'balances', kind: 'text' },
      { name: 'computedAt', header: 'computed', kind: 'text' },
      { name: 'computedBy', header: 'by', kind: 'text' },
    ],
    rows,
  };
}

async function diff(context: Context, from: string, to: string): Promise<void> {
  const path = address(`/allocation/runs/${encodeURIComponent(to)}/diff`, { against: from });
  const answer = await withClient(context, (client) => client.call<RunDiff>('GET', path));
  context.print({ json: answer, tables: diffTables(answer) });
}

async function publish(context: Context, run: string, currency: string | undefined): Promise<void> {
  const path = address(`/allocation/runs/${encodeURIComponent(run)}/publish`);
  const answer = await withClient(context, (client) => client.call<AllocationRunAnswer>('POST', path, {}));
  context.print({ json: shownRun(answer, currency), tables: runTables([answer]) });
}
