import { currencies, type Issue, must, noCurrency, type Severity } from '../../platform/kernel/index.ts';
import type { Row } from '../../platform/warehouse/index.ts';
import { type FocusColumn, storedVersion } from './column.ts';
import { categoryOfSubcategory } from './service-categories.ts';
import { columnsIn } from './standard.ts';

/** One question to stored cost rows: which rows break it, and which of their costs is at stake. */
export interface QualityCheck {
  /** Stable; several columns may share one code. */
  readonly code: string;
  readonly severity: Severity;
  /** The column that the finding is about. */
  readonly column: string;
  /** What is wrong and what to do, for one row; follows the number of rows: `2 rows of AWS: …`. */
  readonly sentence: string;
  /** True, as SQL over the columns of the cost dataset, for a row that breaks the check; null counts as not broken. */
  readonly where: string;
  /** Summed over the rows found. */
  readonly cost: 'BilledCost' | 'EffectiveCost' | 'ListCost' | 'ContractedCost';
}

const usage = "ChargeCategory = 'Usage'";
const usageOrPurchase = "ChargeCategory in ('Usage', 'Purchase')";
const uncommitted = 'CommitmentDiscountId is null';
const notCorrection = 'ChargeClass is null';
const notUnused = "CommitmentDiscountStatus is distinct from 'Unused'";

/** Identities between the four costs (FOCUS, cost columns; rows that neither cover others nor are covered). */
const costChecks: readonly QualityCheck[] = [
  {
    code: 'focus.effective_cost_zero',
    severity: 'warning',
    column: 'EffectiveCost',
    sentence:
      'usage without a commitment is billed, yet its EffectiveCost is 0; use BilledCost or ask the provider.',
    where: `EffectiveCost = 0 and BilledCost > 0 and ${usage} and ${uncommitted}`,
    cost: 'BilledCost',
  },
  {
    code: 'focus.effective_cost_differs',
    severity: 'warning',
    column: 'EffectiveCost',
    sentence:
      'EffectiveCost is not BilledCost, though no commitment or contract explains it; the bridge shows it as unexplained.',
    where: `EffectiveCost <> BilledCost and ${uncommitted} and ContractApplied is null`,
    cost: 'BilledCost',
  },
  {
    code: 'focus.commitment_purchase_effective',
    severity: 'warning',
    column: 'EffectiveCost',
    sentence:
      'the purchase of a commitment carries an EffectiveCost, which belongs on the covered rows and would count twice.',
    where: "ChargeCategory = 'Purchase' and CommitmentDiscountId is not null and EffectiveCost <> 0",
    cost: 'EffectiveCost',
  },
  {
    code: 'focus.list_below_contracted',
    severity: 'warning',
    column: 'ListCost',
    sentence: 'ListCost is below ContractedCost, so savings against list come out negative.',
    // Refunds and credits turn the order round.
    where: 'ListCost < ContractedCost and ContractedCost > 0',
    cost: 'ContractedCost',
  },
  {
    code: 'focus.contracted_below_effective',
    severity: 'warning',
    column: 'ContractedCost',
    sentence: 'EffectiveCost is above ContractedCost, so commitment savings come out negative.',
    where: `ContractedCost < EffectiveCost and EffectiveCost > 0 and ${notUnused}`,
    cost: 'EffectiveCost',
  },
];

const periodChecks: readonly QualityCheck[] = [
  {
    code: 'focus.charge_period_empty',
    severity: 'error',
    column: 'ChargePeriodEnd',
    sentence:
      'the charge ends when it starts or before; ends are exclusive, so it is for no time and is dated to its first day.',
    where: 'ChargePeriodEnd <= ChargePeriodStart',
    cost: 'BilledCost',
  },
  {
    code: 'focus.billing_period_empty',
    severity: 'error',
    column: 'BillingPeriodEnd',
    sentence: 'the billing period ends when it starts or before; correct it at the source.',
    where: 'BillingPeriodEnd <= BillingPeriodStart',
    cost: 'BilledCost',
  },
  {
    code: 'focus.out_of_period',
    severity: 'info',
    column: 'ChargePeriodStart',
    sentence: "the charge lies outside its billing period; it is dated to that period's first day.",
    where: 'ChargePeriodStart >= BillingPeriodEnd or ChargePeriodEnd <= BillingPeriodStart',
    cost: 'BilledCost',
  },
];

