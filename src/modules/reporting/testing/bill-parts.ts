import type { BillRow } from './store-bill.ts';

/** What the rows of the small bill have in common. */

export const september = { BillingPeriodStart: '2026-09-01', BillingPeriodEnd: '2026-10-01' };
export const october = { BillingPeriodStart: '2026-10-01', BillingPeriodEnd: '2026-11-01' };

/** A charge of one day. */
export function day(date: string): BillRow {
  const next = new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  return { ChargePeriodStart: date, ChargePeriodEnd: next };
}

/** The four costs: billed, effective, list, contracted. */
export function costs(
  BilledCost: string,
  EffectiveCost: string,
  ListCost: string,
  ContractedCost: string,
): BillRow {
  return { BilledCost, EffectiveCost, ListCost, ContractedCost };
}

/** Priced and consumed quantity. */
export function used(quantity: string, unit: string): BillRow {
  return { PricingQuantity: quantity, PricingUnit: unit, ConsumedQuantity: quantity, ConsumedUnit: unit };
}

export const usage = { ChargeCategory: 'Usage', ChargeFrequency: 'Usage-Based' };
export const credit = { ChargeCategory: 'Credit', ChargeFrequency: 'One-Time' };

const nimbus = {
  x_SourceName: 'nimbus',
  ServiceProviderName: 'Nimbus',
  InvoiceIssuerName: 'Nimbus',
  BillingAccountId: 'N-1',
  BillingAccountName: 'Group US',
  BillingAccountType: 'Payer',
  BillingCurrency: 'USD',
};
export const nimbusSeptember = { ...nimbus, ...september, InvoiceId: 'INV-N-09' };
export const nimbusOctober = { ...nimbus, ...october, InvoiceId: 'INV-N-10' };

export const web = { SubAccountId: 's-web', SubAccountName: 'Web', SubAccountType: 'Account' };
export const data = { SubAccountId: 's-data', SubAccountName: 'Data', SubAccountType: 'Account' };
export const shop = { Tags: '{"Application":"shop","ApplicationId":"A1","team":"web"}' };
const us = { RegionId: 'us-1', RegionName: 'US East' };

export const machines = {
  ServiceCategory: 'Compute',
  ServiceSubcategory: 'Virtual Machines',
  ServiceName: 'Machines',
};
const vm1 = { ResourceId: 'vm-1', ResourceName: 'web-1', ResourceType: 'Machine' };
const fourCores = { SkuPriceDetails: '{"CoreCount":"4","InstanceSeries":"M5"}' };
const vmSku = { SkuId: 'SKU-VM', SkuMeter: 'Compute hours', ListUnitPrice: '0.3', ...fourCores };
export const onDemand = {
  ...usage,
  ...machines,
  ...web,
  ...us,
  ...vm1,
  ...vmSku,
  SkuPriceId: 'P-OD',
  PricingCategory: 'Standard',
  ChargeDescription: 'Machine hours, on demand',
};
const plan1 = {
  CommitmentDiscountId: 'c-1',
  CommitmentDiscountName: 'Plan 1',
  CommitmentDiscountType: 'Savings Plan',
  CommitmentDiscountCategory: 'Spend',
  CommitmentDiscountUnit: 'USD',
};
export const covered = {
  ...onDemand,
  ...plan1,
  SkuPriceId: 'P-COM',
  PricingCategory: 'Committed',
  CommitmentDiscountStatus: 'Used',
  ChargeDescription: 'Machine hours, under commitment',
};
export const unused = {
  ...usage,
  ...machines,
  ...us,
  ...vmSku,
  ...plan1,
  SkuPriceId: 'P-COM',
  PricingQuantity: '2',
  PricingUnit: 'Hours',
  CommitmentDiscountStatus: 'Unused',
  ChargeDescription: 'Commitment, not used',
};
export const planFee = {
  ...machines,
  ...plan1,
  ChargeCategory: 'Purchase',
  ChargeFrequency: 'Recurring',
  CommitmentDiscountQuantity: '2',
  ChargeDescription: 'Plan 1, monthly fee',
};
export const reserved = {
  ...usage,
  ...machines,
  ...data,
  ...us,
  AvailabilityZone: 'us-1b',
  CapacityReservationId: 'cr-1',
  SkuId: 'SKU-CR',
  SkuPriceId: 'P-CR',
  ListUnitPrice: '0.4',
};
export const buckets = {
  ...usage,
  ...data,
  ...us,
  ServiceCategory: 'Storage',
  ServiceSubcategory: 'Object Storage',
  ServiceName: 'Buckets',
  ResourceId: 'b-1',
  SkuId: 'SKU-ST',
  SkuPriceId: 'P-ST',
  ListUnitPrice: '0.02',
};
export const transfer = {
  ...usage,
  ...web,
  ...us,
  ...vm1,
  ...shop,
  ServiceCategory: 'Networking',
  ServiceSubcategory: 'Network Connectivity',
  ServiceName: 'Transfer',
  ChargeDescription: 'Data transfer out',
  SkuId: 'SKU-NET',
  SkuPriceId: 'P-NET',
  ListUnitPrice: '0.1',
};
export const tax = { ChargeCategory: 'Tax', ServiceCategory: 'Other', ServiceName: 'Tax' };
export const zoneA = { AvailabilityZone: 'us-1a' };

export const fjord = {
  x_SourceName: 'fjord',
  ServiceProviderName: 'Fjord',
  InvoiceIssuerName: 'Fjord',
  BillingAccountId: 'F-1',
  BillingAccountName: 'Group EU',
  BillingAccountType: 'Tenant',
  BillingCurrency: 'EUR',
  SubAccountId: 's-eu',
  SubAccountName: 'Europe',
  SubAccountType: 'Subscription',
};
export const fjordMachine = {
  ...fjord,
  ...usage,
  ...machines,
  RegionId: 'eu-1',
  RegionName: 'EU North',
  ResourceId: 'vm-e',
  SkuId: 'E-VM',
  SkuPriceId: 'P-E',
  ListUnitPrice: '0.4',
  SkuPriceDetails: '{"CoreCount":"2","InstanceSeries":"E2"}',
  Tags: '{"Application":"shop","ApplicationId":"A1","team":"eu"}',
};

export const assistant = {
  ServiceCategory: 'AI and Machine Learning',
  ServiceSubcategory: 'Generative AI',
  ServiceName: 'Assistant',
  ServiceProviderName: 'Tessera',
};
export const tessera = {
  ...assistant,
  x_SourceName: 'tessera',
  InvoiceIssuerName: 'Tessera',
  BillingAccountId: 'T-1',
  BillingAccountName: 'Group AI',
  BillingCurrency: 'USD',
};
export const chat = {
  ...tessera,
  ...usage,
  ChargeDescription: 'Chat tokens',
  SkuId: 'T-CHAT',
  SkuPriceId: 'P-T',
  ListUnitPrice: '0.6',
  PricingCurrency: 'Token',
  PricingCurrencyListUnitPrice: '3',
  PricingCurrencyContractedUnitPrice: '2',
};
