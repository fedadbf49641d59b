/**
 * Columns under other names, and values under other spellings, that mean what a 1.4 column means.
 * Facts from the FOCUS specification (0.5 to 1.4, CC-BY-4.0) and from providers' published exports.
 */

/** `source` may stand for `target`. */
export interface ColumnAlias {
  readonly source: string;
  readonly target: string;
  /** `renamed`: the same thing under an old name. `filled`: another column that the standard says takes its place. */
  readonly how: 'renamed' | 'filled';
}

/**
 * In order of preference per target.
 *
 * ServiceProviderName (1.3) replaces ProviderName by the standard's own word, so ProviderName fills it. It is not always the
 * same: for a marketplace sale 1.3 means the seller, which 1.0 to 1.2 name in PublisherName. No column tells such rows apart
 * (AWS itself writes ProviderName `AWS` beside PublisherName `Amazon Web Services, Inc.`), so PublisherName only helps out
 * where ProviderName is null, and both are kept as x_ProviderName and x_PublisherName.
 * HostProviderName has no alias: no earlier column names the infrastructure below a service, and it may be null.
 */
export const columnAliases: readonly ColumnAlias[] = [
  { source: 'ProviderName', target: 'ServiceProviderName', how: 'filled' },
  { source: 'Provider', target: 'ServiceProviderName', how: 'filled' },
  { source: 'PublisherName', target: 'ServiceProviderName', how: 'filled' },
  { source: 'Publisher', target: 'ServiceProviderName', how: 'filled' },
  { source: 'InvoiceIssuer', target: 'InvoiceIssuerName', how: 'renamed' },
  { source: 'Region', target: 'RegionId', how: 'renamed' },
  { source: 'ChargeType', target: 'ChargeCategory', how: 'renamed' },
  { source: 'AmortizedCost', target: 'EffectiveCost', how: 'renamed' },
  { source: 'UsageQuantity', target: 'ConsumedQuantity', how: 'renamed' },
  { source: 'UsageUnit', target: 'ConsumedUnit', how: 'renamed' },
  { source: 'x_InvoiceId', target: 'InvoiceId', how: 'renamed' },
  { source: 'x_PricingCurrency', target: 'PricingCurrency', how: 'renamed' },
  { source: 'x_SkuMeterName', target: 'SkuMeter', how: 'renamed' },
  { source: 'x_SkuDetails', target: 'SkuPriceDetails', how: 'renamed' },
];

/** Columns that 1.4 no longer has, kept under a name of ours: source → `x_` name. */
export const keptAs: Readonly<Record<string, string>> = {
  ProviderName: 'x_ProviderName',
  Provider: 'x_ProviderName',
  PublisherName: 'x_PublisherName',
  Publisher: 'x_PublisherName',
};

/** Values of earlier drafts and of providers: column → lower-case spelling → value of the standard. */
export const valueAliases: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ChargeFrequency: { onetime: 'One-Time', 'one time': 'One-Time', usagebased: 'Usage-Based' },
  PricingCategory: {
    'on-demand': 'Standard',
    'commitment-based': 'Committed',
    'commitment discount': 'Committed',
  },
};
