import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { AllocationExportAnswer } from '../../../modules/allocation/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../help.ts';
import { outFile } from '../out-file.ts';
import { counted, sizeText } from '../output.ts';

interface ExportOptions {
  readonly month: string;
  readonly graph: string;
  readonly run?: string;
  readonly dataset: string;
  readonly fileFormat?: 'csv' | 'parquet';
  readonly out: string;
  readonly verbatim?: boolean;
  readonly overwrite?: boolean;
}

const datasets = ['allocation', 'flow', 'attribution', 'focus', 'nodes', 'types', 'products'];

/** Adds `finops allocate export` to the noun. */
export function addExport(noun: Command, context: Context): void {
  const command = noun
    .command('export')
    .description(
      'write the results of a month to a file; focus: the bill, each row split by where its cost stays',
    )
    .requiredOption('--month <month>', 'billing month, YYYY-MM')
    .requiredOption('--out <file>', 'file to write, or s3://bucket/key')
    .addOption(new Option('--dataset <name>', 'what to write').choices(datasets).default('allocation'))
    .addOption(
      new Option('--file-format <format>', 'of the file; from its name by default').choices([
        'csv',
        'parquet',
      ]),
    )
    .option('--graph <id>', 'which graph', 'main')
    .option('--run <id>', 'a run that need not be published')
    .option('--verbatim', 'leave text as it is that a spreadsheet would run as a formula')
    .option('--overwrite', 'replace the file')
    .action((options: ExportOptions) => write(context, options));
  addExamples(command, {
    'finops allocate export --month 2026-10 --dataset focus --out split.parquet':
      'FOCUS 1.4 with Allocated… columns',
    'finops allocate export --month 2026-10 --dataset nodes --out nodes.csv': 'a line per node',
    'finops allocate export --month 2026-10 --dataset flow --out flow.parquet':
      'every edge, day and dimension',
  });
}

async function write(context: Context, options: ExportOptions): Promise<void> {
  const { month, graph, run, dataset, verbatim = false, overwrite = false } = options;
  const out = await outFile(context, options.out, overwrite);
  const format = options.fileFormat ?? (out.name.endsWith('.parquet') ? 'parquet' : 'csv');
  // Two exports at once have different names.
  const name = `cli-${process.pid}-${context.io.clock.now().getTime()}.${format}`;
  const body = { month, graph, dataset, format, verbatim, name, ...(run === undefined ? {} : { run }) };
  const made = await withClient(context, async (client) => {
    const answer = await client.call<AllocationExportAnswer>('POST', address('/allocation/exports'), body);
    await out.take(join(client.root, 'exports', answer.name));
    return answer;
  });
  const { rows, bytes, columns, sums } = made;
  context.print({
    json: { ...made, name: undefined, file: out.name },
    tables: [
      {
        columns: [
          { name: 'column', kind: 'text' },
          { name: 'origin', header: 'in the bill', kind: 'number' },
          { name: 'parts', header: 'sum of the parts', kind: 'number' },
          { name: 'currency', kind: 'text' },
        ],
        rows: sums,
      },
    ],
  });
  context.say(
    `${out.name}: ${counted(rows, 'row')}, ${counted(columns.length, 'column')}, ${sizeText(bytes)}`,
  );
}
