import { columnAliases } from './aliases.ts';
import type { FocusDatasetName, FocusVersion } from './column.ts';
import { canonicalName, columnsIn, focusDatasets } from './standard.ts';

/** What a header is: the dataset, the version that its columns show, and how many of them the standard knows. */
export interface FocusIdentity {
  readonly dataset: FocusDatasetName;
  readonly version: FocusVersion;
  readonly matched: number;
}

/** A header with fewer columns of the standard than this says too little. */
const fewestColumns = 4;

/**
 * Recognises a FOCUS file by its header, whatever the case, blanks, underscores or byte-order mark; `undefined` for
 * anything else. A subset of columns is enough. 0.5 names (ChargeType, InvoiceIssuer, …) count and read as 1.0.
 *
 * `["BilledCost", "ChargeCategory", "SkuMeter", "BillingCurrency"]` is Cost and Usage 1.1, 4 matched.
 */
export function identifyFocus(header: readonly string[]): FocusIdentity | undefined {
  const names = new Set(header.map(canonicalName));
  const has = (...wanted: readonly string[]): boolean =>
    wanted.some((name) => names.has(canonicalName(name)));
  const dataset = datasetOf(has);
  if (!dataset) return undefined;
  const matched = countMatches(names, dataset);
  if (matched < fewestColumns) return undefined;
  return { dataset, version: versionOf(dataset, has), matched };
}

type Has = (...wanted: readonly string[]) => boolean;

function datasetOf(has: Has): FocusDatasetName | undefined {
  const chargePeriod = has('ChargePeriodStart', 'ChargePeriodEnd');
  if (has('ContractCommitmentId') && !has('BilledCost')) return 'ContractCommitment';
  if (has('BillingPeriodStatus') && has('BillingPeriodStart')) return 'BillingPeriod';
  if (has('InvoiceDetailId') && has('BilledCost') && !chargePeriod && !has('EffectiveCost', 'ListCost')) {
    return 'InvoiceDetail';
  }
  // Without a cost of the standard it may be any provider's file: Azure shares a dozen names with FOCUS.
  const cost = has('BilledCost', 'EffectiveCost');
  const charge = has('ChargeCategory', 'ChargeType') || chargePeriod;
  return cost && charge ? 'CostAndUsage' : undefined;
}

function countMatches(names: ReadonlySet<string>, dataset: FocusDatasetName): number {
  const known = focusDatasets[dataset].map((column) => column.name);
  const old = dataset === 'CostAndUsage' ? columnAliases.map((alias) => alias.source) : [];
  const standard = new Set([...known, ...old].filter((name) => !name.startsWith('x_')).map(canonicalName));
  return [...names].filter((name) => standard.has(name)).length;
}

function versionOf(dataset: FocusDatasetName, has: Has): FocusVersion {
  if (dataset === 'BillingPeriod' || dataset === 'InvoiceDetail') return '1.4';
  if (dataset === 'ContractCommitment') return has(...addedIn('1.4', dataset)) ? '1.4' : '1.3';
  const added14 = has(...addedIn('1.4', dataset));
  // 1.3 still demands ProviderName; a file that has only its successor has moved on.
  const successorOnly = has('ServiceProviderName') && !has('ProviderName', 'PublisherName');
  if (added14 || successorOnly) return '1.4';
  for (const version of ['1.3', '1.2', '1.1'] as const) {
    if (has(...addedIn(version, dataset))) return version;
  }
  return '1.0';
}

function addedIn(version: FocusVersion, dataset: FocusDatasetName): string[] {
  return columnsIn(version, dataset)
    .filter((column) => column.since === version)
    .map((column) => column.name);
}
