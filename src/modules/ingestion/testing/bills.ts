import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { everything } from '../../../platform/kernel/index.ts';
import { zipOf } from '../../../platform/objects/testing/zip.ts';
import {
  type Engine,
  identifier,
  literal,
  openWorkspace,
  type Row,
  type Workspace,
} from '../../../platform/warehouse/index.ts';
import { costDataset } from '../../focus/index.ts';
import type { ImportRequest, ImportResult } from '../contract.ts';
import { importBill } from '../import-bill.ts';

/** A bill before it is written: column names, and rows of texts in their order. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Cells by column name; what is not named has the default of its builder. */
export type Cells = Readonly<Record<string, string>>;

/** A temporary folder with a workspace in it and a place for bills beside. */
export interface Bench {
  /** Bills are written here; the only allowed root. */
  readonly folder: string;
  readonly workspace: Workspace;
  readonly engine: Engine;
  readonly close: () => Promise<void>;
}

/** Opens a bench; close it after the test. */
export async function openBench(): Promise<Bench> {
  const root = await mkdtemp(join(tmpdir(), 'centrail-ingestion-'));
  const folder = join(root, 'bills');
  await mkdir(folder);
  const workspace = openWorkspace({ root: join(root, 'data'), threads: 2 });
  return {
    folder,
    workspace,
    engine: await workspace.engine(),
    close: async () => {
      await workspace.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Runs the import as the programs do; `folder` is the only root that may be read. */
export async function importInto(
  bench: Bench,
  path: string,
  options: Omit<ImportRequest, 'path'> = {},
): Promise<ImportResult> {
  const { workspace, engine, folder } = bench;
  const { lake, clock, randomness, root } = workspace;
  return importBill(
    { scope: everything, workspaceRoot: root, lake, engine, clock, randomness },
    { path, ...options },
    { roots: [folder] },
  );
}

/** Every current cost row, in the order of its original; `columns` as SQL. */
export async function costRows(bench: Bench, columns: string): Promise<Row[]> {
  const { relation } = await bench.workspace.lake.select(everything, costDataset);
  return bench.engine.rows(
    `select ${columns} from ${relation} order by x_SourceName, BillingPeriodStart, x_SourceFileNumber, x_SourceRow, x_Part`,
  );
}

/** What an import may not change when it is refused: the generation, and the files of the lake with their sizes and times. */
export async function stateOf(bench: Bench): Promise<{ generation: number; files: string[] }> {
  const { generation } = await bench.workspace.lake.current();
  const root = bench.workspace.root;
  const names = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = [];
  for (const entry of names.filter((candidate) => candidate.isFile())) {
    const path = join(entry.parentPath, entry.name);
    // The lock's file and DuckDB's spill folder are no part of the books.
    if (/write\.lock|tmp\/duckdb/.test(path)) continue;
    const { size, mtimeMs } = await stat(path);
    files.push(`${relative(root, path)} ${size} ${mtimeMs}`);
  }
  return { generation, files: files.sort() };
}

/** One hour of an instance, on demand: USD 0.10 for October 2026. Line ids are left out: nothing reads them. */
const usage: Cells = {
  'bill/InvoiceId': '',
  'bill/InvoicingEntity': 'Amazon Web Services, Inc.',
  'bill/BillingEntity': 'AWS',
  'bill/BillType': 'Anniversary',
  'bill/PayerAccountId': '111111111111',
  'bill/BillingPeriodStartDate': '2026-10-01T00:00:00Z',
  'bill/BillingPeriodEndDate': '2026-11-01T00:00:00Z',
  'lineItem/UsageAccountId': '222222222222',
  'lineItem/LineItemType': 'Usage',
  'lineItem/UsageStartDate': '2026-10-05T00:00:00Z',
  'lineItem/UsageEndDate': '2026-10-05T01:00:00Z',
  'lineItem/ProductCode': 'AmazonEC2',
  'lineItem/UsageType': 'BoxUsage:m5.large',
  'lineItem/Operation': 'RunInstances',
  'lineItem/UsageAmount': '1',
  'lineItem/CurrencyCode': 'USD',
  'lineItem/UnblendedRate': '0.1',
  'lineItem/UnblendedCost': '0.1',
  'lineItem/LineItemDescription': 'one hour on demand',
  'pricing/unit': 'Hrs',
};

/** A table from cells: `defaults` for what a row does not name, and columns that only some rows name at the end. */
export function tableOf(defaults: Cells, rows: readonly Cells[]): Table {
  const header = [...new Set([defaults, ...rows].flatMap((cells) => Object.keys(cells)))];
  return {
    header,
    rows: rows.map((cells) => header.map((name) => cells[name] ?? defaults[name] ?? '')),
  };
}

/** A CUR v1 of a few rows, each a usage row unless its cells say otherwise. */
export function cur(...rows: readonly Cells[]): Table {
  return tableOf(usage, rows);
}

/** The same table without some columns. */
export function without(table: Table, ...names: readonly string[]): Table {
  const kept = table.header.map((name) => !names.includes(name));
  const keep = (cells: readonly string[]) => cells.filter((_, index) => kept[index]);
  return { header: keep(table.header), rows: table.rows.map(keep) };
}

/** A row of FOCUS 1.2: one usage charge of USD 1 in October 2026. */
const charge: Cells = {
  BilledCost: '1',
  EffectiveCost: '1',
  ListCost: '1',
  ContractedCost: '1',
  BillingAccountId: 'acme',
  BillingAccountName: 'Acme',
  BillingCurrency: 'USD',
  BillingPeriodStart: '2026-10-01T00:00:00Z',
  BillingPeriodEnd: '2026-11-01T00:00:00Z',
  ChargePeriodStart: '2026-10-05T00:00:00Z',
  ChargePeriodEnd: '2026-10-06T00:00:00Z',
  ChargeCategory: 'Usage',
  ChargeClass: '',
  ChargeDescription: 'a day of service',
  InvoiceId: '',
  InvoiceIssuerName: 'Example Cloud',
  ProviderName: 'Example Cloud',
  PublisherName: 'Example Cloud',
  ServiceCategory: 'Compute',
  ServiceName: 'Machines',
};

/** A FOCUS 1.2 bill of a few rows. */
export function focus(...rows: readonly Cells[]): Table {
  return tableOf(charge, rows);
}

/** A table as CSV text: quoted where it must be, line feeds, a final one. */
export function csv({ header, rows }: Table): string {
  const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return `${[header, ...rows].map((cells) => cells.map(quoted).join(',')).join('\n')}\n`;
}

/** Writes a bill; the name's ending says how: `.csv`, `.csv.gz`, `.zip`, `.parquet` (all text) or bytes as they are. */
export async function put(bench: Bench, name: string, bill: Table | string | Uint8Array): Promise<string> {
  const path = join(bench.folder, name);
  await mkdir(dirname(path), { recursive: true });
  if (bill instanceof Uint8Array || typeof bill === 'string') await writeFile(path, bill);
  else if (name.endsWith('.parquet')) await putParquet(bench.engine, path, bill, () => 'varchar');
  else {
    const bytes = Buffer.from(csv(bill));
    if (name.endsWith('.gz')) await writeFile(path, gzipSync(bytes));
    else if (name.endsWith('.zip')) await writeFile(path, zipOf([{ name: 'bill.csv', content: bytes }]));
    else await writeFile(path, bytes);
  }
  return path;
}

/** The name that Athena and CUR 2.0 give a CUR v1 column: `savingsPlan/SavingsPlanARN` → `savings_plan_savings_plan_a_r_n`. */
export function snakeCase(name: string): string {
  return name
    .replace('/', '_')
    .replace(/([A-Z])/g, '_$1')
    .toLowerCase()
    .replace(/__+/g, '_');
}

/** Map columns of CUR 2.0, by the CUR v1 groups that they hold. */
const maps: Readonly<Record<string, string>> = {
  resourceTags: 'resource_tags',
  costCategory: 'cost_category',
  discount: 'discount',
};

/** The product attributes that CUR 2.0 keeps in its map. */
const productKeys: Readonly<Record<string, string>> = {
  'product/ProductName': 'product_name',
  'product/vcpu': 'vcpu',
  'product/memory': 'memory',
  'product/operatingSystem': 'operating_system',
};

/** Writes a CUR v1 table as AWS delivers CUR 2.0: snake case, doubles and timestamps, maps for tags, products and discounts. */
export async function putCur2(bench: Bench, name: string, table: Table): Promise<string> {
  const path = join(bench.folder, name);
  await mkdir(dirname(path), { recursive: true });
  const mapOf = (column: string) =>
    productKeys[column] !== undefined ? 'product' : maps[column.split('/')[0] ?? ''];
  const keyOf = (column: string) =>
    productKeys[column] ?? (column.split('/')[1] ?? '').replace(/^user:/, 'user_').toLowerCase();
  const columns = table.header
    .filter((column) => mapOf(column) === undefined)
    .map((column) => `${typed(column, column)} as ${identifier(snakeCase(column))}`);
  const names = new Set(['product', ...Object.values(maps)]);
  const mapColumns = [...names].map((map) => {
    const entries = table.header
      .filter((column) => mapOf(column) === map)
      .map((column) => `{'key': ${literal(keyOf(column))}, 'value': ${identifier(column)}}`);
    const list =
      entries.length === 0 ? '[]::struct(key varchar, value varchar)[]' : `[${entries.join(', ')}]`;
    return `map_from_entries(list_filter(${list}, e -> e.value <> '')) as ${map}`;
  });
  await bench.engine.run(
    `copy (select ${[...columns, ...mapColumns].join(', ')} from ${valuesOf(table)}) to ${literal(path)} (format parquet)`,
  );
  return path;
}

function typed(column: string, name: string): string {
  const text = `nullif(${identifier(name)}, '')`;
  if (/Cost|Rate$|Amount|Fee|Commitment|Units|Quantity/.test(column) && !/RateCode|RateId/.test(column))
    return `${text}::double`;
  return /Date$/.test(column) ? `${text}::timestamptz::timestamp` : text;
}

/** Writes a table as Parquet, each column of the type that `typeOf` names; empty cells are null. */
export async function putParquet(
  engine: Engine,
  path: string,
  table: Table,
  typeOf: (column: string) => string,
): Promise<void> {
  const columns = table.header.map(
    (name) => `nullif(${identifier(name)}, '')::${typeOf(name)} as ${identifier(name)}`,
  );
  await engine.run(
    `copy (select ${columns.join(', ')} from ${valuesOf(table)}) to ${literal(path)} (format parquet)`,
  );
}

function valuesOf({ header, rows }: Table): string {
  const values = rows.map((cells) => `(${cells.map(literal).join(', ')})`).join(', ');
  return `(values ${values}) as bill(${header.map(identifier).join(', ')})`;
}
