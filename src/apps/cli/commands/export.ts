import { copyFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ExportAnswer } from '../../../modules/focus/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { counted, sizeText } from '../output.ts';
import { collect } from './cost.ts';

interface ExportOptions {
  readonly version?: string;
  readonly fileFormat?: 'csv' | 'parquet';
  readonly out: string;
  readonly from?: string;
  readonly to?: string;
  readonly source?: readonly string[];
  readonly provenance?: boolean;
  readonly custom?: boolean;
  readonly verbatim?: boolean;
  readonly overwrite?: boolean;
}

/** `finops export focus`: the costs as FOCUS of any version. */
export function register(program: Command, context: Context): void {
  const noun = program.command('export').description('costs for other tools').helpGroup(groups.costs);
  const focus = noun
    .command('focus')
    .description('write the costs as FOCUS, CSV or Parquet, with a report of what the version cannot say')
    .requiredOption('--out <file>', 'file to write')
    .addOption(
      new Option('--file-format <format>', 'of the file; from its name by default').choices([
        'csv',
        'parquet',
      ]),
    )
    .option('--from <month>', 'first billing month, YYYY-MM')
    .option('--to <month>', 'last billing month, YYYY-MM')
    .option('--source <names>', 'only these sources; commas between', collect)
    .option('--provenance', 'add where each row comes from: file, row, rules')
    .option('--custom', "add the sources' own x_ columns")
    .option('--verbatim', 'leave text as it is that a spreadsheet would run as a formula')
    .option('--overwrite', 'replace the file')
    .action((options: ExportOptions, command: Command) => {
      // --version is an option of the program; with a value it is ours.
      const { version } = command.optsWithGlobals<{ readonly version?: string }>();
      return exportFocus(context, { ...options, ...(version === undefined ? {} : { version }) });
    });
  focus.addHelpText(
    'after',
    '\n  --version <version>     of FOCUS: 1.0, 1.1, 1.2, 1.3 or 1.4 (default: 1.4)',
  );
  addExamples(focus, {
    'finops export focus --version 1.2 --out costs.csv': 'for tools that read 1.2',
    'finops export focus --out 2026-10.parquet --from 2026-10 --to 2026-10 --provenance':
      'one month, traceable',
  });
}

async function exportFocus(context: Context, options: ExportOptions): Promise<void> {
  const { version, provenance, custom, verbatim, from, to, source } = options;
  const out = resolve(context.io.cwd, options.out);
  await refuseUnlessFree(out, options.overwrite ?? false);
  const format = options.fileFormat ?? (out.endsWith('.parquet') ? 'parquet' : 'csv');
  const body = { version, format, provenance, custom, verbatim, from, to, sources: source };
  const answer = await withClient(context, async (client) => {
    const made = await client.call<ExportAnswer>('POST', address('/exports'), {
      ...body,
      // Two exports in one second have different names.
      name: `cli-${process.pid}-${context.io.clock.now().getTime()}.${format}`,
    });
    await move(join(client.root, 'exports', made.name), out);
    return made;
  });
  const { rows, bytes, columns, report } = answer;
  context.print({
    json: { ...answer, name: undefined, file: out },
    tables: [
      {
        columns: [
          { name: 'severity', kind: 'text' },
          { name: 'code', kind: 'text' },
          { name: 'rows', kind: 'number' },
          { name: 'costAtStake', header: 'billed', kind: 'money', currencyColumn: 'currency' },
          { name: 'message', kind: 'text' },
        ],
        rows: report.map(({ params: _, ...issue }) => issue),
      },
    ],
  });
  context.say(`${out}: ${counted(rows, 'row')}, ${counted(columns.length, 'column')}, ${sizeText(bytes)}`);
}

async function refuseUnlessFree(file: string, overwrite: boolean): Promise<void> {
  const folder = await stat(dirname(file)).catch(() => undefined);
  if (!folder?.isDirectory()) throw errors.folderMissing({ folder: dirname(file) });
  const taken = await stat(file).catch(() => undefined);
  if (taken && !overwrite) throw errors.fileTaken({ file });
}

/** The workspace is on this machine, whoever made the file; it may be on another disk. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyFile(from, to);
    await rm(from);
  }
}
