import { identifier } from '../../platform/warehouse/index.ts';

type Kind = 'text' | 'decimal' | 'timestamp' | 'map';

const names: Readonly<Record<Kind, readonly string[]>> = {
  text: `BillingAccountId BillingAccountName BillingAccountType BillingCurrency AvailabilityZone CapacityReservationId
    CapacityReservationStatus ChargeCategory ChargeClass ChargeDescription ChargeFrequency CommitmentDiscountCategory
    CommitmentDiscountId CommitmentDiscountName CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit ConsumedUnit
    InvoiceId InvoiceIssuerName PricingCategory PricingCurrency PricingUnit ProviderName PublisherName RegionId RegionName ResourceId
    ResourceName ResourceType ServiceCategory ServiceName ServiceSubcategory SkuId SkuMeter SkuPriceDetails SkuPriceId SubAccountId
    SubAccountName SubAccountType`.split(/\s+/),
  decimal:
    `BilledCost CommitmentDiscountQuantity ConsumedQuantity ContractedCost ContractedUnitPrice EffectiveCost ListCost
    ListUnitPrice PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice PricingQuantity`.split(
      /\s+/,
    ),
  timestamp: ['BillingPeriodEnd', 'BillingPeriodStart', 'ChargePeriodEnd', 'ChargePeriodStart'],
  map: ['Tags'],
};

const kinds = new Map<string, Kind>();
for (const [kind, list] of Object.entries(names)) for (const name of list) kinds.set(name, kind as Kind);

/** The 57 columns of FOCUS 1.2, in alphabetical order as the clouds write them. */
export const focusColumns: readonly string[] = [...kinds.keys()].sort();

const sqlTypes: Readonly<Record<Kind, string>> = {
  text: 'varchar',
  decimal: 'decimal(38,12)',
  timestamp: 'timestamp',
  map: 'map(varchar, varchar)',
};

/** Creates the month's empty table `focus_line`: the FOCUS columns and the provider's own `x_` columns. */
export function focusTable(extra: readonly string[]): string {
  const own = extra.map((name) => `${identifier(name)} varchar`);
  const standard = focusColumns.map((name) => `${identifier(name)} ${sqlTypes[kinds.get(name) ?? 'text']}`);
  return `create or replace temp table focus_line (${[...standard, ...own].join(', ')})`;
}

/** Rows as a CSV export has them: instants as ISO 8601 in UTC, tags as a JSON object. */
export function focusCsvRows(extra: readonly string[]): string {
  return `select ${[...focusColumns, ...extra].map((name) => `${csvSql(name)} as ${identifier(name)}`).join(',\n      ')} from focus_line`;
}

/** Rows as a warehouse dump to Parquet has them: exact decimals, instants with zone, tags as a map. */
export function focusParquetRows(extra: readonly string[]): string {
  return `select ${[...focusColumns, ...extra].map((name) => `${parquetSql(name)} as ${identifier(name)}`).join(',\n      ')} from focus_line`;
}

function csvSql(name: string): string {
  switch (kinds.get(name)) {
    case 'timestamp':
      return `strftime(${identifier(name)}, '%Y-%m-%dT%H:%M:%SZ')`;
    case 'map':
      return `to_json(coalesce(${identifier(name)}, map {}))::varchar`;
    default:
      return identifier(name);
  }
}

function parquetSql(name: string): string {
  switch (kinds.get(name)) {
    case 'timestamp':
      return `${identifier(name)}::timestamptz`;
    case 'map':
      return `coalesce(${identifier(name)}, map {})`;
    default:
      return identifier(name);
  }
}
