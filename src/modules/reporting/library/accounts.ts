import { bridgeInputs } from '../bridge.ts';
import { defineReport, type Report } from '../report.ts';
import { billingMonth, columns, sums } from './fields.ts';

/** Accounts and where they run. */
export const accountReports: readonly Report[] = [
  defineReport({
    number: 12,
    name: 'subaccounts-by-region',
    question: 'Which sub accounts have charges in which regions?',
    since: '1.0',
    build: () => ({
      query: {
        measures: [{ count: 'rows' }],
        dimensions: columns('ServiceProviderName', 'SubAccountId', 'RegionId', 'RegionName'),
        orderBy: [{ name: 'ServiceProviderName' }, { name: 'SubAccountId' }, { name: 'RegionId' }],
      },
    }),
  }),
  defineReport({
    number: 53,
    name: 'account-entities',
    question: 'Which billing accounts and sub accounts are there, and of which type?',
    since: '1.2',
    build: () => ({
      query: {
        measures: [{ count: 'rows' }],
        dimensions: columns(
          'ServiceProviderName',
          'BillingAccountId',
          'BillingAccountName',
          'BillingAccountType',
          'SubAccountId',
          'SubAccountName',
          'SubAccountType',
        ),
        orderBy: [{ name: 'ServiceProviderName' }, { name: 'BillingAccountId' }, { name: 'SubAccountId' }],
      },
    }),
  }),
];

/** Our own: the books at a glance. */
export const overviewReports: readonly Report[] = [
  defineReport({
    number: null,
    name: 'billed-to-effective-bridge',
    question: 'How does the billed cost of a month become its effective cost?',
    since: '1.0',
    notes: [
      'BilledCost + commitmentPurchases + amortisedUsed + amortisedUnused + commitmentOther + unexplained = EffectiveCost, on every row. unexplained is the net difference of charges that name no commitment.',
    ],
    build: () => ({
      query: {
        measures: sums('BilledCost', 'EffectiveCost'),
        dimensions: [
          { column: 'x_SourceName', name: 'source' },
          billingMonth,
          ...columns('BillingCurrency', ...bridgeInputs),
        ],
      },
      after: [{ step: 'bridge' }],
    }),
  }),
  defineReport({
    number: null,
    name: 'service-summary',
    question: 'What do our services cost, by all four costs?',
    since: '1.0',
    build: () => ({
      query: {
        measures: [...sums('EffectiveCost', 'BilledCost', 'ContractedCost', 'ListCost'), { count: 'rows' }],
        dimensions: columns('ServiceProviderName', 'ServiceCategory', 'ServiceName', 'BillingCurrency'),
      },
    }),
  }),
];
