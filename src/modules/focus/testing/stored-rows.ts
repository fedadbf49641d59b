import { join } from 'node:path';
import { newId } from '../../../platform/kernel/index.ts';
import type { DatasetColumn, Selection, Workspace } from '../../../platform/warehouse/index.ts';
import { type Engine, identifier, literal, sqlType } from '../../../platform/warehouse/index.ts';
import { costDataset } from '../dataset.ts';

/** Values of one stored row; a column that is not named is null. Text, or null. */
export type StoredRow = Readonly<Record<string, string | null>>;

/** A clean on-demand row: 2 hours of a virtual machine for 1.50 USD in October 2026, 0.80 an hour at list. */
export const cleanRow: StoredRow = {
  BilledCost: '1.5',
  BillingAccountId: '111111111111',
  BillingAccountName: 'Nordwind',
  BillingCurrency: 'USD',
  BillingPeriodEnd: '2026-11-01 00:00:00',
  BillingPeriodStart: '2026-10-01 00:00:00',
  ChargeCategory: 'Usage',
  ChargeDescription: 'Virtual machine, on demand',
  ChargeFrequency: 'Usage-Based',
  ChargePeriodEnd: '2026-10-05 02:00:00',
  ChargePeriodStart: '2026-10-05 00:00:00',
  ConsumedQuantity: '2',
  ConsumedUnit: 'Hours',
  ContractedCost: '1.5',
  ContractedUnitPrice: '0.75',
  EffectiveCost: '1.5',
  InvoiceIssuerName: 'Example Cloud Inc.',
  ListCost: '1.6',
  ListUnitPrice: '0.8',
  PricingCategory: 'Standard',
  PricingQuantity: '2',
  PricingUnit: 'Hours',
  ServiceCategory: 'Compute',
  ServiceName: 'Machines',
  ServiceProviderName: 'Example Cloud',
  ServiceSubcategory: 'Virtual Machines',
  Tags: '{"team":"web"}',
  x_ConverterVersion: '1',
  x_ImportId: 'imp1',
  x_NativeCost: '1.5',
  x_Part: '0',
  x_SourceFile: 'bill.csv',
  x_SourceFileNumber: '1',
  x_SourceName: 'nordwind',
  x_SourceRow: '1',
};

/** Publishes clean rows, changed as given, as the October 2026 of a source. */
export async function publishRows(
  workspace: Workspace,
  source: string,
  rows: readonly StoredRow[],
): Promise<void> {
  const engine = await workspace.engine();
  const id = newId(workspace.clock, workspace.randomness);
  await workspace.lake.write(async (writer) => {
    const { path, absolute } = await writer.newFile(join('cost', source), `${id}.parquet`);
    const own = rows.map((row) => ({ ...cleanRow, x_SourceName: source, ...row }));
    await engine.run(
      `copy (${valuesSql(own, costDataset.columns)}) to ${literal(absolute)} (format parquet)`,
    );
    const snapshot = await writer.seal({
      id,
      dataset: 'cost',
      source,
      period: '2026-10',
      files: [{ path, rows: rows.length }],
      currencyColumn: null,
      totals: [],
      delivery: { key: `file:${source}`, fingerprint: id },
      final: false,
      raw: [],
      origin: null,
    });
    await writer.publish(`rows of ${source}`, [snapshot]);
  });
}

/** Writes rows as a snapshot's Parquet file would be and selects them; `custom` names the source's own text columns. */
export async function storeRows(
  engine: Engine,
  folder: string,
  rows: readonly StoredRow[],
  custom: readonly string[] = [],
): Promise<Selection> {
  const stored = [...costDataset.columns, ...custom.map((name) => ({ name, type: 'string' as const }))];
  const file = join(folder, `rows-${rows.length}-${custom.length}.parquet`);
  await engine.run(`copy (${valuesSql(rows, stored)}) to ${literal(file)} (format parquet)`);
  const derived = costDataset.derived.map(({ name, sql }) => `${sql} as ${identifier(name)}`).join(', ');
  return {
    relation: `(select *, ${derived} from read_parquet(${literal(file)}))`,
    columns: new Map([...stored, ...costDataset.derived].map(({ name, type }) => [name, type])),
    currencies: [...new Set(rows.map((row) => row['BillingCurrency'] ?? 'XXX'))].sort(),
    generation: 1,
    files: 1,
    rows: rows.length,
  };
}

function valuesSql(rows: readonly StoredRow[], columns: readonly DatasetColumn[]): string {
  const values = rows.map(
    (row) => `(${columns.map(({ name, type }) => `${cell(row[name])}::${sqlType(type)}`).join(', ')})`,
  );
  const names = columns.map(({ name }) => identifier(name)).join(', ');
  return `select * from (values ${values.join(', ')}) as v(${names})`;
}

function cell(value: string | null | undefined): string {
  return value === null || value === undefined ? 'null' : literal(value);
}
