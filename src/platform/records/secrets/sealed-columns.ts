/** A column that holds sealed texts. */
export interface SealedColumn {
  readonly table: string;
  /** Columns that name a row for ever: its primary key, in order. */
  readonly ids: readonly string[];
  /** Its name ends in `_sealed`; its type is text. */
  readonly column: string;
}

/** Every sealed column of the records: what `keys rotate` seals again. A test finds one that is missing here. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'entity', ids: ['id'], column: 'billing_address_sealed' },
  { table: 'idempotency_key', ids: ['id'], column: 'request_sealed' },
  { table: 'idempotency_key', ids: ['id'], column: 'answer_sealed' },
];

/** What a field is sealed with, so that it opens in its own row and column only. `ids` as in `SealedColumn`, as text. */
export function sealedContext(
  { table, column }: Pick<SealedColumn, 'table' | 'column'>,
  ids: readonly string[],
): string {
  return JSON.stringify([table, column, ...ids]);
}
