import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ImportDiffAnswer } from '../../../modules/organization/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { counted, type TableData } from '../output.ts';
import { nouns } from './organization-nouns.ts';

interface ImportOptions {
  readonly kind: string;
  readonly dryRun?: boolean;
  readonly replace?: boolean;
  readonly validFrom?: string;
}

const kinds = nouns.map(({ path }) => path);

/** `finops org import FILE --kind applications` and `finops org export KIND`: whole lists as CSV. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('org')
    .description('lists of the organization as CSV files')
    .helpGroup(groups.organization);
  const bring = noun
    .command('import <file>')
    .description('bring a list to what a CSV file says, all or nothing')
    .addOption(new Option('--kind <kind>', 'what the file lists').choices(kinds).makeOptionMandatory())
    .option('--dry-run', 'show the difference and change nothing')
    .option('--replace', 'retire what the file does not name')
    .option('--valid-from <day>', 'the file says how things have been since this day, YYYY-MM-DD')
    .action((file: string, options: ImportOptions) => importFile(context, file, options));
  addExamples(bring, {
    'finops org import teams.csv --kind teams --dry-run': 'what would change',
    'finops org import apps.csv --kind applications --valid-from 2026-01-01': 'owners since January',
  });
  const take = noun
    .command('export <kind>')
    .description('print a list as the CSV file that an import takes back')
    .action((kind: string) => exportKind(context, kind));
  const [first] = take.registeredArguments;
  first?.choices(kinds);
  addExamples(take, { 'finops org export applications > apps.csv': 'every application, retired ones too' });
}

async function importFile(context: Context, file: string, options: ImportOptions): Promise<void> {
  const csv = await readFile(resolve(context.io.cwd, file), 'utf8');
  const { kind, dryRun = false, replace, validFrom } = options;
  const body = {
    kind,
    csv,
    dryRun,
    mode: replace ? 'replace' : 'upsert',
    ...(validFrom === undefined ? {} : { validFrom }),
  };
  const diff = await withClient(context, (client) =>
    client.call<ImportDiffAnswer>('POST', address('/organization/import'), body),
  );
  const { created, changed, retired, restored, unchanged, errors } = diff;
  context.print({ json: diff, tables: [errors.length > 0 ? tableOfErrors(diff) : diffTable(diff)] });
  context.say(
    `${dryRun ? 'would be: ' : ''}${created.length} created, ${changed.length} changed, ${retired.length} retired, ` +
      `${restored.length} restored, ${unchanged} unchanged${errors.length > 0 ? `, ${counted(errors.length, 'error')}` : ''}`,
  );
  if (errors.length > 0) context.exitWith(exitCodes.badData);
}

function diffTable({ created, changed, retired, restored }: ImportDiffAnswer): TableData {
  const whole = (change: string, ids: readonly string[]) => ids.map((id) => ({ change, id }));
  return {
    columns: ['change', 'id', 'field', 'before', 'after'].map((name) => ({ name, kind: 'text' as const })),
    rows: [
      ...whole('created', created),
      ...changed.flatMap(({ id, fields }) => fields.map((field) => ({ change: 'changed', id, ...field }))),
      ...whole('retired', retired),
      ...whole('restored', restored),
    ],
  };
}

function tableOfErrors({ errors }: ImportDiffAnswer): TableData {
  return {
    columns: [
      { name: 'row', kind: 'number' },
      { name: 'field', kind: 'text' },
      { name: 'message', kind: 'text' },
    ],
    rows: errors,
  };
}

async function exportKind(context: Context, kind: string): Promise<void> {
  const csv = await withClient(context, (client) =>
    client.text(address(`/organization/export/${encodeURIComponent(kind)}`)),
  );
  context.io.stdout.write(csv);
}
