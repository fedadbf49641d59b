import type { Command } from 'commander';
import type {
  ChangedMonth,
  CollectedAnswer,
  MonthDiff,
  SnapshotList,
  VerifiedAnswer,
} from '../../../modules/ingestion/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { counted, sizeText, type TableData } from '../output.ts';
import { collect, wholeNumber } from './cost.ts';

interface MonthOptions {
  readonly source: string;
  readonly month: string;
}

/** `finops snapshots …` and `finops gc`: the versions of the months. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('snapshots')
    .description('the versions of the months: compare, go back, pin, verify')
    .helpGroup(groups.workspace);
  noun
    .command('list')
    .description('every snapshot that the lake holds')
    .option('--source <name>', 'only this source')
    .option('--month <month>', 'only this billing month')
    .action((options: Partial<MonthOptions>) => list(context, options));
  ofMonth(noun, 'diff', 'what changed between two snapshots of a month')
    .option('--from <snapshot>', 'id, or its first 6 letters (default: the one before)')
    .option('--to <snapshot>', 'id, or its first 6 letters (default: the current one)')
    .option(
      '--by <dimensions>',
      'SubAccountId, ServiceName, x_UsageType, ResourceId, day; commas between',
      collect,
    )
    .option('--limit <n>', 'groups shown (default: 1000)')
    .action((options: DiffOptions) => diff(context, options));
  ofMonth(noun, 'rollback', 'make an earlier snapshot of a month current again')
    .option(
      '--to <snapshot>',
      'id, its first 6 letters, or none to withdraw the month (default: the one before)',
    )
    .action((options: MonthOptions & { readonly to?: string }) =>
      change(context, options, (at) => [
        'POST',
        `${at}/rollback`,
        options.to === undefined ? {} : { to: options.to },
      ]),
    );
  ofMonth(noun, 'pin', 'keep a snapshot from gc and the month from rollback')
    .requiredOption('--reason <text>', 'why; shown to whoever wants to change the month')
    .option('--snapshot <id>', 'id, or its first 6 letters (default: the current one)')
    .action((options: MonthOptions & { readonly reason: string; readonly snapshot?: string }) => {
      const { reason, snapshot } = options;
      const body = { reason, ...(snapshot === undefined ? {} : { snapshot }) };
      return change(context, options, (at) => ['POST', `${at}/pins`, body]);
    });
  ofMonth(noun, 'unpin', 'remove the pins of a month')
    .option('--reason <text>', 'only the pins with this reason')
    .action((options: MonthOptions & { readonly reason?: string }) => {
      const query = options.reason === undefined ? '' : `?reason=${encodeURIComponent(options.reason)}`;
      return change(context, options, (at) => ['DELETE', `${at}/pins${query}`]);
    });
  noun
    .command('verify')
    .description('recompute checksums, row counts and sums of every snapshot')
    .action(() => verify(context));
  addExamples(noun, {
    'finops snapshots diff --source aws --month 2026-09 --by ServiceName,day': 'what the restatement changed',
    'finops snapshots rollback --source aws --month 2026-09': 'back to the version before',
  });
  registerGc(program, context);
}

function ofMonth(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .requiredOption('--source <name>', 'the source')
    .requiredOption('--month <month>', 'the billing month, YYYY-MM');
}

/** The address of a month. */
export function monthAddress({ source, month }: MonthOptions): string {
  return `/periods/${encodeURIComponent(source)}/${encodeURIComponent(month)}`;
}

async function list(context: Context, { source, month }: Partial<MonthOptions>): Promise<void> {
  const path = address('/snapshots', { source, period: month, limit: 10_000 });
  const answer = await withClient(context, (client) => client.call<SnapshotList>('GET', path));
  const table: TableData = {
    columns: [
      { name: 'source', kind: 'text' },
      { name: 'period', header: 'month', kind: 'text' },
      { name: 'dataset', kind: 'text' },
      { name: 'snapshot', kind: 'text' },
      { name: 'current', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'bytes', kind: 'number' },
      { name: 'createdAt', header: 'imported', kind: 'text' },
      { name: 'pinned', kind: 'text' },
    ],
    rows: answer.items.map((item) => ({
      ...item,
      currencies: item.currencies.join(' '),
      current: item.current ? 'current' : '',
      pinned: item.pinned.join(', ') || null,
    })),
  };
  context.print({ json: answer, tables: [table] });
}

interface DiffOptions extends MonthOptions {
  readonly from?: string;
  readonly to?: string;
  readonly by?: readonly string[];
  readonly limit?: string;
}

