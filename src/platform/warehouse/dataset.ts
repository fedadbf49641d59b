/** Types that a dataset's column may have; `json` is a JSON object as text, `timestamp` is UTC. */
export type ColumnType = 'string' | 'decimal' | 'timestamp' | 'json' | 'integer' | 'boolean';

export interface DatasetColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * A dataset as its module describes it. The warehouse knows no column name of its own:
 * the roles say which column plays which part in a query.
 */
export interface Dataset {
  /** Folder and manifest key: `cost`. */
  readonly name: string;
  /** Columns that every snapshot holds, in order. */
  readonly columns: readonly DatasetColumn[];
  /** Columns computed on reading, as SQL over the stored ones. */
  readonly derived: readonly (DatasetColumn & { readonly sql: string })[];
  readonly roles: DatasetRoles;
}

export interface DatasetRoles {
  /** Name of the source that a row came from, as in its partition: what a scope is put on. */
  readonly source: string;
  /**
   * Columns of the owning entity and application, where rows are seen by these and not by the source of a bill: a limited scope
   * then shows rows that name one of its entities or applications.
   */
  readonly entity?: string;
  readonly application?: string;
  /** Timestamp of the first day of the billing month. */
  readonly billingPeriodStart: string;
  /** Start and end (exclusive) of the time that a charge is for. */
  readonly chargePeriodStart: string;
  readonly chargePeriodEnd: string;
  /** ISO 4217 code of every money column. */
  readonly currency: string;
  /** JSON object of tags: key → value. */
  readonly tags: string;
  /** Money columns that may be summed. */
  readonly costs: readonly string[];
  /** Quantity columns that may be summed, each with the column of its unit. */
  readonly quantities: readonly { readonly column: string; readonly unit: string }[];
}

/** The stored rows that a query reads: a table expression over the files of the months asked. */
export interface Selection {
  /** A table expression in DuckDB SQL with every column of `columns`. */
  readonly relation: string;
  /** Dataset columns, derived columns, and the source's own `x_` columns. */
  readonly columns: ReadonlyMap<string, ColumnType>;
  /** Currencies present in the files, sorted. */
  readonly currencies: readonly string[];
  /** Manifest generation that was read: the same query on the same generation gives the same answer. */
  readonly generation: number;
  readonly files: number;
  readonly rows: number;
}

/** Which partitions to read: billing months (both included) and sources; all when absent. */
export interface SelectionRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly sources?: readonly string[] | undefined;
}
