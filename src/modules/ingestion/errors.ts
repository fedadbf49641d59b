import { errorTable, refusal } from '../../platform/kernel/index.ts';

type Where = { readonly file: string };

export const ingestionErrors = errorTable('ingestion', {
  notFound: refusal(404, 'notFound', (p: { path: string }) => `There is no file or folder ${p.path}.`),
  nothingToImport: refusal(
    422,
    'badData',
    (p: { path: string }) =>
      `${p.path} holds no bill that we read: no CSV, CSV.GZ, ZIP or Parquet file of a known format, and no manifest.`,
  ),
  unknownFormat: refusal(
    422,
    'badData',
    (p: Where & { columns: string }) =>
      `${p.file} is no bill that we know (its columns begin ${p.columns}). Use --as mapping:FILE to say which column is which.`,
  ),
  emptyFile: refusal(
    422,
    'badData',
    (p: Where) => `${p.file} is empty. A bill has at least a header and one row.`,
  ),
  headerOnly: refusal(
    422,
    'badData',
    (p: Where) =>
      `${p.file} has a header and no rows. Fetch it again; the months that are loaded stay as they are.`,
  ),
  tooManyColumns: refusal(
    422,
    'badData',
    (p: Where & { columns: number; limit: number }) =>
      `${p.file} has ${p.columns} columns; the limit is ${p.limit}. It is not a bill, or its delimiter is not a comma.`,
  ),
  damagedFile: refusal(
    422,
    'badData',
    (p: Where & { reason: string }) =>
      `${p.file} is damaged: ${p.reason}. Fetch it again; nothing was changed.`,
  ),
  wrongEncoding: refusal(
    422,
    'badData',
    (p: Where & { row: number; text: string }) =>
      `${p.file}, row ${p.row} is not UTF-8 (${p.text}). Convert the file to UTF-8; nothing was changed.`,
  ),
  noCostColumn: refusal(
    422,
    'badData',
    (p: Where & { expected: string }) =>
      `${p.file} has no cost column (${p.expected}): it cannot be reconciled. Add the column to the export.`,
  ),
  noBillingPeriod: refusal(
    422,
    'badData',
    (p: Where) => `${p.file} names no billing month. Pass --period YYYY-MM.`,
  ),
  unreadableCells: refusal(
    422,
    'badData',
    (
      p: Where & {
        row: number;
        field: string;
        value: string;
        rule: string;
        rows: number;
        costAtStake: string | null;
      },
    ) =>
      `${p.file}, row ${p.row}, ${p.field}: '${p.value}' is not a ${p.rule === 'unreadable-number' ? 'number' : 'date'} that a bill may hold. ${p.rows} row(s)${p.costAtStake === null ? '' : ` with a cost of ${p.costAtStake}`} would be left out; mend the file, or pass --accept-quarantine ${p.rule}.`,
  ),
  raggedRows: refusal(
    422,
    'badData',
    (
      p: Where & { row: number; fields: number; expected: number; rows: number; costAtStake: string | null },
    ) =>
      `${p.file}, row ${p.row} has ${p.fields} fields instead of ${p.expected}. ${p.rows} ragged row(s)${p.costAtStake === null ? '' : ` with a cost of ${p.costAtStake}`} would be left out; mend the file, or pass --accept-quarantine ragged-row.`,
  ),
  unknownCurrency: refusal(
    422,
    'badData',
    (p: Where & { row: number; field: string; value: string }) =>
      `${p.file}, row ${p.row}, ${p.field}: '${p.value}' is no ISO 4217 currency.`,
  ),
  mixedCurrencies: refusal(
    422,
    'badData',
    (p: Where & { row: number; field: string; account: string; period: string; currencies: string }) =>
      `${p.file}, row ${p.row}, ${p.field}: billing account ${p.account} is billed in several currencies in ${p.period} (${p.currencies}). One account has one billing currency; split the file.`,
  ),
  negativePeriod: refusal(
    422,
    'badData',
    (p: Where & { row: number; field: string; start: string; end: string }) =>
      `${p.file}, row ${p.row}, ${p.field}: the period ends (${p.end}) before it starts (${p.start}).`,
  ),
  unbalanced: refusal(
    422,
    'booksDoNotBalance',
    (p: {
      source: string;
      period: string;
      currency: string;
      rule: string;
      difference: string;
      file: string;
    }) =>
      `${p.source} ${p.period} ${p.currency}: ${p.rule} does not hold, by ${p.difference} (${p.file}). Nothing was changed.`,
  ),
  restated: refusal(
    409,
    'conflict',
    (p: { source: string; period: string; before: string; after: string }) =>
      `restated-closed-month: ${p.source} ${p.period} was closed by the provider at ${p.before} and this delivery says ${p.after}. Look at it with --dry-run, then pass --accept-restatement.`,
  ),
  otherDelivery: refusal(
    409,
    'conflict',
    (p: { source: string; period: string; existing: string; path: string }) =>
      `Month ${p.period} of source '${p.source}' came from ${p.existing}; ${p.path} would replace it. Pass --source ${p.source} to replace it, or another --source to add it beside.`,
  ),
  strayMonth: refusal(
    422,
    'badData',
    (p: Where & { period: string; found: string; rows: number; existing: string }) =>
      `${p.file} is the bill of ${p.period}, but ${p.rows} row(s) in it are of ${p.found}: they would replace the whole of that month, which came from ${p.existing}. Ask for the export again; where its rows name no billing month, pass --period ${p.period}.`,
  ),
  changedWhileReading: refusal(
    409,
    'conflict',
    (p: Where) => `${p.file} changed while it was read. Nothing was changed; run the import again.`,
  ),
  mixedDatasets: refusal(
    422,
    'badData',
    (p: Where & { dataset: string; first: string }) =>
      `${p.file} holds the dataset ${p.dataset}, the files before it ${p.first}. Import them as two sources.`,
  ),
  unfitMapping: refusal(
    422,
    'badData',
    (p: Where & { reason: string }) => `The mapping ${p.file} does not fit: ${p.reason}.`,
  ),
  unknownRow: refusal(
    404,
    'notFound',
    (p: { id: string }) => `There is no row '${p.id}' in any snapshot. A row id reads import:file:row:part.`,
  ),
  unknownImport: refusal(
    404,
    'notFound',
    (p: { id: string }) =>
      `There is no import '${p.id}' in the lake; 'finops snapshots list' shows what there is, and gc removes what is old.`,
  ),
  unknownExport: refusal(
    404,
    'notFound',
    (p: { name: string; known: readonly string[] }) =>
      `There is no AWS export '${p.name}' in the configuration; it has ${p.known.length === 0 ? 'none' : p.known.join(', ')}.`,
  ),
  noExports: refusal(
    400,
    'usage',
    (_: Record<never, never>) =>
      'No AWS export is configured. Add an [[aws.exports]] table to finops.toml, or pass --uri s3://bucket/prefix.',
  ),
  foreignBucket: refusal(
    403,
    'access',
    (p: { path: string }) =>
      `${p.path} belongs to no configured export. Add it to aws.exports of the server, or import it from the command line.`,
  ),
  foreignSource: refusal(
    403,
    'access',
    (p: { source: string }) =>
      `You may not import into source '${p.source}': it is not within your roles. Name one of yours with --source, or ask somebody without limits to import the first bill of a new source; nothing was read.`,
  ),
  namelessSource: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      'Your roles cover several entities, so that nobody can tell which one this import is for. Name the source of the bills with --source.',
  ),
  foreignAccess: refusal(
    403,
    'access',
    (p: { fields: readonly string[] }) =>
      `Only the owner of the workspace says where exports lie and with what rights they are read (${p.fields.join(', ')}). Name exports of aws.exports of the server; nothing was read.`,
  ),
  severalEntities: refusal(
    403,
    'access',
    (p: { exports: readonly string[] }) =>
      `The exports ${p.exports.join(', ')} belong to several entities, but your import to one. Name the exports of one entity with --export; nothing was read.`,
  ),
  unfitCursor: refusal(
    400,
    'usage',
    (p: { cursor: string }) =>
      `'${p.cursor}' is no cursor of this list. Take it from 'next' of the page before, or leave it out.`,
  ),
  unknownWord: refusal(
    422,
    'usage',
    (p: { option: string; value: string; allowed: string }) =>
      `${p.option} '${p.value}' is unknown; use ${p.allowed}.`,
  ),
  unfitInvoiceTotal: refusal(
    422,
    'usage',
    (p: { text: string; reason: string }) =>
      `'${p.text}' is no invoice total (${p.reason}). Write it as printed with a decimal point: 12,345.67 or 12345.67.`,
  ),
  whichCurrency: refusal(
    422,
    'usage',
    (p: { source: string; period: string; currencies: string; asked: string }) =>
      `${p.source} ${p.period} is billed in ${p.currencies}, not in ${p.asked}. Pass the invoice's currency with --currency.`,
  ),
  unknownInvoice: refusal(
    404,
    'notFound',
    (p: { source: string; period: string; invoice: string; invoices: string }) =>
      `${p.source} ${p.period} has no invoice '${p.invoice}'. Its invoices: ${p.invoices}.`,
  ),
});