async function diff(context: Context, options: DiffOptions): Promise<void> {
  const { from, to, by, limit } = options;
  const query = {
    from,
    to,
    by: by?.join(','),
    limit: limit === undefined ? undefined : wholeNumber('--limit', limit),
  };
  const answer = await withClient(context, (client) =>
    client.call<MonthDiff>('GET', address(`${monthAddress(options)}/diff`, query)),
  );
  const { source, period } = answer;
  const title = `${source} ${period}: ${answer.from.snapshot} → ${answer.to.snapshot}`;
  const listed = answer.groups.map((group) => ({ ...group.key, ...differences(group) }));
  const rest = answer.rest.map((line) => ({ [answer.by[0] ?? '']: 'rest', ...line }));
  const tables: [TableData, ...TableData[]] = [
    diffTable(title, [], answer.totals.map(differences)),
    ...(answer.by.length === 0 ? [] : [diffTable('Where it changed', answer.by, [...listed, ...rest])]),
  ];
  context.print({ json: { ...answer }, tables });
}

function differences({ currency, rows, BilledCost, EffectiveCost }: MonthDiff['totals'][number]) {
  return {
    currency,
    rows: rows.difference,
    before: BilledCost.from,
    after: BilledCost.to,
    BilledCost: BilledCost.difference,
    EffectiveCost: EffectiveCost.difference,
  };
}

function diffTable(title: string, keys: readonly string[], rows: TableData['rows']): TableData {
  const money = { kind: 'money', currencyColumn: 'currency' } as const;
  return {
    title,
    columns: [
      ...keys.map((name) => ({ name, kind: 'text' as const })),
      { name: 'before', header: 'billed before', ...money },
      { name: 'after', header: 'billed after', ...money },
      { name: 'BilledCost', header: 'Δ billed', ...money },
      { name: 'EffectiveCost', header: 'Δ effective', ...money },
      { name: 'rows', header: 'Δ rows', kind: 'number' },
      { name: 'currency', kind: 'text' },
    ],
    rows,
  };
}

async function change(
  context: Context,
  month: MonthOptions,
  request: (at: string) => readonly ['POST' | 'DELETE', string, unknown?],
): Promise<void> {
  const [method, path, body] = request(address(monthAddress(month)));
  const answer = await withClient(context, (client) => client.call<ChangedMonth>(method, path, body));
  const table: TableData = {
    columns: [
      { name: 'source', kind: 'text' },
      { name: 'period', header: 'month', kind: 'text' },
      { name: 'dataset', kind: 'text' },
      { name: 'snapshot', kind: 'text' },
      { name: 'status', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'pinned', kind: 'text' },
    ],
    rows: answer.months.map(({ pinned, totals: _, delivery: __, ...item }) => ({
      ...item,
      pinned: pinned.join(', ') || null,
    })),
  };
  context.print({ json: answer, tables: [table] });
}

async function verify(context: Context): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<VerifiedAnswer>('POST', address('/snapshots/verify'), {}),
  );
  const { snapshots, files, rows, findings } = answer;
  const table: TableData = {
    columns: [
      { name: 'path', kind: 'text' },
      { name: 'problem', kind: 'text' },
    ],
    rows: findings,
  };
  context.print({ json: answer, tables: [table] });
  context.say(
    `${counted(snapshots, 'snapshot')}, ${counted(files, 'file')}, ${counted(rows, 'row')}: ${counted(findings.length, 'finding')}`,
  );
  if (findings.length > 0) context.exitWith(exitCodes.booksDoNotBalance);
}

interface GcOptions {
  readonly keepDays?: string;
  readonly keepVersions?: string;
  readonly graceHours?: string;
}

function registerGc(program: Command, context: Context): void {
  const command = program
    .command('gc')
    .description('remove old snapshots and what crashes left behind; never a pinned one')
    .helpGroup(groups.workspace)
    .option('--keep-days <n>', 'keep what was replaced less than this many days ago')
    .option('--keep-versions <n>', 'keep this many of every month, the current one included')
    .option('--grace-hours <n>', 'leave files on the disk so long after that, for open readers (default: 24)')
    .action((options: GcOptions) => collectOld(context, options));
  addExamples(command, { 'finops gc --keep-days 90': 'a quarter of history' });
}

async function collectOld(context: Context, options: GcOptions): Promise<void> {
  const body = Object.fromEntries(
    Object.entries(options).map(([name, text]: [string, string]) => [name, count(name, text)]),
  );
  const answer = await withClient(context, (client) =>
    client.call<CollectedAnswer>('POST', address('/snapshots/gc'), body),
  );
  const { discarded, removed, bytes } = answer;
  const table: TableData = {
    columns: [{ name: 'removed', kind: 'text' }],
    rows: removed.map((path) => ({ removed: path })),
  };
  context.print({ json: answer, tables: [table] });
  context.say(
    `${counted(discarded, 'snapshot')} left the history, ${counted(removed.length, 'file')} (${sizeText(bytes)}) the disk`,
  );
}

function count(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw errors.usage({ problem: `${name} takes a whole number, not '${text}'.` });
}
