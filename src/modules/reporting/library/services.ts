import { defineReport, type Report } from '../report.ts';
import { changeNote } from './budgets.ts';
import {
  allOf,
  billingMonth,
  chargeTime,
  columns,
  equals,
  grainParameter,
  providerParameter,
  publisher,
  sellers,
  subAccountParameter,
  sums,
} from './fields.ts';

/** Cost by service, region and provider. */
export const serviceReports: readonly Report[] = [
  defineReport({
    number: 4,
    name: 'subaccount-service-costs',
    question: 'Which services does a sub account spend on, over time?',
    since: '1.0',
    parameters: { 'sub-account': subAccountParameter, grain: grainParameter('day') },
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [
          chargeTime(p.grain),
          ...columns('SubAccountId', 'SubAccountName', 'ServiceName', 'BillingCurrency'),
        ],
        where: equals('SubAccountId', p['sub-account']),
      },
    }),
  }),
  defineReport({
    number: 18,
    name: 'availability-zone-costs',
    question: 'What does a sub account spend in each availability zone?',
    since: '1.0',
    parameters: { 'sub-account': subAccountParameter },
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [
          billingMonth,
          ...columns('ServiceProviderName', 'RegionName', 'AvailabilityZone', 'BillingCurrency'),
        ],
        where: equals('SubAccountId', p['sub-account']),
      },
    }),
  }),
  defineReport({
    number: 20,
    name: 'marketplace-vendor-costs',
    question: 'What do we spend with vendors that someone else invoices for?',
    since: '1.0',
    parameters: { grain: grainParameter('month') },
    notes: [
      'A marketplace row names another seller than issuer. Names are compared as they are: where a provider writes itself in two ways, its own rows show too.',
    ],
    build: (p, has) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [chargeTime(p.grain), ...sellers(has), ...columns('BillingCurrency')],
      },
      after: [
        {
          step: 'keepDifferent',
          names: has(publisher) ? [publisher, 'ServiceProviderName'] : ['ServiceProviderName'],
          than: 'InvoiceIssuerName',
        },
      ],
    }),
  }),
  defineReport({
    number: 27,
    name: 'service-category-costs',
    question: 'What was billed for each category of service, per month?',
    since: '1.0',
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [billingMonth, ...columns('ServiceProviderName', 'ServiceCategory', 'BillingCurrency')],
      },
    }),
  }),
  defineReport({
    number: 30,
    name: 'service-costs-by-month',
    question: 'How does the cost of each service change from month to month?',
    since: '1.0',
    notes: [changeNote()],
    build: () => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [
          chargeTime('month'),
          ...columns('ServiceProviderName', 'ServiceName', 'BillingCurrency'),
        ],
      },
      after: [{ step: 'change', month: 'month', of: 'EffectiveCost' }],
    }),
  }),
  defineReport({
    number: 31,
    name: 'provider-subaccount-service-costs',
    question: "What do the services of one provider's sub account cost, over time?",
    since: '1.0',
    parameters: {
      provider: providerParameter,
      'sub-account': subAccountParameter,
      grain: grainParameter('day'),
    },
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [
          chargeTime(p.grain),
          ...columns('ServiceProviderName', 'ServiceName', 'SubAccountId', 'BillingCurrency'),
        ],
        where: allOf(equals('ServiceProviderName', p.provider), equals('SubAccountId', p['sub-account'])),
      },
    }),
  }),
  defineReport({
    number: 32,
    name: 'region-service-costs',
    question: 'What do services cost in each region, over time?',
    since: '1.0',
    parameters: { grain: grainParameter('month') },
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [
          chargeTime(p.grain),
          ...columns('ServiceProviderName', 'RegionId', 'ServiceName', 'BillingCurrency'),
        ],
      },
    }),
  }),
  defineReport({
    number: 33,
    name: 'provider-spend-by-month',
    question: 'What did one provider bill per month, by category and service?',
    since: '1.0',
    parameters: { provider: providerParameter },
    build: (p) => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          billingMonth,
          ...columns(
            'ServiceProviderName',
            'BillingAccountId',
            'BillingAccountName',
            'ServiceCategory',
            'ServiceName',
            'BillingCurrency',
          ),
        ],
        where: equals('ServiceProviderName', p.provider),
      },
    }),
  }),
  defineReport({
    number: 34,
    name: 'service-costs',
    question: 'What does one service cost, billed and effective, by month and sub account?',
    since: '1.0',
    parameters: {
      service: {
        kind: 'text',
        required: true,
        description: 'the service, as in ServiceName, such as Amazon EC2',
      },
    },
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost', 'BilledCost'),
        dimensions: [
          billingMonth,
          ...columns(
            'ServiceProviderName',
            'SubAccountId',
            'SubAccountName',
            'ServiceName',
            'BillingCurrency',
          ),
        ],
        where: equals('ServiceName', p.service),
      },
    }),
  }),
  defineReport({
    number: 39,
    name: 'service-subcategory-costs',
    question: 'What was billed for each category and subcategory of service, per month?',
    since: '1.1',
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          billingMonth,
          ...columns('ServiceProviderName', 'ServiceCategory', 'ServiceSubcategory', 'BillingCurrency'),
        ],
      },
    }),
  }),
];
