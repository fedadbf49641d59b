import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { BackupAnswer, BackupRequest, Restored } from '../../../platform/records/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { counted, sizeText, type TableData } from '../output.ts';

/** `finops backup` and `finops restore`: records and lake, and the proof that they came back the same. */
export function register(program: Command, context: Context): void {
  const backup = program
    .command('backup')
    .description('back up records and lake into a new folder; safe while a server runs')
    .helpGroup(groups.workspace)
    .argument(
      '[folder]',
      'the folder to make (default: one named after the time, in backups of the workspace)',
    )
    .option('--name <name>', 'a name in the folder of backups instead')
    .option('--without-raw', 'leave out the fetched originals of bills')
    .option('--with-key', 'put the key file in: whoever has the backup then reads every sealed field')
    .action((folder: string | undefined, options: BackupOptions) => makeBackup(context, folder, options));
  addExamples(backup, {
    'finops backup /mnt/backups/2026-10-31': 'a folder of your own',
    'finops backup --name month-end': 'in the folder of backups',
  });
  const restore = program
    .command('restore')
    .description('restore a backup into an empty workspace, and prove that it is the same')
    .helpGroup(groups.workspace)
    .argument('<backup>', "folder that 'finops backup' made")
    .option('--verify-only', 'prove that it can be restored, and keep nothing')
    .action((folder: string, options: { readonly verifyOnly?: boolean }) =>
      restoreFrom(context, folder, options.verifyOnly ?? false),
    );
  addExamples(restore, {
    'finops restore /mnt/backups/2026-10-31 --data ./restored': 'into a new workspace',
    'finops restore /mnt/backups/2026-10-31 --verify-only': 'what a backup is worth, before it is needed',
  });
}

interface BackupOptions {
  readonly name?: string;
  readonly withoutRaw?: boolean;
  readonly withKey?: boolean;
}

async function makeBackup(
  context: Context,
  folder: string | undefined,
  { name, withoutRaw, withKey }: BackupOptions,
): Promise<void> {
  if (folder !== undefined && name !== undefined)
    throw errors.usage({ problem: 'A folder and --name exclude each other.' });
  const request: BackupRequest = {
    ...(name === undefined ? {} : { name }),
    ...(folder === undefined ? {} : { folder: resolve(context.io.cwd, folder) }),
    raw: !withoutRaw,
    keys: withKey ?? false,
  };
  const answer = await withClient(context, (client) =>
    client.call<BackupAnswer>('POST', address('/backups'), request),
  );
  const { records, lake, auditHead } = answer;
  const table: TableData = {
    columns: [
      { name: 'folder', kind: 'text' },
      { name: 'files', kind: 'number' },
      { name: 'size', kind: 'text' },
      { name: 'rows', header: 'rows of records', kind: 'number' },
      { name: 'snapshots', kind: 'number' },
      { name: 'auditHead', header: 'head of the audit log', kind: 'text' },
    ],
    rows: [
      {
        ...answer,
        records: null,
        lake: null,
        contains: null,
        sealedWith: null,
        size: sizeText(answer.bytes),
        rows: records.rows,
        snapshots: lake.snapshots,
        auditHead: auditHead && `${auditHead.position}:${auditHead.hash.slice(0, 16)}…`,
      },
    ],
  };
  context.print({ json: answer, tables: [table] });
  context.say(keySentence(answer));
}

function keySentence({ contains, sealedWith }: Pick<BackupAnswer, 'contains' | 'sealedWith'>): string {
  if (contains.keys) return 'The backup HOLDS THE KEY of sealed fields: keep it as you keep the key.';
  if (sealedWith.length === 0) return 'No field is sealed yet, so that no key is needed to read this backup.';
  return `The backup does NOT hold the key ${sealedWith.join(', ')}: without it sealed fields can't be read. Keep the key file, or FINOPS_SECRETS_KEY, elsewhere.`;
}

async function restoreFrom(context: Context, folder: string, verifyOnly: boolean): Promise<void> {
  const { values } = context.config();
  const restored = await prove(context, folder, verifyOnly);
  printRestored(context, restored);
  context.say(
    verifyOnly
      ? 'The backup is whole: every checksum, every table, every total and the audit log came out the same. Nothing was kept.'
      : `Restored to ${values.data}: every checksum, every table, every total and the audit log are the same as in the backup.`,
  );
  if (!verifyOnly) await tellMissingKeys(context, restored);
}

async function prove(context: Context, folder: string, verifyOnly: boolean): Promise<Restored> {
  const { values } = context.config();
  const { restoreBackup, verifyBackup } = await import('../../../platform/records/index.ts');
  const progress = context.progress('restore');
  const options = {
    backup: resolve(context.io.cwd, folder),
    clock: context.io.clock,
    threads: values['engine.threads'],
    memoryLimitMb: values['engine.memoryLimitMb'],
    onStep: (step: string) => progress.update({ step }),
  };
  try {
    return verifyOnly
      ? await verifyBackup({ ...options, scratch: await mkdtemp(join(tmpdir(), 'finops-verify-')) })
      : await restoreBackup({ ...options, root: values.data, databaseUrl: values.databaseUrl });
  } finally {
    progress.stop();
  }
}

function printRestored(context: Context, { manifest, recordsRows, lakeRows }: Restored): void {
  const { name, createdAt, product, records, lake } = manifest;
  const months: TableData = {
    title: 'Totals, recomputed',
    columns: [
      { name: 'source', kind: 'text' },
      { name: 'period', header: 'month', kind: 'text' },
      { name: 'dataset', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'column', kind: 'text' },
      { name: 'sum', kind: 'money', currencyColumn: 'currency' },
      { name: 'currency', kind: 'text' },
    ],
    rows: lake.totals.flatMap(({ sums, ...month }) =>
      Object.entries(sums).map(([column, sum]) => ({ ...month, column, sum })),
    ),
  };
  context.print({
    json: {
      name,
      createdAt,
      product,
      records: { tables: records.tables.length, rows: recordsRows, auditHead: records.auditHead },
      lake: { generation: lake.generation, snapshots: lake.snapshots, rows: lakeRows, totals: lake.totals },
      sealedWith: records.sealedWith,
      contains: manifest.contains,
    },
    tables: [months],
  });
  context.say(
    `${counted(records.tables.length, 'table')} with ${counted(recordsRows, 'row')}, ${counted(lake.snapshots, 'snapshot')} with ${counted(lakeRows, 'row')}`,
  );
}

async function tellMissingKeys(context: Context, { manifest }: Restored): Promise<void> {
  const { values } = context.config();
  const { keyIdsAtHand } = await import('../../../platform/records/index.ts');
  const file = values['secrets.keyFile'] ?? join(values.data, 'finops.key');
  const atHand = keyIdsAtHand({ environment: values['secrets.key'], file });
  const missing = manifest.records.sealedWith.filter((id) => !atHand.includes(id));
  if (missing.length > 0)
    context.say(
      `WITHOUT THE KEY ${missing.join(', ')} the sealed fields can't be read: put its file to ${file}, or set FINOPS_SECRETS_KEY.`,
    );
}
