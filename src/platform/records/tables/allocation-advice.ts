import type { ColumnType, Generated } from 'kysely';
import type { Fixed } from './audit.ts';

interface RevenueTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly graph_id: Fixed<string>;
  /** Whose revenue it is; null: the installation's. */
  readonly entity_id: Fixed<string | null>;
  /** `2026-10`. */
  readonly period: Fixed<string>;
  /** The system that it came from. */
  readonly source: Fixed<string>;
  /** A product node of the graph; null: it was given for an application. */
  readonly node_id: Fixed<string | null>;
  /** The application that it was given for, or that of the node. */
  readonly application_id: Fixed<string | null>;
  /** ISO 4217. */
  readonly currency: Fixed<string>;
  /** Decimal text; negative: given back. */
  readonly amount: Fixed<string>;
  /** In the file or list; a file's header is row 1. */
  readonly row_number: Fixed<number>;
  readonly imported_at: Fixed<string>;
  /** Name of the actor. */
  readonly imported_by: Fixed<string>;
}

interface RecommendationTable {
  readonly id: Fixed<string>;
  readonly graph_id: Fixed<string>;
  readonly entity_id: string | null;
  readonly application_id: string | null;
  readonly kind: Fixed<string>;
  /** What it is about, the same in every month; unique in a graph. */
  readonly key: Fixed<string>;
  readonly node_id: string | null;
  readonly status: Generated<'open' | 'accepted' | 'dismissed' | 'done'>;
  /** Why; a dismissed one has it. */
  readonly reason: ColumnType<string | null, string | null | undefined, string | null>;
  /** 1, raised by every decision. */
  readonly version: Generated<number>;
  readonly created_at: Fixed<string>;
  readonly decided_at: ColumnType<string | null, string | null | undefined, string | null>;
  readonly decided_by: ColumnType<string | null, string | null | undefined, string | null>;
}

interface RecommendationMonthTable {
  readonly recommendation_id: Fixed<string>;
  readonly graph_id: Fixed<string>;
  readonly entity_id: Fixed<string | null>;
  readonly application_id: Fixed<string | null>;
  readonly period: Fixed<string>;
  readonly run_id: Fixed<string>;
  readonly currency: Fixed<string>;
  /** Decimal text; of the rows that it is about. */
  readonly cost: Fixed<string>;
  /** Decimal text, at most `cost`; null where nothing is saved. */
  readonly saving: Fixed<string | null>;
  readonly title: Fixed<string>;
  readonly formula: Fixed<string | null>;
  readonly facts: Fixed<unknown>;
  readonly basis: Fixed<unknown>;
  readonly evidence: Fixed<unknown>;
  /** How many rows there are behind `evidence`, which holds the largest. */
  readonly evidence_rows: Fixed<number>;
  readonly computed_at: Fixed<string>;
}

export interface AllocationAdviceTables {
  readonly revenue: RevenueTable;
  readonly recommendation: RecommendationTable;
  readonly recommendation_month: RecommendationMonthTable;
}
