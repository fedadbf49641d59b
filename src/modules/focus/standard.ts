import { must } from '../../platform/kernel/index.ts';
import { billingPeriodColumns } from './billing-period.ts';
import type { FocusColumn, FocusDatasetName, FocusVersion } from './column.ts';
import { contractCommitmentColumns } from './contract-commitment.ts';
import { costAndUsageColumns } from './cost-and-usage.ts';
import { invoiceDetailColumns } from './invoice-detail.ts';

/** The standard: dataset → every column that it has had, alphabetical. Facts from the FOCUS specification, CC-BY-4.0. */
export const focusDatasets: Readonly<Record<FocusDatasetName, readonly FocusColumn[]>> = {
  CostAndUsage: costAndUsageColumns,
  ContractCommitment: contractCommitmentColumns,
  BillingPeriod: billingPeriodColumns,
  InvoiceDetail: invoiceDetailColumns,
};

/** The columns of a dataset in one version, alphabetical; empty when that version lacks the dataset. */
export function columnsIn(version: FocusVersion, dataset: FocusDatasetName = 'CostAndUsage'): FocusColumn[] {
  return focusDatasets[dataset].filter((column) => column.levels[version]);
}

/** A column by its exact name; a `Defect` for a name that the dataset never had. */
export function focusColumn(name: string, dataset: FocusDatasetName = 'CostAndUsage'): FocusColumn {
  return must(
    focusDatasets[dataset].find((column) => column.name === name),
    `FOCUS column ${name}`,
  );
}

/** A header name as it is compared: without byte-order mark, blanks and underscores, lower case. `"Billed_Cost "` → `"billedcost"`. */
export function canonicalName(name: string): string {
  return name.replace(/[\uFEFF\s_]/g, '').toLowerCase();
}
