import type { ColumnType } from 'kysely';
import type { Fixed } from './audit.ts';

/** A value that is read as `Read`, given on insert, and may be changed. */
type Changing<Read> = ColumnType<Read, Read, Read>;
/** As `Changing`, and may be left out on insert. */
type Later<Read> = ColumnType<Read, Read | undefined, Read>;

interface PriceViewTable {
  readonly id: Fixed<string>;
  readonly label: Changing<string>;
  readonly kind: Fixed<'budget' | 'standard' | 'actual' | 'what-if'>;
  /** ISO 4217; null under `actual`. */
  readonly currency: Fixed<string | null>;
  readonly rate_type: Changing<'average' | 'closing' | 'budget'>;
  /** Whose applications it prices; null: all. */
  readonly entity_id: Fixed<string | null>;
  readonly graph_id: Fixed<string | null>;
  readonly retired_at: Later<string | null>;
  readonly active: ColumnType<boolean, never, never>;
  /** 1, raised by every change of the view, its draft included: the ETag. */
  readonly version: ColumnType<number, number | undefined, number>;
}

interface PriceViewVersionTable {
  readonly view_id: Fixed<string>;
  /** 1, 2, 3, … without gaps. */
  readonly number: Fixed<number>;
  readonly entity_id: Fixed<string | null>;
  readonly state: Changing<'draft' | 'published'>;
  /** SHA-256 in hex of the canonical JSON of its lines. */
  readonly content_hash: Changing<string>;
  readonly lines: Changing<number>;
  readonly note: Later<string | null>;
  readonly based_on: Fixed<number | null>;
  readonly supersedes: Later<number | null>;
  readonly created_at: Fixed<string>;
  readonly created_by: Fixed<string>;
  readonly changed_at: Changing<string>;
  readonly published_at: Later<string | null>;
  readonly published_by: Later<string | null>;
}

interface PriceLineTable {
  readonly view_id: Fixed<string>;
  readonly version: Fixed<number>;
  /** In the order of the lines, from 1. */
  readonly number: Fixed<number>;
  /** Of the view. */
  readonly entity_id: Fixed<string | null>;
  readonly level: Fixed<'product' | 'family' | 'domain' | 'view'>;
  readonly target: Fixed<string>;
  /** Narrower than all; empty: any. */
  readonly of_entity: Fixed<string>;
  readonly environment: Fixed<string>;
  readonly region: Fixed<string>;
  readonly kind: Fixed<'unit' | 'pool'>;
  readonly unit: Fixed<string>;
  /** Price of a unit or amount of a pool; null where tiers say it. */
  readonly amount: Fixed<string | null>;
  readonly tier_mode: Fixed<'graduated' | 'all-units' | null>;
  readonly tiers: Fixed<unknown>;
  readonly currency: Fixed<string>;
  /** `2026-10`. */
  readonly valid_from: Fixed<string>;
  /** The first month that it no longer holds; null: until further notice. */
  readonly valid_to: Fixed<string | null>;
  readonly note: Fixed<string | null>;
}

interface PriceCalendarTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly entity_id: Fixed<string | null>;
  readonly view_id: Fixed<string>;
  readonly valid_from: Fixed<string>;
  readonly valid_to: Fixed<string | null>;
}

interface FxRateTable {
  readonly period: Fixed<string>;
  /** 1 base = rate quote. */
  readonly base: Fixed<string>;
  readonly quote: Fixed<string>;
  readonly type: Fixed<'average' | 'closing' | 'budget'>;
  readonly rate: Changing<string>;
  readonly source: Changing<string>;
  readonly as_of: Changing<string>;
  readonly version: ColumnType<number, number | undefined, number>;
}

export interface PriceViewTables {
  readonly price_view: PriceViewTable;
  readonly price_view_version: PriceViewVersionTable;
  readonly price_line: PriceLineTable;
  readonly price_calendar: PriceCalendarTable;
  readonly fx_rate: FxRateTable;
}
