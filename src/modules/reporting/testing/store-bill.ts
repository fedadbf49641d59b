import { join } from 'node:path';
import type { Selection } from '../../../platform/warehouse/index.ts';
import { type Engine, identifier, literal, sqlType } from '../../../platform/warehouse/index.ts';
import { costDataset } from '../../focus/index.ts';

/** Values of a cost row by column; a column that is not named is null. */
export type BillRow = Readonly<Record<string, string>>;

/**
 * Writes rows to a Parquet file, typed as in the lake, and selects them: a real file, so that queries read what they read in
 * a lake. `custom`: the source's own text columns.
 */
export async function storeBill(
  engine: Engine,
  file: { readonly folder: string; readonly name: string },
  rows: readonly BillRow[],
  custom: readonly string[] = [],
): Promise<Selection> {
  const stored = [...costDataset.columns, ...custom.map((name) => ({ name, type: 'string' as const }))];
  const path = join(file.folder, `${file.name}.parquet`);
  const values = (rows.length === 0 ? [{}] : rows).map(
    (row: BillRow) =>
      `(${stored.map(({ name, type }) => `${cell(row[name])}::${sqlType(type)}`).join(', ')})`,
  );
  const names = stored.map(({ name }) => identifier(name)).join(', ');
  await engine.run(
    `copy (select * from (values ${values.join(',\n')}) as bill(${names}) where ${rows.length > 0}) to ${literal(path)} (format parquet)`,
  );
  return {
    relation: `read_parquet(${literal(path)})`,
    columns: new Map(stored.map(({ name, type }) => [name, type])),
    currencies: [...new Set(rows.map((row) => row['BillingCurrency'] ?? ''))].sort(),
    generation: 1,
    files: 1,
    rows: rows.length,
  };
}

function cell(value: string | undefined): string {
  return value === undefined ? 'null' : literal(value);
}
