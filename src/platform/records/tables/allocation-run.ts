import type { ColumnType } from 'kysely';
import type { Fixed } from './audit.ts';

interface AllocationRunTable {
  /** Hash of everything that it was computed from. */
  readonly id: Fixed<string>;
  readonly graph_id: Fixed<string>;
  /** Of the graph; a published one. */
  readonly version: Fixed<number>;
  /** Whose graph it is; null: the installation's. */
  readonly entity_id: Fixed<string | null>;
  readonly period: Fixed<string>;
  readonly state: ColumnType<string, string, string>;
  readonly method: ColumnType<unknown, unknown, unknown>;
  readonly inputs: ColumnType<unknown, unknown, unknown>;
  readonly result: ColumnType<unknown, unknown, unknown>;
  /** Under which the lake holds its figures; null when its books do not balance. */
  readonly snapshot_id: ColumnType<string | null, string | null, string | null>;
  readonly computed_at: ColumnType<string, string, string>;
  readonly computed_by: ColumnType<string, string, string>;
  /** When and by whom it was published last. */
  readonly published_at: ColumnType<string | null, string | null | undefined, string | null>;
  readonly published_by: ColumnType<string | null, string | null | undefined, string | null>;
}

export interface AllocationRunTables {
  readonly allocation_run: AllocationRunTable;
}
