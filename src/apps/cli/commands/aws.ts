import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { AwsImportRequest, ExportChoice, ImportResult } from '../../../modules/ingestion/index.ts';
import type { AwsExport } from '../../../platform/config/index.ts';
import { everything, type Period, tryParsePeriod } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { withWorkspace } from '../workspace.ts';
import { collect } from './cost.ts';
import { printImport, withProgress } from './import.ts';

interface ExportOptions {
  readonly export?: readonly string[];
  readonly uri?: string;
  readonly exportName?: string;
  readonly kind?: 'v1' | 'v2';
  readonly source?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly roleArn?: string;
  readonly from?: string;
  readonly to?: string;
}

interface ImportOptions extends ExportOptions {
  readonly reset?: boolean;
  readonly dryRun?: boolean;
  readonly acceptRestatement?: boolean;
  readonly acceptQuarantine?: readonly string[];
  readonly bridge?: boolean;
}

/**
 * `finops aws …`: billing exports of AWS, in S3 or in a copy. Imports are runs of whoever holds the workspace, with that
 * process's credentials; the lists are made here, with those of whoever calls.
 */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('aws')
    .description('billing exports of AWS: Cost and Usage Reports and Data Exports')
    .helpGroup(groups.bills);
  const importing = exportCommand(
    noun,
    'import-cur',
    'import every month of the exports that is new or changed',
  )
    .option('--reset', 'import versions that are loaded already, too')
    .option('--dry-run', 'do everything but publish')
    .option('--accept-restatement', 'replace a month that AWS had closed')
    .option('--accept-quarantine <rules>', 'leave rows out that break these rules; commas between', collect)
    .option('--bridge', 'also print the way from BilledCost to EffectiveCost')
    .action((options: ImportOptions) => importCur(context, options));
  exportCommand(noun, 'list-manifests', 'what AWS delivers per month, and what is loaded of it').action(
    (options: ExportOptions) => listManifests(context, options),
  );
  exportCommand(noun, 'list-exports', 'the exports that lie in the buckets or folders').action(
    (options: ExportOptions) => listExports(context, options),
  );
  exportCommand(noun, 'show-state', 'what is loaded, without asking AWS').action((options: ExportOptions) =>
    showState(context, options),
  );
  addExamples(importing, {
    'finops aws import-cur': 'every export of finops.toml',
    'finops aws import-cur --export main --from 2026-09': 'one of them, from September on',
    'finops aws import-cur --uri s3://billing/exports --export-name hourly': 'without a configuration',
  });
}

function exportCommand(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .option('--export <names>', 'only these exports of the configuration; commas between', collect)
    .option('--uri <uri>', 's3://bucket/prefix or a folder, instead of the configuration')
    .option('--export-name <name>', 'with --uri: name of the export at AWS')
    .addOption(new Option('--kind <kind>', 'v1 (CUR) or v2 (Data Exports)').choices(['v1', 'v2']))
    .option('--source <name>', 'with --uri: the source of its months (default: the name of the export)')
    .option('--profile <name>', 'profile of the AWS configuration')
    .option('--region <region>', 'region of the bucket')
    .option('--endpoint <url>', 'another store that speaks S3')
    .option('--role-arn <arn>', 'role to assume before reading')
    .option('--from <month>', 'first billing month, YYYY-MM')
    .option('--to <month>', 'last billing month, YYYY-MM');
}

/** The exports of the configuration, or the one of the flags; flags of access count for all. */
async function exportsOf(context: Context, choice: ExportChoice): Promise<readonly AwsExport[]> {
  const { chooseExports } = await import('../../../modules/ingestion/index.ts');
  return chooseExports(context.config().values['aws.exports'], everything, choice);
}

/** What the flags choose. `--uri` counts before `--export`. */
function choiceOf({ io }: Context, options: ExportOptions, needsName = true): ExportChoice {
  const { profile, region, endpoint, roleArn, kind, uri, exportName, source } = options;
  const access = { profile, region, endpoint, roleArn, kind };
  if (uri === undefined) return { ...access, exports: options.export && [...options.export] };
  if (needsName && exportName === undefined) {
    throw errors.usage({
      problem: "--uri needs --export-name; 'finops aws list-exports --uri …' shows the names.",
    });
  }
  // A server has a current folder of its own.
  const place = uri.startsWith('s3://') ? uri : resolve(io.cwd, uri);
  return { ...access, adHoc: { uri: place, exportName: exportName ?? '', source } };
}

function rangeOf({ from, to }: ExportOptions): { readonly from?: Period; readonly to?: Period } {
  return {
    ...(from === undefined ? {} : { from: monthOf('--from', from) }),
    ...(to === undefined ? {} : { to: monthOf('--to', to) }),
  };
}

function monthOf(option: string, text: string): Period {
  const period = tryParsePeriod(text);
  if (!period) throw errors.usage({ problem: `${option} takes a billing month, YYYY-MM, not '${text}'.` });
  return period;
}

async function importCur(context: Context, options: ImportOptions): Promise<void> {
  const { reset, dryRun, acceptRestatement, acceptQuarantine } = options;
  const request: AwsImportRequest = {
    ...choiceOf(context, options),
    ...rangeOf(options),
    ...{ reset, dryRun, acceptRestatement },
    acceptQuarantine: acceptQuarantine && [...acceptQuarantine],
  };
  const result = await withClient(context, (client) =>
    withProgress(context, 'import', (onProgress) =>
      client.stream<ImportResult>(address('/aws-imports'), request, onProgress),
    ),
  );
  printImport(context, result, options.bridge ?? false);
}

async function listManifests(context: Context, options: ExportOptions): Promise<void> {
  const exports = await exportsOf(context, choiceOf(context, options));
  const { findManifests } = await import('../../../modules/ingestion/index.ts');
  const items = await withWorkspace(context, ({ lake }) =>
    findManifests(lake, everything, exports, rangeOf(options)),
  );
  printItems(context, items, ['export', 'period', 'kind', 'version', 'files', 'modifiedAt', 'state', 'uri']);
}

async function listExports(context: Context, options: ExportOptions): Promise<void> {
  const exports = await exportsOf(context, choiceOf(context, options, false));
  const { findExports } = await import('../../../modules/ingestion/index.ts');
  const items = (await findExports(exports)).map(({ periods, ...item }) => ({
    ...item,
    months: periods.length,
    firstMonth: periods[0] ?? null,
    lastMonth: periods.at(-1) ?? null,
  }));
  printItems(context, items, ['name', 'kind', 'months', 'firstMonth', 'lastMonth', 'uri']);
}

async function showState(context: Context, options: ExportOptions): Promise<void> {
  const exports = await exportsOf(context, choiceOf(context, options));
  const { from, to } = rangeOf(options);
  const { loadedMonths } = await import('../../../modules/ingestion/index.ts');
  const items = (await withWorkspace(context, ({ lake }) => loadedMonths(lake, everything, exports))).filter(
    ({ period }) => (from === undefined || period >= from) && (to === undefined || period <= to),
  );
  printItems(context, items, ['export', 'source', 'period', 'version', 'rows', 'final', 'importedAt']);
}

type Item = Readonly<Record<string, string | number | boolean | null>>;

function printItems<T extends object>(
  context: Context,
  items: readonly T[],
  columns: readonly (keyof T & string)[],
): void {
  const numbers = ['files', 'months', 'rows'];
  context.print({
    json: { items },
    tables: [
      {
        columns: columns.map((name) => ({ name, kind: numbers.includes(name) ? 'number' : 'text' })),
        rows: items as readonly unknown[] as readonly Item[],
      },
    ],
  });
}
