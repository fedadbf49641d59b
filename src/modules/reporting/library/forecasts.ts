import { defineReport, type ParameterSpec, type Report } from '../report.ts';
import { billingMonth, chargeTime, columns, sums, usageOnly } from './fields.ts';

const months = {
  kind: 'number',
  default: '3',
  min: 1,
  max: 24,
  description: 'how many months to look ahead, 1 to 24',
} as const satisfies ParameterSpec;

const trendNote =
  'The forecast is the straight line through the months asked by least squares, per row key; nothing is learnt and no season is known. It is not cut at 0. An incomplete last month bends it: leave it out with --to.';

/** What the coming months may cost, from the past ones. */
export const forecastReports: readonly Report[] = [
  defineReport({
    number: 9,
    name: 'amortized-cost-forecast',
    question: 'What will amortized cost be in the coming months, if it goes on in a straight line?',
    since: '1.0',
    parameters: { months },
    notes: [trendNote],
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [
          billingMonth,
          ...columns(
            'ServiceProviderName',
            'ServiceCategory',
            'ServiceName',
            'ChargeCategory',
            'BillingCurrency',
          ),
        ],
      },
      after: [{ step: 'trend', month: 'billingMonth', of: 'EffectiveCost', months: Number(p.months) }],
    }),
  }),
  defineReport({
    number: 10,
    name: 'cashflow-forecast',
    question: 'What will be billed in the coming months, if it goes on in a straight line?',
    since: '1.0',
    parameters: { months },
    notes: [trendNote],
    build: (p) => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          billingMonth,
          ...columns('ServiceProviderName', 'ServiceCategory', 'ServiceName', 'BillingCurrency'),
        ],
      },
      after: [{ step: 'trend', month: 'billingMonth', of: 'BilledCost', months: Number(p.months) }],
    }),
  }),
  defineReport({
    number: 11,
    name: 'usage-and-rate-history',
    question: 'How much was used, and at which effective price per unit, to base a forecast on?',
    since: '1.0',
    notes: [
      'Usage only: a purchase has a quantity without effective cost and would lower the price. The price is weighted: EffectiveCost ÷ PricingQuantity.',
    ],
    build: () => ({
      query: {
        measures: sums('EffectiveCost', 'PricingQuantity'),
        dimensions: [
          billingMonth,
          ...columns(
            'ServiceProviderName',
            'ServiceCategory',
            'ServiceName',
            'RegionId',
            'RegionName',
            'PricingUnit',
            'BillingCurrency',
          ),
        ],
        where: usageOnly,
      },
      after: [
        { step: 'unitPrice', name: 'effectiveUnitPrice', cost: 'EffectiveCost', quantity: 'PricingQuantity' },
      ],
    }),
  }),
];

const window = {
  kind: 'number',
  default: '7',
  min: 2,
  max: 90,
  description: 'how many calendar days before a day make its expected cost, such as 7 or 28',
} as const satisfies ParameterSpec;

/** Days that cost more, or less, than the days before them. */
export const anomalyReports: readonly Report[] = [
  anomalyReport(15, 'subaccount-anomalies', 'a sub account', ['SubAccountId']),
  anomalyReport(16, 'subaccount-region-anomalies', 'a sub account in a region', [
    'SubAccountId',
    'RegionId',
    'RegionName',
  ]),
  anomalyReport(17, 'subaccount-region-service-anomalies', 'a service of a sub account in a region', [
    'SubAccountId',
    'RegionId',
    'RegionName',
    'ServiceName',
  ]),
];

function anomalyReport(number: number, name: string, keys: string, names: readonly string[]): Report {
  return defineReport({
    number,
    name,
    question: `On which days did ${keys} cost more or less than in the days before?`,
    since: '1.0',
    parameters: { window },
    notes: [
      'Expected is the mean of the days with cost among the days before; a day without any is not compared. Largest deviations come first; what is an anomaly is for the reader to say.',
    ],
    build: (p) => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [chargeTime('day'), ...columns('ServiceProviderName', ...names, 'BillingCurrency')],
      },
      after: [{ step: 'trailingMean', day: 'day', of: 'EffectiveCost', days: Number(p.window) }],
    }),
  });
}
