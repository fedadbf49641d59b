import type { ColumnType } from 'kysely';
import type { Fixed } from './audit.ts';

interface ConsumptionOriginTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly entity_id: Fixed<string>;
  readonly product_id: Fixed<string>;
  readonly kind: Fixed<'import' | 'focus' | 'allocation' | 'derived'>;
  /** The importing system, or the name of the rule. */
  readonly source: Fixed<string>;
  readonly definition: Fixed<unknown>;
  readonly valid_from: Fixed<string>;
  readonly valid_to: ColumnType<string | null, string | null, string | null>;
  readonly declared_at: Fixed<string>;
  readonly declared_by: Fixed<string>;
}

interface ConsumptionImportTable {
  readonly id: ColumnType<bigint, never, never>;
  /** Whose facts it brought or took away; of a refused one whose they would be. */
  readonly entities: Fixed<readonly string[]>;
  readonly source: Fixed<string>;
  readonly kind: Fixed<'import' | 'focus' | 'allocation' | 'derived'>;
  readonly origin: Fixed<string>;
  readonly periods: Fixed<readonly string[]>;
  readonly content_hash: Fixed<string>;
  readonly rows_read: Fixed<number>;
  readonly rows_taken: Fixed<number>;
  readonly rows_rejected: Fixed<number>;
  readonly state: Fixed<'taken' | 'refused'>;
  readonly imported_at: Fixed<string>;
  readonly imported_by: Fixed<string>;
}

interface ConsumptionRejectTable {
  readonly import_id: Fixed<bigint>;
  readonly entity_id: Fixed<string | null>;
  readonly row_number: Fixed<number>;
  readonly field: Fixed<string>;
  readonly message: Fixed<string>;
  readonly line: Fixed<string>;
}

/** Where a quantity stands: month, entity, product, application, environment, region. */
interface Cell {
  /** `2026-10`. */
  readonly period: Fixed<string>;
  readonly entity_id: Fixed<string>;
  readonly application_id: Fixed<string>;
  readonly product_id: Fixed<string>;
  readonly environment: Fixed<string>;
  /** `n_a` where nobody said. */
  readonly region: Fixed<string>;
  readonly kind: Fixed<'DIRECT' | 'INDIRECT'>;
  /** Decimal text in the product's unit; a weight when INDIRECT. */
  readonly quantity: Fixed<string>;
}

interface ConsumptionTable extends Cell {
  readonly resource: Fixed<string>;
  readonly import_id: Fixed<bigint>;
  readonly row_number: Fixed<number | null>;
  readonly explanation: Fixed<string | null>;
}

interface ConsumptionPartTable {
  readonly entity_id: Fixed<string>;
  readonly period: Fixed<string>;
  readonly product_id: Fixed<string>;
  readonly origin_kind: Fixed<'import' | 'focus' | 'allocation' | 'derived'>;
  readonly source: Fixed<string>;
  readonly import_id: Fixed<bigint>;
  readonly kind: Fixed<'DIRECT' | 'INDIRECT'>;
  /** Of the product when the facts came. */
  readonly unit: Fixed<string>;
  readonly content_hash: Fixed<string>;
  readonly facts: Fixed<number>;
  /** Σ of the facts, decimal text. */
  readonly quantity: Fixed<string>;
}

interface ConsumptionSummaryTable extends Cell {
  readonly facts: Fixed<number>;
  readonly import_id: ColumnType<bigint, bigint | undefined, bigint>;
}

interface ConsumptionProductTable extends Omit<Cell, 'application_id'> {
  readonly applications: Fixed<number>;
  readonly facts: Fixed<number>;
}

interface ConsumptionWatermarkTable {
  readonly entity_id: Fixed<string>;
  readonly period: Fixed<string>;
  readonly facts_hash: ColumnType<string, string, string>;
  readonly facts: ColumnType<number, number, number>;
  readonly changed_at: ColumnType<string, string, string>;
}

