import { defineReport, type Report } from '../report.ts';
import {
  allOf,
  billingMonth,
  columns,
  equals,
  isPresent,
  pricingCurrencyParameter,
  sellers,
  sums,
  usageOnly,
} from './fields.ts';

/** Credits, tokens and other units of account that a provider prices in. */
export const virtualCurrencyReports: readonly Report[] = [
  defineReport({
    number: 42,
    name: 'contracted-savings-by-virtual-currency',
    question: 'What do negotiated prices save, in the virtual currency and in the billing currency?',
    since: '1.2',
    notes: [
      'Savings are price differences × PricingQuantity, on rows whose contracted price in the virtual currency is below the list price; unit prices alone have no sum.',
    ],
    build: () => {
      const keys = [
        'ServiceName',
        'ServiceSubcategory',
        'ChargeDescription',
        'BillingCurrency',
        'PricingCurrency',
        'PricingUnit',
      ];
      return {
        query: {
          measures: sums('ListCost', 'ContractedCost', 'PricingQuantity'),
          dimensions: columns(...keys, 'PricingCurrencyListUnitPrice', 'PricingCurrencyContractedUnitPrice'),
          where: allOf(
            isPresent('PricingCurrencyListUnitPrice'),
            isPresent('PricingCurrencyContractedUnitPrice'),
          ),
        },
        after: [
          {
            step: 'difference',
            name: 'unitSavings',
            of: 'PricingCurrencyListUnitPrice',
            minus: 'PricingCurrencyContractedUnitPrice',
          },
          { step: 'keepPositive', of: 'unitSavings' },
          {
            step: 'product',
            name: 'pricingCurrencySavings',
            of: 'PricingQuantity',
            by: 'unitSavings',
            unit: 'PricingCurrency',
          },
          { step: 'regroup', by: keys, measures: ['pricingCurrencySavings', 'ListCost', 'ContractedCost'] },
          { step: 'difference', name: 'billingCurrencySavings', of: 'ListCost', minus: 'ContractedCost' },
        ],
      };
    },
  }),
  defineReport({
    number: 43,
    name: 'virtual-currency-purchases',
    question: 'How much of a virtual currency was bought, and what did it cost?',
    since: '1.2',
    parameters: {
      unit: {
        kind: 'text',
        required: true,
        description: 'the virtual currency, as in PricingUnit, such as Token',
      },
    },
    build: (p, has) => ({
      query: {
        measures: sums('BilledCost', 'PricingQuantity'),
        dimensions: [...sellers(has), ...columns('ChargeDescription', 'PricingUnit', 'BillingCurrency')],
        where: allOf(equals('ChargeCategory', 'Purchase'), equals('PricingUnit', p.unit)),
      },
      after: [{ step: 'unitPrice', name: 'pricePerUnit', cost: 'BilledCost', quantity: 'PricingQuantity' }],
    }),
  }),
  defineReport({
    number: 44,
    name: 'effective-cost-by-pricing-currency',
    question: 'What do services cost in the currency that they are priced in?',
    since: '1.2',
    build: (_, has) => ({
      query: {
        measures: sums('PricingCurrencyEffectiveCost'),
        dimensions: [...sellers(has), ...columns('ServiceName', 'PricingCurrency')],
        where: isPresent('PricingCurrency'),
      },
    }),
  }),
  defineReport({
    number: 45,
    name: 'virtual-currency-targets',
    question: 'What is a virtual currency spent on?',
    since: '1.2',
    parameters: { 'pricing-currency': pricingCurrencyParameter },
    build: (p, has) => ({
      query: {
        measures: sums('PricingCurrencyEffectiveCost'),
        dimensions: [...sellers(has), ...columns('ServiceName', 'ChargeDescription', 'PricingCurrency')],
        where: equals('PricingCurrency', p['pricing-currency']),
      },
    }),
  }),
  defineReport({
    number: 46,
    name: 'virtual-currency-consumption',
    question: 'How much of a virtual currency was consumed, per month and provider?',
    since: '1.2',
    parameters: { 'pricing-currency': pricingCurrencyParameter },
    build: (p) => ({
      query: {
        measures: sums('PricingCurrencyEffectiveCost'),
        dimensions: [billingMonth, ...columns('ServiceProviderName', 'PricingCurrency')],
        where: allOf(equals('PricingCurrency', p['pricing-currency']), usageOnly),
      },
    }),
  }),
];
