import { noCurrency } from '../../../platform/kernel/index.ts';
import { literal } from '../../../platform/warehouse/index.ts';
import { type AwsOptions, type AwsWords, plain, text } from './aws-words.ts';
import { timestampCell } from './cells.ts';
import type { NativeColumns } from './native-columns.ts';
import type { ColumnRules, Rule } from './rules.ts';

/** When, what kind of charge, by whom: everything of an AWS row that is neither cost nor resource. */
export function chargeRules(native: NativeColumns, words: AwsWords, options: AwsOptions): ColumnRules[] {
  const { lineType, unused, commitmentRefund } = words;
  const rule = (id: string, says: string, value: string, when?: string): Rule =>
    when === undefined ? { id: `aws.${id}`, says, value } : { id: `aws.${id}`, says, value, when };
  const usageStart = timestampCell(native.text('lineItem/UsageStartDate'));
  const given =
    options.period === undefined ? undefined : `timestamp ${literal(`${options.period}-01 00:00:00`)}`;
  const billStart = native.has('bill/BillingPeriodStartDate')
    ? timestampCell(native.text('bill/BillingPeriodStartDate'))
    : (given ?? `date_trunc('month', ${usageStart})`);
  const billEnd = native.has('bill/BillingPeriodEndDate')
    ? timestampCell(native.text('bill/BillingPeriodEndDate'))
    : `${billStart} + interval 1 month`;
  return [
    plain(
      'BillingPeriodStart',
      'timestamp',
      'billing-period',
      'The billing period of the bill; of the usage where the file has none.',
      billStart,
    ),
    plain('BillingPeriodEnd', 'timestamp', 'billing-period', 'Exclusive end, as AWS writes it.', billEnd),
    plain('ChargePeriodStart', 'timestamp', 'charge-period', 'As in lineItem/UsageStartDate.', usageStart),
    plain(
      'ChargePeriodEnd',
      'timestamp',
      'charge-period',
      'As in lineItem/UsageEndDate (exclusive).',
      timestampCell(native.text('lineItem/UsageEndDate')),
    ),
    {
      column: 'ChargeCategory',
      type: 'string',
      rules: [
        rule(
          'category.unused',
          'The unused part of a commitment is usage that nobody made.',
          `'Usage'`,
          unused,
        ),
        rule(
          'category.usage',
          'Usage, covered or not, and the entry that offsets it.',
          `'Usage'`,
          `${lineType} in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation')`,
        ),
        rule(
          'category.purchase',
          'Fees buy a commitment or a subscription.',
          `'Purchase'`,
          `${lineType} in ('Fee', 'RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee')`,
        ),
        rule('category.tax', 'Tax.', `'Tax'`, `${lineType} = 'Tax'`),
        rule('category.credit', 'Credit.', `'Credit'`, `${lineType} = 'Credit'`),
        rule(
          'category.refund-of-purchase',
          'FOCUS has no refund: it is a negative row of the original category.',
          `'Purchase'`,
          commitmentRefund,
        ),
        rule(
          'category.refund',
          'FOCUS has no refund: it is a negative row of the original category.',
          `'Usage'`,
          `${lineType} = 'Refund'`,
        ),
        rule(
          'category.adjustment',
          'Discounts that AWS bills as rows of their own, and types that we do not know.',
          `'Adjustment'`,
        ),
      ],
    },
    {
      column: 'ChargeClass',
      type: 'string',
      rules: [
        rule(
          'class.refund',
          'A refund corrects an earlier charge.',
          `'Correction'`,
          `${lineType} = 'Refund' or ${native.text('bill/BillType')} = 'Refund'`,
        ),
        rule(
          'class.earlier-usage',
          'Usage of an earlier month, billed in this one.',
          `'Correction'`,
          `${lineType} = 'Usage' and ${usageStart} < ${billStart}`,
        ),
      ],
    },
    {
      column: 'ChargeFrequency',
      type: 'string',
      rules: [
        rule(
          'frequency.recurring',
          'Commitment fees recur.',
          `'Recurring'`,
          `${lineType} in ('RIFee', 'SavingsPlanRecurringFee') and not (${unused})`,
        ),
        rule(
          'frequency.one-time',
          'Paid once.',
          `'One-Time'`,
          `${lineType} in ('Fee', 'SavingsPlanUpfrontFee', 'Tax', 'Credit', 'Refund')`,
        ),
        rule('frequency.usage', 'By usage.', `'Usage-Based'`),
      ],
    },
    text('ChargeDescription', 'description', native, 'lineItem/LineItemDescription'),
    {
      column: 'BillingCurrency',
      type: 'string',
      rules: [
        rule(
          'currency',
          'As in lineItem/CurrencyCode; XXX (no currency) where the bill names none.',
          `coalesce(${native.text('lineItem/CurrencyCode')}, ${literal(options.currency ?? noCurrency)})`,
        ),
      ],
    },
    text('InvoiceId', 'invoice', native, 'bill/InvoiceId'),
    text('InvoiceIssuerName', 'invoice-issuer', native, 'bill/InvoicingEntity', 'lineItem/LegalEntity'),
    {
      column: 'ServiceProviderName',
      type: 'string',
      rules: [
        rule(
          'provider.marketplace',
          'A marketplace seller provides the service.',
          native.text('lineItem/LegalEntity'),
          `${native.text('bill/BillingEntity')} = 'AWS Marketplace'`,
        ),
        rule('provider', 'AWS.', `'AWS'`),
      ],
    },
    plain('HostProviderName', 'string', 'host', 'What AWS bills runs on AWS.', `'AWS'`),
    text('x_LineItemType', 'kept', native, 'lineItem/LineItemType'),
    text('x_UsageType', 'kept', native, 'lineItem/UsageType'),
    text('x_Operation', 'kept', native, 'lineItem/Operation'),
    text('x_ServiceCode', 'kept', native, 'lineItem/ProductCode'),
    text('x_TaxType', 'kept', native, 'lineItem/TaxType'),
    text('x_BillType', 'kept', native, 'bill/BillType'),
  ];
}
/** Who pays and who uses. */
export function accountRules(native: NativeColumns): ColumnRules[] {
  return [
    text('BillingAccountId', 'account', native, 'bill/PayerAccountId'),
    text('BillingAccountName', 'account', native, 'bill/PayerAccountName'),
    plain('BillingAccountType', 'string', 'account', 'The account that pays.', `'Payer Account'`),
    text('SubAccountId', 'sub-account', native, 'lineItem/UsageAccountId'),
    text('SubAccountName', 'sub-account', native, 'lineItem/UsageAccountName'),
    plain('SubAccountType', 'string', 'sub-account', 'The account that uses.', `'Linked Account'`),
  ];
}
