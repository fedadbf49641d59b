import { resolve } from 'node:path';
import type { Command } from 'commander';
import type {
  ImportEntry,
  ImportProgress,
  ImportRequest,
  ImportResult,
} from '../../../modules/ingestion/index.ts';
import { type ExitCode, exitCodes, isZero, parseDecimal } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { counted, type TableData } from '../output.ts';
import { collect } from './cost.ts';

interface ImportOptions {
  readonly as?: string;
  readonly source?: string;
  readonly currency?: string;
  readonly period?: string;
  readonly dryRun?: boolean;
  readonly rehash?: boolean;
  readonly acceptRestatement?: boolean;
  readonly acceptQuarantine?: readonly string[];
  readonly bridge?: boolean;
}

/** `finops import PATH`: bills become reconciled cost rows, month by month. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('import')
    .description('read bills: a file, a folder, or s3://bucket/prefix')
    .helpGroup(groups.bills)
    .argument('<path>', 'file, folder, manifest or s3:// address')
    .option('--as <format>', 'aws-cur, focus, or mapping:FILE (TOML); found by looking without it')
    .option('--source <name>', "name of the source; from the file's or export's name without it")
    .option('--currency <code>', 'currency of a bill that names none')
    .option('--period <month>', 'billing month of a bill that names none, YYYY-MM')
    .option('--dry-run', 'do everything but publish')
    .option('--rehash', 'look into files that seem unchanged')
    .option('--accept-restatement', 'replace a month that the provider had closed')
    .option('--accept-quarantine <rules>', 'leave rows out that break these rules; commas between', collect)
    .option('--bridge', 'also print the way from BilledCost to EffectiveCost')
    .action((path: string, options: ImportOptions) => importPath(context, path, options));
  addExamples(command, {
    'finops import bill-2026-10.csv.gz': 'one file; a second time it is unchanged',
    'finops import s3://billing/exports --dry-run': 'what would be imported, and whether it ties',
    'finops import saas.csv --as mapping:saas.toml --source saas': 'any CSV',
  });
}

async function importPath(context: Context, path: string, options: ImportOptions): Promise<void> {
  const result = await withClient(context, (client) =>
    withProgress(context, 'import', (onProgress) =>
      client.stream<ImportResult>(address('/imports'), requestOf(context, path, options), onProgress),
    ),
  );
  printImport(context, result, options.bridge ?? false);
}

/** Shows on stderr where an import stands. */
export async function withProgress<T>(
  context: Context,
  label: string,
  work: (onProgress: (progress: ImportProgress) => void) => Promise<T>,
): Promise<T> {
  const shown = context.progress(label);
  try {
    return await work(({ step, file, rows, bytes, totalBytes }) =>
      shown.update({ step: `${step} ${file.slice(file.lastIndexOf('/') + 1)}`, rows, bytes, totalBytes }),
    );
  } finally {
    shown.stop();
  }
}

function requestOf({ io }: Context, path: string, options: ImportOptions): ImportRequest {
  const { bridge: _, as, ...rest } = options;
  return {
    ...rest,
    ...(options.acceptQuarantine
      ? { acceptQuarantine: [...options.acceptQuarantine] }
      : { acceptQuarantine: [] }),
    // A server has a current folder of its own.
    path: path.startsWith('s3://') ? path : resolve(io.cwd, path),
    ...(as === undefined ? {} : { as: absoluteMapping(as, io.cwd) }),
  };
}

function absoluteMapping(as: string, cwd: string): string {
  return as.startsWith('mapping:') ? `mapping:${resolve(cwd, as.slice('mapping:'.length))}` : as;
}

/** Prints what became of an import; a delivery that was refused is told, and its exit code is the command's. */
export function printImport(context: Context, result: ImportResult, bridge: boolean): void {
  const tables: [TableData, ...TableData[]] = [monthTable(result.imports)];
  if (bridge) tables.push(...bridgeTables(result.imports));
  const serious = result.issues.filter(({ severity }) => severity !== 'info');
  if (serious.length > 0) tables.push(issueTable(withoutRepeats(serious)));
  context.print({ json: { ...result }, tables });
  const notes = result.issues.length - serious.length;
  if (notes > 0)
    context.say(`${counted(notes, 'note')} on the columns; --json shows ${notes === 1 ? 'it' : 'them'}.`);
  if (context.format() !== 'json') {
    for (const error of result.errors) context.io.stderr.write(`${error.code}: ${error.message}\n`);
  }
  context.exitWith((result.errors[0]?.exitCode ?? exitCodes.ok) as ExitCode);
}

function monthTable(imports: readonly ImportEntry[]): TableData {
  const money = { kind: 'money', currencyColumn: 'currency' } as const;
  return {
    columns: [
      { name: 'source', kind: 'text' },
      { name: 'month', kind: 'text' },
      { name: 'format', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'native', ...money },
      { name: 'billed', ...money },
      { name: 'effective', ...money },
      { name: 'currency', kind: 'text' },
      { name: 'ties', kind: 'text' },
      { name: 'status', kind: 'text' },
    ],
    rows: imports.map((entry) => ({
      source: entry.source,
      month: entry.billingPeriod,
      format: entry.format,
      rows: entry.rowsWritten,
      native: entry.nativeCost,
      billed: entry.billedCost,
      effective: entry.effectiveCost,
      currency: entry.currency,
      ties: tiesText(entry),
      status: entry.status,
    })),
  };
}

/** `yes`, `no: 0.01`, or nothing for a dataset without money. */
function tiesText({ unexplained }: ImportEntry): string | null {
  if (unexplained === null) return null;
  return isZero(parseDecimal(unexplained)) ? 'yes' : `no: ${unexplained}`;
}

function bridgeTables(imports: readonly ImportEntry[]): TableData[] {
  return imports
    .filter((entry) => entry.bridge.length > 0)
    .map((entry) => ({
      title: `${entry.source} ${entry.billingPeriod ?? ''}: from BilledCost to EffectiveCost`,
      columns: [
        { name: 'part', kind: 'text' },
        { name: 'amount', kind: 'money', ...(entry.currency === null ? {} : { currency: entry.currency }) },
      ],
      rows: entry.bridge,
    }));
}

/** What is said of every file alike, without rows or cost of its own, is said once. */
function withoutRepeats(issues: ImportResult['issues']): ImportResult['issues'] {
  const said = new Set<string>();
  return issues.filter(({ code, message, rows, costAtStake }) => {
    const isRepeat = rows === undefined && costAtStake === undefined && said.has(`${code} ${message}`);
    said.add(`${code} ${message}`);
    return !isRepeat;
  });
}

function issueTable(issues: ImportResult['issues']): TableData {
  return {
    title: 'Issues',
    columns: [
      { name: 'severity', kind: 'text' },
      { name: 'code', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'costAtStake', header: 'cost at stake', kind: 'money', currencyColumn: 'currency' },
      { name: 'message', kind: 'text' },
    ],
    rows: issues.map(({ severity, code, rows, costAtStake, currency, message }) => ({
      severity,
      code,
      rows,
      costAtStake,
      currency,
      message,
    })),
  };
}