const quantityChecks: readonly QualityCheck[] = [
  {
    code: 'focus.consumed_quantity_missing',
    severity: 'info',
    column: 'ConsumedQuantity',
    sentence: 'usage has no ConsumedQuantity, so it has no unit cost and nothing to allocate by.',
    where: `${usage} and ${notCorrection} and ${notUnused} and ConsumedQuantity is null`,
    cost: 'BilledCost',
  },
  {
    code: 'focus.consumed_unit_missing',
    severity: 'warning',
    column: 'ConsumedUnit',
    sentence: 'ConsumedQuantity has no unit, so it can be added to nothing.',
    where: 'ConsumedQuantity is not null and ConsumedUnit is null',
    cost: 'BilledCost',
  },
  {
    code: 'focus.pricing_quantity_missing',
    severity: 'warning',
    column: 'PricingQuantity',
    sentence: 'usage or a purchase has no PricingQuantity, so price × quantity cannot be verified.',
    where: `${usageOrPurchase} and ${notCorrection} and PricingQuantity is null`,
    cost: 'BilledCost',
  },
  {
    code: 'focus.pricing_unit_missing',
    severity: 'warning',
    column: 'PricingUnit',
    sentence: 'PricingQuantity has no unit, so unit prices cannot be read.',
    where: 'PricingQuantity is not null and PricingUnit is null',
    cost: 'BilledCost',
  },
  {
    code: 'focus.commitment_status_missing',
    severity: 'warning',
    column: 'CommitmentDiscountStatus',
    sentence: 'usage of a commitment says neither Used nor Unused, so utilisation leaves it out.',
    where: `CommitmentDiscountId is not null and ${usage} and CommitmentDiscountStatus is null`,
    cost: 'EffectiveCost',
  },
];

const conformanceChecks: readonly QualityCheck[] = [
  {
    code: 'focus.currency_missing',
    severity: 'warning',
    column: 'BillingCurrency',
    sentence: `no currency is named (${noCurrency}); the amounts are kept apart from all others.`,
    where: `BillingCurrency = '${noCurrency}'`,
    cost: 'BilledCost',
  },
  {
    code: 'focus.currency_unknown',
    severity: 'error',
    column: 'BillingCurrency',
    sentence: 'BillingCurrency is not an ISO 4217 code; correct it at the source or map it.',
    where: `BillingCurrency not in (${list(currencies())})`,
    cost: 'BilledCost',
  },
  {
    code: 'focus.subcategory_elsewhere',
    severity: 'warning',
    column: 'ServiceSubcategory',
    sentence:
      'ServiceSubcategory belongs to another ServiceCategory; reports by category and by subcategory will differ.',
    where: `ServiceSubcategory in (${list([...categoryOfSubcategory.keys()])}) and ServiceCategory || '/' || ServiceSubcategory not in (${list(
      [...categoryOfSubcategory].map(([subcategory, category]) => `${category}/${subcategory}`),
    )})`,
    cost: 'BilledCost',
  },
];

/** Every check on stored cost rows, in the order of the report. */
export const qualityChecks: readonly QualityCheck[] = [
  ...costChecks,
  ...periodChecks,
  ...quantityChecks,
  ...conformanceChecks,
  ...columnsIn(storedVersion).flatMap(columnChecks),
];

/** What the standard says of a column by itself: not null, one of a list, not negative. */
function columnChecks(column: FocusColumn): QualityCheck[] {
  const level = must(column.levels[storedVersion], `${column.name} in ${storedVersion}`);
  const checks: QualityCheck[] = [];
  const base = { column: column.name, cost: 'BilledCost' } as const;
  if (level.level === 'mandatory' && !level.nullable) {
    checks.push({
      ...base,
      code: 'focus.value_missing',
      severity: 'warning',
      sentence: `${column.name} is empty, which FOCUS ${storedVersion} makes mandatory; ask the provider for it.`,
      where: `${column.name} is null`,
    });
  }
  if (column.allowed) {
    checks.push({
      ...base,
      code: 'focus.value_not_allowed',
      severity: 'warning',
      sentence: `${column.name} is not one of the standard's ${column.allowed.length} values; map it.`,
      where: `${column.name} not in (${list(column.allowed)})`,
    });
  }
  if (column.format === 'non-negative') {
    checks.push({
      ...base,
      code: 'focus.unit_price_negative',
      severity: 'warning',
      sentence: `${column.name} is negative; a credit has a negative quantity or cost, never a negative price.`,
      where: `${column.name} < 0`,
    });
  }
  return checks;
}

function list(values: readonly string[]): string {
  return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ');
}

/**
 * The findings of one scan: an issue per check, currency and provider that has rows, in the order of the checks.
 *
 * @param rows of `compileQualityChecks`
 * @param path where the rows are: `nordwind/2026-10`
 */
export function qualityIssues(rows: readonly Row[], path: string): Issue[] {
  return qualityChecks.flatMap((check, index) => rows.flatMap((row) => finding(check, index, row, path)));
}

function finding(check: QualityCheck, index: number, row: Row, path: string): Issue[] {
  const rows = Number(row[`rows_${index}`] ?? 0);
  if (rows === 0) return [];
  const cost = row[`cost_${index}`];
  const { currency, provider } = row;
  const whose = typeof provider === 'string' ? ` of ${provider}` : '';
  return [
    {
      code: check.code,
      severity: check.severity,
      path: `${path}/${check.column}`,
      message: `${rows} ${rows === 1 ? 'row' : 'rows'}${whose}: ${check.sentence}`,
      params: {
        column: check.column,
        cost: check.cost,
        provider: typeof provider === 'string' ? provider : null,
      },
      rows,
      // A sum of nothing but nulls is no amount.
      ...(typeof cost === 'string' ? { costAtStake: cost } : {}),
      ...(typeof currency === 'string' ? { currency } : {}),
    },
  ];
}
