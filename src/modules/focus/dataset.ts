import { noCurrency } from '../../platform/kernel/index.ts';
import type { Dataset, DatasetColumn } from '../../platform/warehouse/index.ts';
import { type FocusDatasetName, storedVersion } from './column.ts';
import { columnsIn } from './standard.ts';

/** The source that a row was delivered by: a scope is put on it. */
const sourceColumn = { name: 'x_SourceName', type: 'string' } as const;

/** Where each stored row came from. Part of every snapshot, after the columns of the standard. */
export const provenanceColumns: readonly DatasetColumn[] = [
  sourceColumn,
  { name: 'x_SourceFile', type: 'string' },
  { name: 'x_SourceFileNumber', type: 'integer' },
  { name: 'x_SourceRow', type: 'integer' },
  { name: 'x_Part', type: 'integer' },
  { name: 'x_ImportId', type: 'string' },
  { name: 'x_ConverterVersion', type: 'string' },
  { name: 'x_CostRule', type: 'string' },
  { name: 'x_NativeCost', type: 'decimal' },
];

/** The id of a stored row, `import:file:row:part`; computed on reading, never stored. */
export const rowIdColumn = {
  name: 'x_RowId',
  type: 'string',
  sql: "x_ImportId || ':' || x_SourceFileNumber || ':' || x_SourceRow || ':' || x_Part",
} as const;

/** Cost rows: FOCUS 1.4 Cost and Usage, alphabetical as in the standard, then provenance. */
export const costDataset: Dataset = {
  name: 'cost',
  columns: storedColumns('CostAndUsage'),
  derived: [rowIdColumn],
  roles: {
    source: sourceColumn.name,
    billingPeriodStart: 'BillingPeriodStart',
    chargePeriodStart: 'ChargePeriodStart',
    chargePeriodEnd: 'ChargePeriodEnd',
    currency: 'BillingCurrency',
    tags: 'Tags',
    costs: ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'],
    quantities: [
      { column: 'ConsumedQuantity', unit: 'ConsumedUnit' },
      { column: 'PricingQuantity', unit: 'PricingUnit' },
      { column: 'CommitmentDiscountQuantity', unit: 'CommitmentDiscountUnit' },
      { column: 'PricingCurrencyEffectiveCost', unit: 'PricingCurrency' },
    ],
  },
};

/** The lines of the provider's invoice. Its grain (JSON of keys) plays the part of tags; a line is for its billing period. */
export const invoiceDetailDataset: Dataset = {
  name: 'invoice_detail',
  columns: storedColumns('InvoiceDetail'),
  derived: [rowIdColumn],
  roles: {
    source: sourceColumn.name,
    billingPeriodStart: 'BillingPeriodStart',
    chargePeriodStart: 'BillingPeriodStart',
    chargePeriodEnd: 'BillingPeriodEnd',
    currency: 'BillingCurrency',
    tags: 'InvoiceDetailGrain',
    costs: ['BilledCost'],
    quantities: [{ column: 'PaymentCurrencyBilledCost', unit: 'PaymentCurrency' }],
  },
};

/** A dataset without tags answers tag questions with "no tag". */
const noTags = { name: 'x_Tags', type: 'json', sql: "'{}'" } as const;

/**
 * Commitments of contracts. A commitment has no billing month: its own period stands in, so a month filter finds the
 * commitments that start in that month.
 */
export const contractCommitmentDataset: Dataset = {
  name: 'contract_commitment',
  columns: storedColumns('ContractCommitment'),
  derived: [rowIdColumn, noTags],
  roles: {
    source: sourceColumn.name,
    billingPeriodStart: 'ContractCommitmentPeriodStart',
    chargePeriodStart: 'ContractCommitmentPeriodStart',
    chargePeriodEnd: 'ContractCommitmentPeriodEnd',
    currency: 'BillingCurrency',
    tags: noTags.name,
    costs: ['ContractCommitmentCost'],
    quantities: [
      { column: 'ContractCommitmentQuantity', unit: 'ContractCommitmentUnit' },
      { column: 'PricingCurrencyContractCommitmentCost', unit: 'PricingCurrency' },
    ],
  },
};

/** The dataset has neither money nor currency; `XXX` says so. */
const withoutCurrency = { name: 'x_Currency', type: 'string', sql: `'${noCurrency}'` } as const;

/** Billing periods and whether they are open. Nothing in it can be summed; rows are counted. */
export const billingPeriodDataset: Dataset = {
  name: 'billing_period',
  columns: storedColumns('BillingPeriod'),
  derived: [rowIdColumn, noTags, withoutCurrency],
  roles: {
    source: sourceColumn.name,
    billingPeriodStart: 'BillingPeriodStart',
    chargePeriodStart: 'BillingPeriodStart',
    chargePeriodEnd: 'BillingPeriodEnd',
    currency: withoutCurrency.name,
    tags: noTags.name,
    costs: [],
    quantities: [],
  },
};

function storedColumns(dataset: FocusDatasetName): DatasetColumn[] {
  const standard = columnsIn(storedVersion, dataset).map(({ name, type }) => ({ name, type }));
  return [...standard, ...provenanceColumns];
}
