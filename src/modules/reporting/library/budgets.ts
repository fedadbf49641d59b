import { defineReport, type Report } from '../report.ts';
import {
  allOf,
  applicationTagParameter,
  billingMonth,
  columns,
  differs,
  equals,
  providerParameter,
  subAccountParameter,
  sums,
} from './fields.ts';

/** Budgets: what was billed beside what was planned. */
export const budgetReports: readonly Report[] = [
  defineReport({
    number: 1,
    name: 'subaccount-budget',
    question: 'How much of its budget has a sub account been billed?',
    since: '1.0',
    parameters: {
      provider: providerParameter,
      'sub-account': subAccountParameter,
      budget: {
        kind: 'amount',
        required: true,
        description: 'the budget for all months asked, such as 12000.00',
      },
      currency: { kind: 'currency', required: true, description: "the budget's currency, such as USD" },
      'charge-category': {
        kind: 'text',
        default: 'Usage',
        description: 'the ChargeCategory that counts, or all: the catalogue counts Usage',
      },
    },
    notes: ['The budget is one amount for all months asked. Charges in other currencies are left out.'],
    build: (p) => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: columns('ServiceProviderName', 'SubAccountId', 'BillingCurrency'),
        where: allOf(
          equals('ServiceProviderName', p.provider),
          equals('SubAccountId', p['sub-account']),
          equals('BillingCurrency', p.currency),
          p['charge-category'] === 'all' ? undefined : equals('ChargeCategory', p['charge-category']),
        ),
      },
      after: [
        { step: 'constant', name: 'budget', value: p.budget, kind: 'money' },
        { step: 'difference', name: 'remaining', of: 'budget', minus: 'BilledCost' },
        { step: 'ratio', name: 'used', of: 'BilledCost', over: 'budget' },
      ],
    }),
  }),
  defineReport({
    number: 13,
    name: 'billed-by-month',
    question: 'What did each provider bill per month, to bring budgets up to date?',
    since: '1.0',
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [billingMonth, ...columns('ServiceProviderName', 'BillingCurrency')],
      },
    }),
  }),
  defineReport({
    number: 14,
    name: 'application-billed-by-month',
    question: 'What was billed per application and month, to bring its budget up to date?',
    since: '1.0',
    parameters: { tag: applicationTagParameter('Application') },
    notes: ['Charges without the tag are a row of their own, with no application.'],
    build: (p) => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          billingMonth,
          ...columns('ServiceProviderName'),
          { tag: p.tag },
          ...columns('BillingCurrency'),
        ],
      },
    }),
  }),
];

/** Applications by tag: what each one costs, and how much of the cost carries the tag. */
export const applicationReports: readonly Report[] = [
  defineReport({
    number: 2,
    name: 'application-costs-by-currency',
    question: 'What was each application billed, per currency and billing account?',
    since: '1.0',
    parameters: { tag: applicationTagParameter('ApplicationId') },
    notes: ['Charges without the tag are a row of their own, with no application.'],
    build: (p) => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          { tag: p.tag },
          ...columns('ServiceProviderName', 'BillingAccountId', 'BillingAccountName', 'BillingCurrency'),
        ],
      },
    }),
  }),
  defineReport({
    number: 29,
    name: 'application-cost-by-month',
    question: 'How does the cost of one application change from month to month, by service?',
    since: '1.0',
    parameters: {
      application: {
        kind: 'text',
        required: true,
        description: 'the application, as in the value of the tag',
      },
      tag: applicationTagParameter('Application'),
    },
    notes: [changeNote()],
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [billingMonth, ...columns('ServiceName', 'BillingCurrency')],
        where: { field: { tag: p.tag }, op: '=', value: p.application },
      },
      after: [{ step: 'change', month: 'billingMonth', of: 'EffectiveCost' }],
    }),
  }),
  defineReport({
    number: 41,
    name: 'provider-tag-coverage',
    question: "How much of a provider's cost carries a tag?",
    since: '1.0',
    parameters: {
      provider: providerParameter,
      tag: { kind: 'tag', required: true, description: 'the tag key, such as team' },
    },
    notes: [coverageNote()],
    build: (p) => ({
      query: {
        measures: [
          { sum: 'EffectiveCost' },
          { coverage: { tag: p.tag, of: 'EffectiveCost' }, name: 'coverage' },
        ],
        dimensions: columns('BillingCurrency'),
        where: allOf(equals('ServiceProviderName', p.provider), {
          field: { column: 'EffectiveCost' },
          op: '>',
          value: 0,
        }),
      },
    }),
  }),
  defineReport({
    number: null,
    name: 'tag-coverage',
    question: 'Where is cost that carries no tag, by month, provider and service?',
    since: '1.0',
    parameters: { tag: { kind: 'tag', required: true, description: 'the tag key, such as team' } },
    notes: [coverageNote(), 'Tax is left out: nobody can tag it.'],
    build: (p) => ({
      query: {
        measures: [
          { sum: 'EffectiveCost' },
          { coverage: { tag: p.tag, of: 'EffectiveCost' }, name: 'coverage' },
        ],
        dimensions: [billingMonth, ...columns('ServiceProviderName', 'ServiceName', 'BillingCurrency')],
        where: allOf(differs('ChargeCategory', 'Tax'), {
          field: { column: 'EffectiveCost' },
          op: '>',
          value: 0,
        }),
      },
    }),
  }),
];

function coverageNote(): string {
  return 'Coverage is the EffectiveCost of tagged charges ÷ that of all charges above 0; an empty tag value is no tag.';
}

/** How reports tell the change from month to month. */
export function changeNote(): string {
  return "A row's previous is the month before: 0 where the provider billed that month without such a row, nothing where it billed none. What stopped is a row of 0.";
}
