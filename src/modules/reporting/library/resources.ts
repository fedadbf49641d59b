import { defineReport, type ParameterSpec, type Report, type ReportPlan } from '../report.ts';
import { changeNote } from './budgets.ts';
import {
  allOf,
  chargeTime,
  columns,
  differs,
  equals,
  grainParameter,
  subAccountParameter,
  sums,
  usageOnly,
} from './fields.ts';

const component = {
  kind: 'text',
  default: 'CoreCount',
  description: 'the key of SkuPriceDetails that says how many components a unit has, such as CoreCount',
} as const satisfies ParameterSpec;

const componentNote =
  'The component quantity is PricingQuantity × the number in SkuPriceDetails: 10 hours of 4 cores are 40. Usage only, without the unused part of commitments.';

/** Resources, SKUs and what a unit costs. */
export const resourceReports: readonly Report[] = [
  defineReport({
    number: 5,
    name: 'resource-usage-by-month',
    question: 'How does the usage of each resource change from month to month?',
    since: '1.0',
    notes: [changeNote()],
    build: () => ({
      query: {
        measures: sums('ConsumedQuantity'),
        dimensions: [
          chargeTime('month'),
          ...columns('ServiceProviderName', 'ServiceName', 'ResourceId', 'SkuId', 'ConsumedUnit'),
        ],
        where: allOf(usageOnly, { field: { column: 'ConsumedQuantity' }, op: 'is not null' }),
      },
      after: [{ step: 'change', month: 'month', of: 'ConsumedQuantity' }],
    }),
  }),
  defineReport({
    number: 19,
    name: 'compute-resource-costs',
    question: 'What do the compute resources of a sub account cost, in all and per unit?',
    since: '1.0',
    parameters: { 'sub-account': subAccountParameter },
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost', 'PricingQuantity'),
        dimensions: columns('ServiceName', 'ResourceId', 'ResourceName', 'PricingUnit', 'BillingCurrency'),
        where: allOf(equals('SubAccountId', p['sub-account']), equals('ServiceCategory', 'Compute')),
      },
      after: [
        { step: 'unitPrice', name: 'effectiveUnitPrice', cost: 'EffectiveCost', quantity: 'PricingQuantity' },
      ],
    }),
  }),
  defineReport({
    number: 21,
    name: 'sku-costs',
    question: 'What does each SKU cost, against its list price?',
    since: '1.0',
    parameters: { grain: grainParameter('month') },
    build: (p) => skuPlan(p.grain),
  }),
  defineReport({
    number: 28,
    name: 'resource-components',
    question: 'What is the cost of one resource made of?',
    since: '1.0',
    parameters: {
      resource: { kind: 'text', required: true, description: 'the resource, as in ResourceId' },
    },
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: columns(
          'ResourceId',
          'ResourceName',
          'ResourceType',
          'ChargeDescription',
          'SkuId',
          'BillingCurrency',
        ),
        where: equals('ResourceId', p.resource),
      },
    }),
  }),
  defineReport({
    number: 40,
    name: 'sku-meters',
    question: 'Which meters and prices does one SKU run on, and what does each cost?',
    since: '1.1',
    parameters: {
      sku: { kind: 'text', required: true, description: 'the SKU, as in SkuId' },
      grain: grainParameter('month'),
    },
    build: (p) => skuPlan(p.grain, p.sku),
  }),
  defineReport({
    number: 47,
    name: 'unit-economics',
    question: 'What does a unit of something cost us, such as a gigabyte transferred?',
    since: '1.2',
    parameters: {
      description: {
        kind: 'text',
        default: 'transfer',
        description: 'a part of ChargeDescription, in any case',
      },
      unit: { kind: 'text', default: 'GB', description: 'the unit, as in ConsumedUnit' },
      grain: grainParameter('day'),
    },
    build: (p) => ({
      query: {
        measures: sums('BilledCost', 'ConsumedQuantity'),
        dimensions: [chargeTime(p.grain), ...columns('ConsumedUnit', 'BillingCurrency')],
        where: allOf(
          { field: { column: 'ChargeDescription' }, op: 'contains', value: p.description },
          equals('ConsumedUnit', p.unit),
        ),
      },
      after: [{ step: 'unitPrice', name: 'costPerUnit', cost: 'BilledCost', quantity: 'ConsumedQuantity' }],
    }),
  }),
  defineReport({
    number: 48,
    name: 'component-usage',
    question: 'How much of a component, such as cores, was used per series of machines?',
    since: '1.2',
    parameters: { component },
    notes: [componentNote],
    build: (p) => componentPlan(p.component, []),
  }),
  defineReport({
    number: 49,
    name: 'component-rate',
    question: 'What does a component, such as one core for one hour, cost on average?',
    since: '1.2',
    parameters: { component },
    notes: [componentNote, 'The rate is weighted: EffectiveCost ÷ component quantity.'],
    build: (p) => componentPlan(p.component, ['BillingCurrency']),
  }),
];

function skuPlan(grain: string, sku?: string): ReportPlan {
  return {
    query: {
      measures: sums('EffectiveCost', 'ListCost', 'PricingQuantity'),
      dimensions: [
        chargeTime(grain),
        ...columns(
          'ServiceProviderName',
          'SkuId',
          'SkuPriceId',
          ...(sku === undefined ? [] : ['SkuMeter']),
          'PricingUnit',
          'ListUnitPrice',
          'BillingCurrency',
        ),
      ],
      where: sku === undefined ? { field: { column: 'SkuId' }, op: 'is not null' } : equals('SkuId', sku),
    },
    after: [
      { step: 'unitPrice', name: 'effectiveUnitPrice', cost: 'EffectiveCost', quantity: 'PricingQuantity' },
    ],
  };
}

/** Rows are told apart by the component's count, multiplied, and summed per series; with a currency, cost is beside. */
function componentPlan(key: string, currency: readonly string[]): ReportPlan {
  const counted = 'componentQuantity';
  const series = 'SkuPriceDetails[InstanceSeries]';
  const names = ['ServiceProviderName', 'ServiceName', 'PricingUnit', 'RegionName'];
  const costs = currency.length === 0 ? [] : ['EffectiveCost'];
  return {
    query: {
      measures: sums(...costs, 'PricingQuantity'),
      dimensions: [
        ...columns(...names, ...currency),
        { column: 'SkuPriceDetails', key: 'InstanceSeries' },
        { column: 'SkuPriceDetails', key, name: 'componentCount' },
      ],
      where: allOf(usageOnly, differs('CommitmentDiscountStatus', 'Unused'), {
        field: { column: 'SkuPriceDetails', key },
        op: 'is not null',
      }),
    },
    after: [
      { step: 'product', name: counted, of: 'PricingQuantity', by: 'componentCount' },
      { step: 'regroup', by: [...names, series, ...currency], measures: [...costs, counted] },
      ...(costs.length === 0
        ? []
        : [{ step: 'unitPrice', name: 'rate', cost: 'EffectiveCost', quantity: counted } as const]),
    ],
  };
}
