import { resolve } from 'node:path';
import type { Command } from 'commander';
import type {
  ConsumptionFactList,
  ConsumptionImport,
  ConsumptionImportRequest,
  ConsumptionImportResult,
  ConsumptionReject,
  ConsumptionVerification,
  DeriveResult,
} from '../../../modules/showback/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { registerOrigins } from './consumption-origins.ts';
import {
  factTable,
  importTable,
  printDerivation,
  printImport,
  rejectTable,
  verificationTables,
} from './consumption-output.ts';
import { allPages } from './organization-client.ts';

interface ImportOptions {
  readonly source: string;
  readonly month?: readonly string[];
  readonly entity?: string;
  readonly dryRun?: boolean;
  readonly acceptRejects?: boolean;
}

type Texts = Readonly<Record<string, string>>;

/** `finops consumption …`: what applications consumed, and where the figures come from. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('consumption')
    .description('what applications consumed of products: imports, origins, checks')
    .helpGroup(groups.costs);
  registerImport(noun, context);
  registerReads(noun, context);
  registerOrigins(noun, context);
  registerDerive(noun, context);
  addExamples(noun, {
    'finops consumption import october.csv --source cmdb --dry-run': 'what it would change',
    'finops consumption import october.csv --source cmdb':
      'columns month, application, product, quantity; unit, environment, region, resource, kind',
    'finops consumption list --month 2026-10 --application checkout': 'each fact with its source',
    'finops consumption derive --month 2026-10': 'from bills and allocation, as declared',
    'finops consumption verify': 'sums against facts; exit code 6 where they differ',
  });
}

function registerImport(noun: Command, context: Context): void {
  noun
    .command('import <file>')
    .description('replace what a source says of the months in a CSV file, all or nothing')
    .option('--source <name>', 'who delivers; all it said of these months is replaced', 'file')
    .option('--month <month>', 'the month that is replaced, YYYY-MM; again for another', collect)
    .option('--entity <id>', 'only facts of this entity')
    .option('--dry-run', 'do everything but keep it')
    .option('--accept-rejects', 'take the rows that fit, and keep the others as rejects')
    .action((file: string, options: ImportOptions) => importFile(context, file, options));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function registerReads(noun: Command, context: Context): void {
  noun
    .command('list')
    .description('facts by month, entity, product and application')
    .option('--month <month>', 'of this month, YYYY-MM')
    .option('--from <month>', 'from this month')
    .option('--to <month>', 'to this month')
    .option('--entity <id>', 'of this entity')
    .option('--application <id>', 'of this application')
    .option('--product <id>', 'of this product')
    .option('--environment <name>', 'prod, non_prod, unknown or n_a')
    .option('--source <name>', 'from this source')
    .option('--kind <kind>', 'DIRECT (measured) or INDIRECT (weights)')
    .option('--limit <count>', 'at most so many', '1000')
    .action((options: Texts) => list(context, options));
  noun
    .command('explain <application>')
    .description('where a quantity comes from, as sentences')
    .requiredOption('--product <id>', 'of this product')
    .requiredOption('--month <month>', 'of this month, YYYY-MM')
    .action((application: string, options: Texts) => explain(context, { ...options, application }));
  noun
    .command('imports')
    .description('deliveries, newest first; those that were refused too')
    .option('--source <name>', 'of this source')
    .option('--month <month>', 'of this month')
    .option('--state <state>', 'taken or refused')
    .action((options: Texts) => imports(context, options));
  noun
    .command('rejects <import>')
    .description('rows that an import did not take, with the reason')
    .action((id: string) => rejects(context, id));
  noun
    .command('verify')
    .description('hold the sums against the facts; exit code 6 where they differ')
    .option('--entity <id>', 'of this entity')
    .option('--from <month>', 'from this month')
    .option('--to <month>', 'to this month')
    .action((options: Texts) => verify(context, options));
}

function registerDerive(noun: Command, context: Context): void {
  noun
    .command('derive')
    .description('make facts anew whose origin is the bill, the allocation or other costs')
    .requiredOption('--month <month>', 'of which month, YYYY-MM')
    .option('--product <id>', 'only of this product')
    .option('--entity <id>', 'only of this entity')
    .option('--dry-run', 'do everything but keep it')
    .action((options: object) => derive(context, options));
}

async function importFile(
  context: Context,
  file: string,
  { month, ...options }: ImportOptions,
): Promise<void> {
  const months = month === undefined ? {} : { months: [...month] };
  // A server has a current folder of its own.
  const body: ConsumptionImportRequest = { ...options, ...months, path: resolve(context.io.cwd, file) };
  const shown = context.progress('consumption');
  const result = await withClient(context, (client) =>
    client.stream<ConsumptionImportResult>(
      address('/consumption/imports'),
      body,
      ({ step }: { readonly step: string }) => shown.update({ step }),
    ),
  ).finally(() => shown.stop());
  printImport(context, result);
  if (result.problems.length > 0) context.exitWith(exitCodes.conflict);
  else if (result.status === 'dry-run' && result.rejected.length > 0) context.exitWith(exitCodes.badData);
}

async function derive(context: Context, options: object): Promise<void> {
  const result = await withClient(context, (client) =>
    client.call<DeriveResult>('POST', address('/consumption/derivations'), options),
  );
  printDerivation(context, result);
  if (result.items.some(({ problems }) => problems.length > 0)) context.exitWith(exitCodes.conflict);
}

async function list(context: Context, options: Texts): Promise<void> {
  const path = address('/consumption/facts', options);
  const { items, next } = await withClient(context, (client) =>
    client.call<ConsumptionFactList>('GET', path),
  );
  context.print({ json: { items, ...(next === undefined ? {} : { next }) }, tables: [factTable(items)] });
  if (next !== undefined)
    context.say(`There are more; these are the first ${items.length}. --limit takes up to 10000.`);
}

async function explain(context: Context, options: Texts): Promise<void> {
  const path = address('/consumption/facts/explanation', options);
  const { facts } = await withClient(context, (client) =>
    client.call<{ readonly facts: readonly { readonly sentence: string }[] }>('GET', path),
  );
  const rows = facts.map(({ sentence }) => ({ sentence }));
  context.print({ json: { facts }, tables: [{ columns: [{ name: 'sentence', kind: 'text' }], rows }] });
}

async function imports(context: Context, options: Texts): Promise<void> {
  const items = await withClient(context, (client) =>
    allPages<ConsumptionImport>(client, '/consumption/imports', options),
  );
  context.print({ json: { items }, tables: [importTable(items)] });
}

async function rejects(context: Context, id: string): Promise<void> {
  const path = `/consumption/imports/${encodeURIComponent(id)}/rejects`;
  const items = await withClient(context, (client) => allPages<ConsumptionReject>(client, path));
  context.print({ json: { items }, tables: [rejectTable(items)] });
}

async function verify(context: Context, options: Texts): Promise<void> {
  const path = address('/consumption/verification', options);
  const answer = await withClient(context, (client) => client.call<ConsumptionVerification>('GET', path));
  context.print({ json: { ...answer }, tables: verificationTables(answer) });
  if (!answer.ties) context.exitWith(exitCodes.booksDoNotBalance);
}
