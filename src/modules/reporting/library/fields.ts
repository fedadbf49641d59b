import type { CostQueryInput, Filter } from '../../../platform/warehouse/index.ts';
import type { ParameterSpec } from '../report.ts';

type DimensionInput = NonNullable<CostQueryInput['dimensions']>[number];

/** Columns as dimensions, named as in FOCUS. */
export function columns(...names: readonly string[]): DimensionInput[] {
  return names.map((column) => ({ column }));
}

/** Columns as sums, named as in FOCUS. */
export function sums(...names: readonly string[]): CostQueryInput['measures'] {
  return names.map((sum) => ({ sum }));
}

/** The billing month, `billingMonth`. */
export const billingMonth: DimensionInput = { grain: 'month', of: 'billing' };

/** The time that charges are for, under the grain's own name: `day`, `month`. */
export function chargeTime(grain: string): DimensionInput {
  return { grain: grain as Extract<DimensionInput, { grain: unknown }>['grain'], of: 'charge' };
}

/**
 * Who sold a service. Bills from before FOCUS 1.4 name the seller in PublisherName, kept as x_PublisherName: beside
 * ServiceProviderName, where the stored rows have it.
 */
export function sellers(has: (column: string) => boolean): DimensionInput[] {
  return columns(...(has(publisher) ? [publisher] : []), 'ServiceProviderName', 'InvoiceIssuerName');
}

/** PublisherName of bills from before FOCUS 1.4. */
export const publisher = 'x_PublisherName';

export function equals(column: string, value: string): Filter {
  return { field: { column }, op: '=', value };
}

export function differs(column: string, value: string): Filter {
  return { field: { column }, op: '!=', value };
}

export function isPresent(column: string): Filter {
  return { field: { column }, op: 'is not null' };
}

/** All of the filters; those that a parameter left out are undefined. */
export function allOf(...filters: readonly (Filter | undefined)[]): Filter {
  return { and: filters.filter((filter) => filter !== undefined) };
}

export const usageOnly = equals('ChargeCategory', 'Usage');
/** Charges of a month's own: corrections of earlier months have the class Correction, all others have none. */
export const noCorrections = differs('ChargeClass', 'Correction');

export const providerParameter = {
  kind: 'text',
  required: true,
  description: 'the service provider, as in ServiceProviderName, such as AWS',
} as const satisfies ParameterSpec;

export const subAccountParameter = {
  kind: 'text',
  required: true,
  description: 'the sub account, as in SubAccountId, such as 123456789012',
} as const satisfies ParameterSpec;

export const pricingCurrencyParameter = {
  kind: 'text',
  required: true,
  description: 'the virtual currency, as in PricingCurrency, such as Token',
} as const satisfies ParameterSpec;

/** The grain that a report over time starts from. */
export function grainParameter<const G extends string>(grain: G) {
  return {
    kind: 'grain',
    default: grain,
    description: 'the time per row: hour, day, week, month, quarter or year',
  } as const satisfies ParameterSpec;
}

/** The tag key that names the application. */
export function applicationTagParameter<const T extends string>(tag: T) {
  return {
    kind: 'tag',
    default: tag,
    description: `the key of the tag that names the application, such as ${tag}`,
  } as const satisfies ParameterSpec;
}
