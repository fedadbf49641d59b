import { defineReport, type Report } from '../report.ts';
import { billingMonth, columns, equals, noCorrections, sellers, sums } from './fields.ts';

/** Checks of what was invoiced. */
export const invoiceReports: readonly Report[] = [
  defineReport({
    number: 6,
    name: 'invoice-totals',
    question: 'What should the invoice of each issuer and billing account come to, per month?',
    since: '1.0',
    notes: ['Everything billed counts: usage, purchases, tax, credits and corrections.'],
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          billingMonth,
          ...columns('InvoiceIssuerName', 'BillingAccountId', 'BillingAccountName', 'BillingCurrency'),
        ],
      },
    }),
  }),
  defineReport({
    number: 7,
    name: 'service-charges',
    question: 'What did each provider bill for each of its services?',
    since: '1.0',
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: columns(
          'ServiceProviderName',
          'BillingAccountId',
          'BillingAccountName',
          'ServiceName',
          'BillingCurrency',
        ),
      },
    }),
  }),
  defineReport({
    number: 8,
    name: 'discount-accuracy',
    question: 'Do the discounts of a billed month come out as agreed, service by service?',
    since: '1.0',
    notes: [
      'Corrections of earlier months are left out. discount is ListCost − EffectiveCost; where a commitment is bought and used in one answer, its list cost is in it twice: see effective-savings-rate.',
    ],
    build: () => ({
      query: {
        measures: sums('BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'),
        dimensions: columns(
          'ServiceProviderName',
          'BillingAccountId',
          'BillingAccountName',
          'ServiceName',
          'BillingCurrency',
        ),
        where: noCorrections,
      },
      after: [
        { step: 'difference', name: 'discount', of: 'ListCost', minus: 'EffectiveCost' },
        { step: 'ratio', name: 'discountRatio', of: 'discount', over: 'ListCost' },
      ],
    }),
  }),
  defineReport({
    number: 26,
    name: 'corrections',
    question: 'What was corrected afterwards in months already invoiced, by service?',
    since: '1.0',
    notes: ['The month is the one that the correction was billed in.'],
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          billingMonth,
          ...columns(
            'ServiceProviderName',
            'BillingAccountId',
            'ChargeCategory',
            'ServiceCategory',
            'ServiceName',
            'BillingCurrency',
          ),
        ],
        where: equals('ChargeClass', 'Correction'),
      },
    }),
  }),
  defineReport({
    number: 36,
    name: 'subaccount-corrections',
    question: 'What was corrected afterwards in months already invoiced, by sub account?',
    since: '1.0',
    notes: ['The month is the one that the correction was billed in.'],
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          billingMonth,
          ...columns(
            'ServiceProviderName',
            'BillingAccountId',
            'SubAccountId',
            'SubAccountName',
            'ServiceCategory',
            'BillingCurrency',
          ),
        ],
        where: equals('ChargeClass', 'Correction'),
      },
    }),
  }),
  defineReport({
    number: 50,
    name: 'invoice-reconciliation',
    question: 'What should each invoice come to, by its number?',
    since: '1.2',
    notes: ['Charges without a number are not invoiced yet, or the provider does not say.'],
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: columns('InvoiceIssuerName', 'InvoiceId', 'BillingCurrency'),
      },
    }),
  }),
  defineReport({
    number: 51,
    name: 'credit-memos',
    question: 'Which credits were given, on which invoice?',
    since: '1.2',
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: columns('ServiceProviderName', 'InvoiceId', 'BillingCurrency'),
        where: equals('ChargeCategory', 'Credit'),
        orderBy: [{ name: 'BillingCurrency' }, { name: 'BilledCost' }],
      },
    }),
  }),
  defineReport({
    number: 52,
    name: 'billed-cost-sources',
    question: 'Who billed what: provider, seller, issuer and invoice?',
    since: '1.2',
    build: (_, has) => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [...sellers(has), ...columns('InvoiceId', 'BillingCurrency')],
      },
    }),
  }),
];
