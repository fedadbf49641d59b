import { noCurrency } from '../../../platform/kernel/index.ts';
import { fileLiteral, literal } from '../../../platform/warehouse/index.ts';
import { costDataset } from '../../focus/index.ts';
import { accountRules, chargeRules } from './aws-charge.ts';
import { commitmentRules } from './aws-commitment.ts';
import { awsCostRules } from './aws-cost.ts';
import { resourceRules, skuRules, tagRules } from './aws-resource.ts';
import { awsServices } from './aws-services.ts';
import { type AwsOptions, awsWords } from './aws-words.ts';
import { monthOf } from './cells.ts';
import { type Converter, literalOrNull } from './converter.ts';
import type { NativeColumns } from './native-columns.ts';
import type { ColumnRules } from './rules.ts';

/** The converter of a Cost and Usage Report, v1 or 2.0. `net`: the file's costs are net of discounts. */
export function awsConverter(native: NativeColumns, options: AwsOptions): Converter {
  const named = (...names: readonly string[]) => names.filter((name) => native.has(name));
  const intervals = [
    ['bill/BillingPeriodStartDate', 'bill/BillingPeriodEndDate'],
    ['lineItem/UsageStartDate', 'lineItem/UsageEndDate'],
  ] as const;
  const label = native.find('bill/BillingPeriodStartDate');
  const usage = options.period === undefined ? native.find('lineItem/UsageStartDate') : undefined;
  const period = label ?? usage;
  const cost = options.net ? 'lineItem/NetUnblendedCost' : 'lineItem/UnblendedCost';
  return {
    version: 'aws-1',
    dataset: costDataset,
    nativeCost: native.find(cost)?.name,
    period: period
      ? monthOf(native.text(period.name), 'iso', label !== undefined)
      : literalOrNull(options.period),
    periodColumn: period && { name: period.name, isLabel: label !== undefined },
    currency: `coalesce(${native.text('lineItem/CurrencyCode')}, ${literal(options.currency ?? noCurrency)})`,
    currencyColumn: native.find('lineItem/CurrencyCode')?.name,
    labels: { period: options.period ?? null, currency: options.currency ?? noCurrency, meanings: {} },
    kindColumn: native.find('lineItem/LineItemType')?.name,
    account: `coalesce(${native.text('bill/PayerAccountId')}, '')`,
    invoiced: `${native.text('bill/InvoiceId')} is not null`,
    numbers: Object.entries(awsNumbers).flatMap(([type, names]) =>
      named(...names).map((name) =>
        type === '' ? { name } : { name, when: `${awsWords(native).lineType} = ${literal(type)}` },
      ),
    ),
    times: named(...intervals.flat()),
    dateOrder: 'iso',
    intervals: intervals.filter(([start, end]) => native.has(start) && native.has(end)),
    scan: (file) => awsScan(native, file),
    columns: awsRules(native, options),
  };
}

/** Every converted column of an AWS bill, costs first in `aws-cost.ts`, the rest here. */
function awsRules(native: NativeColumns, options: AwsOptions): ColumnRules[] {
  const words = awsWords(native);
  return [
    ...awsCostRules(native, words, options),
    ...chargeRules(native, words, options),
    ...accountRules(native),
    ...commitmentRules(native, words),
    ...resourceRules(native),
    ...skuRules(native, words),
    ...tagRules(native),
  ];
}
/** The SQL scan of one staged CUR file: every row, and commitment fees a second time as their unused part. */
function awsScan(native: NativeColumns, stagedFile: string): string {
  const from = `read_parquet(${fileLiteral(stagedFile)}, file_row_number = true)`;
  const services = awsServices.map((row) => `(${row.map(literal).join(', ')})`).join(', ');
  const code = native.text('lineItem/ProductCode');
  const rows = `select *, file_row_number + 1 as centrail_row, 0 as centrail_part from ${from}`;
  const unused = hasUnusedParts(native)
    ? `\n  union all\n  select *, file_row_number + 1, 1 from ${from} where ${awsWords(native).lineType} in ('RIFee', 'SavingsPlanRecurringFee')`
    : '';
  return `(
  ${rows}${unused}
) as scan
left join (values ${services}) as service(code, category, subcategory) on service.code = ${code}`;
}

/** Fees can be split only where the bill says how much of the commitment was used. */
function hasUnusedParts(native: NativeColumns): boolean {
  return [
    'savingsPlan/UsedCommitment',
    'reservation/UnusedRecurringFee',
    'reservation/NetUnusedRecurringFee',
    'reservation/UnusedAmortizedUpfrontFeeForBillingPeriod',
    'reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod',
  ].some(native.has);
}
/** Number columns by the line types whose rules read them; '' for every type. */
const awsNumbers: Readonly<Record<string, readonly string[]>> = {
  '': [
    'lineItem/UnblendedCost',
    'lineItem/NetUnblendedCost',
    'lineItem/UsageAmount',
    'lineItem/NormalizedUsageAmount',
    'lineItem/UnblendedRate',
    'lineItem/NetUnblendedRate',
    'pricing/publicOnDemandCost',
    'pricing/publicOnDemandRate',
  ],
  DiscountedUsage: ['reservation/EffectiveCost', 'reservation/NetEffectiveCost'],
  SavingsPlanCoveredUsage: [
    'savingsPlan/SavingsPlanEffectiveCost',
    'savingsPlan/NetSavingsPlanEffectiveCost',
  ],
  SavingsPlanRecurringFee: ['savingsPlan/TotalCommitmentToDate', 'savingsPlan/UsedCommitment'],
  RIFee: [
    'reservation/UnusedAmortizedUpfrontFeeForBillingPeriod',
    'reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod',
    'reservation/UnusedRecurringFee',
    'reservation/NetUnusedRecurringFee',
    'reservation/UnusedNormalizedUnitQuantity',
    'reservation/UnusedQuantity',
    'reservation/TotalReservedNormalizedUnits',
  ],
};