interface PricingTable {
  readonly id: ColumnType<bigint, never, never>;
  /** Null: of no entity. */
  readonly entity_id: Fixed<string | null>;
  readonly period: Fixed<string>;
  readonly view_id: Fixed<string>;
  /** Of the view; 0 under `actual`. */
  readonly version: Fixed<number>;
  readonly price_period: Fixed<string>;
  readonly weights: Fixed<string | null>;
  readonly currency: Fixed<string>;
  readonly run_id: Fixed<string | null>;
  readonly inputs_hash: Fixed<string>;
  readonly cost: Fixed<string>;
  readonly direct: Fixed<string>;
  readonly indirect: Fixed<string>;
  readonly unallocated: Fixed<string>;
  readonly lines: Fixed<number>;
  readonly unpriced: Fixed<number>;
  readonly freeze_number: ColumnType<number | null, number | null | undefined, number | null>;
  readonly applied_at: Fixed<string>;
}

interface PricingPriceTable {
  readonly pricing_id: Fixed<bigint>;
  /** Null: of no entity. */
  readonly entity_id: Fixed<string | null>;
  readonly product_id: Fixed<string>;
  readonly environment: Fixed<string>;
  readonly region: Fixed<string>;
  readonly kind: Fixed<'unit' | 'tiers' | 'pool' | 'none'>;
  readonly line_number: Fixed<number | null>;
  readonly numerator: Fixed<string | null>;
  readonly denominator: Fixed<string | null>;
  readonly line_unit: Fixed<string | null>;
  readonly line_amount: Fixed<string | null>;
  readonly line_currency: Fixed<string | null>;
  readonly rate: Fixed<string | null>;
  readonly rate_type: Fixed<string | null>;
  readonly rate_source: Fixed<string | null>;
  readonly reason: Fixed<string | null>;
}

interface ApplicationCostTable {
  readonly pricing_id: Fixed<bigint>;
  /** Null: of no entity. */
  readonly entity_id: Fixed<string | null>;
  /** `~unallocated`: the amount of a pool that nobody has a weight for. */
  readonly application_id: Fixed<string>;
  readonly product_id: Fixed<string>;
  readonly environment: Fixed<string>;
  readonly region: Fixed<string>;
  readonly kind: Fixed<string>;
  readonly quantity: Fixed<string>;
  /** Null: unpriced. */
  readonly cost: Fixed<string | null>;
}

interface ApplicationMonthCostTable {
  readonly pricing_id: Fixed<bigint>;
  /** Null: of no entity. */
  readonly entity_id: Fixed<string | null>;
  readonly application_id: Fixed<string>;
  readonly cost: Fixed<string>;
  readonly direct: Fixed<string>;
  readonly indirect: Fixed<string>;
  readonly lines: Fixed<number>;
  readonly unpriced: Fixed<number>;
}

interface ProductMonthCostTable {
  readonly pricing_id: Fixed<bigint>;
  /** Null: of no entity. */
  readonly entity_id: Fixed<string | null>;
  readonly product_id: Fixed<string>;
  readonly environment: Fixed<string>;
  readonly kind: Fixed<string>;
  readonly quantity: Fixed<string>;
  readonly cost: Fixed<string>;
  readonly applications: Fixed<number>;
  readonly lines: Fixed<number>;
  readonly unpriced: Fixed<number>;
}

interface PeriodFreezeTable {
  readonly entity_id: Fixed<string>;
  readonly period: Fixed<string>;
  readonly number: Fixed<number>;
  readonly view_id: Fixed<string>;
  readonly version: Fixed<number>;
  readonly content_hash: Fixed<string>;
  readonly run_id: Fixed<string | null>;
  readonly frozen_at: Fixed<string>;
  readonly frozen_by: Fixed<string>;
  readonly ended_at: ColumnType<string | null, string | null | undefined, string | null>;
  readonly ended_by: ColumnType<string | null, string | null | undefined, string | null>;
  readonly end_reason: ColumnType<string | null, string | null | undefined, string | null>;
}

export interface ShowbackTables {
  readonly consumption_origin: ConsumptionOriginTable;
  readonly consumption_import: ConsumptionImportTable;
  readonly consumption_reject: ConsumptionRejectTable;
  readonly consumption: ConsumptionTable;
  readonly consumption_part: ConsumptionPartTable;
  readonly consumption_summary: ConsumptionSummaryTable;
  readonly consumption_product: ConsumptionProductTable;
  readonly consumption_watermark: ConsumptionWatermarkTable;
  readonly pricing: PricingTable;
  readonly pricing_price: PricingPriceTable;
  readonly application_cost: ApplicationCostTable;
  readonly application_month_cost: ApplicationMonthCostTable;
  readonly product_month_cost: ProductMonthCostTable;
  readonly period_freeze: PeriodFreezeTable;
}
