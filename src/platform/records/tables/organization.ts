import type { ColumnType } from 'kysely';
import type { Fixed } from './audit.ts';

/** Null unless given; may change. */
type Optional = ColumnType<string | null, string | null | undefined, string | null>;

/** What every object of the organization has. */
interface ObjectTable {
  /** Chosen by people, for ever. */
  readonly id: Fixed<string>;
  /** What it is called now; `label_history` has the names before. */
  readonly label: string;
  /** Retired, not deleted: facts of the past still name it. */
  readonly retired_at: Optional;
  /** True while `retired_at` is null. */
  readonly active: ColumnType<boolean, never, never>;
  /** 1, raised by every change: the ETag. */
  readonly version: ColumnType<number, number | undefined, number>;
}

interface EntityTable extends ObjectTable {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly vat_id: Optional;
  /** Sealed with the installation's key; context `entity.billing_address:ID`. */
  readonly billing_address_sealed: Optional;
  /** IANA name. */
  readonly time_zone: string;
}

interface SourceTable {
  /** Name of a source of bills in the lake. */
  readonly name: Fixed<string>;
  readonly entity_id: string;
  readonly version: ColumnType<number, number | undefined, number>;
}

interface FamilyTable extends ObjectTable {
  readonly domain_id: string;
}

interface ProductTable extends ObjectTable {
  readonly domain_id: string;
  /** Of the same domain. */
  readonly family_id: Optional;
  /** What a quantity counts: `GB-month`, `seat`. */
  readonly unit: string;
}

interface TeamTable extends ObjectTable {
  readonly parent_id: Optional;
}

interface CostCentreTable extends ObjectTable {
  readonly entity_id: Fixed<string>;
}

interface ApplicationTable extends ObjectTable {
  readonly entity_id: Fixed<string>;
  /** Subset of prod, non_prod, unknown, n_a. */
  readonly environments: readonly string[];
}

interface ApplicationAssignmentTable {
  readonly application_id: Fixed<string>;
  readonly entity_id: Fixed<string>;
  /** First day, `2026-03-01`. */
  readonly valid_from: Fixed<string>;
  /** The first day that it no longer holds; null: until further notice. */
  readonly valid_to: Fixed<string | null>;
  readonly team_id: Fixed<string | null>;
  readonly cost_centre_id: Fixed<string | null>;
  readonly attributes: Fixed<Readonly<Record<string, string>>>;
}

interface LabelHistoryTable {
  /** As in the audit log: `product`. */
  readonly object_type: Fixed<string>;
  readonly object_id: Fixed<string>;
  readonly entity_id: Fixed<string | null>;
  readonly label: Fixed<string>;
  readonly valid_from: Fixed<string>;
  readonly valid_to: Fixed<string | null>;
}

interface PeriodStateTable {
  readonly entity_id: Fixed<string>;
  /** `2026-03`. */
  readonly period: Fixed<string>;
  readonly state: 'OPEN' | 'CLOSED' | 'LOCKED';
  /** Why it was reopened, or what was said on closing. */
  readonly reason: Optional;
  readonly changed_at: string;
  /** Name of the actor. */
  readonly changed_by: string;
}

export interface OrganizationTables {
  readonly entity: EntityTable;
  readonly source: SourceTable;
  readonly domain: ObjectTable;
  readonly family: FamilyTable;
  readonly product: ProductTable;
  readonly team: TeamTable;
  readonly cost_centre: CostCentreTable;
  readonly application: ApplicationTable;
  readonly application_assignment: ApplicationAssignmentTable;
  readonly label_history: LabelHistoryTable;
  readonly period_state: PeriodStateTable;
}
