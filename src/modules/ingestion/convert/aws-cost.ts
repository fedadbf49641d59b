import type { AwsWords } from './aws-words.ts';
import { decimalCell } from './cells.ts';
import type { NativeColumns } from './native-columns.ts';
import type { ColumnRules, Rule } from './rules.ts';

/**
 * The four costs of an AWS row, by line-item type.
 *
 * Worked example, one hour of an instance under a savings plan (on demand 0.10, plan price 0.07, fee 0.08 an hour):
 *
 * | line item | native | Billed | Effective |
 * |---|---|---|---|
 * | SavingsPlanCoveredUsage | 0.10 | 0 | 0.07 |
 * | SavingsPlanNegation | −0.10 | 0 | 0 |
 * | SavingsPlanRecurringFee | 0.08 | 0.08 | 0 |
 * | its unused part (part 1) | | 0 | 0.01 |
 * | sum | 0.08 | 0.08 | 0.08 |
 */
export function awsCostRules(
  native: NativeColumns,
  words: AwsWords,
  options: { readonly net: boolean },
): ColumnRules[] {
  const cost = nativeCost(native, options.net);
  return [
    { column: 'BilledCost', type: 'decimal', rules: billedRules(cost, words) },
    { column: 'EffectiveCost', type: 'decimal', rules: effectiveRules(native, cost, words, options.net) },
    { column: 'ListCost', type: 'decimal', rules: listRules(native, cost, words) },
    { column: 'ContractedCost', type: 'decimal', rules: contractedRules(native, cost, words) },
    {
      column: 'ListUnitPrice',
      type: 'decimal',
      rules: [
        onUsage(
          'aws.list-price',
          'As in pricing/publicOnDemandRate.',
          nonNegative(words.money('pricing/publicOnDemandRate')),
          words,
        ),
      ],
    },
    {
      column: 'ContractedUnitPrice',
      type: 'decimal',
      rules: [
        {
          id: 'aws.contracted-price.reservation',
          says: 'The price of the list, as the cost: under a reservation the bill shows a rate of 0.',
          when: `${words.lineType} = 'DiscountedUsage' and ${native.text('pricing/publicOnDemandCost')} is not null`,
          value: nonNegative(words.money('pricing/publicOnDemandRate')),
        },
        onUsage(
          'aws.contracted-price',
          'The rate billed on demand.',
          nonNegative(
            options.net
              ? words.money('lineItem/NetUnblendedRate', 'lineItem/UnblendedRate')
              : words.money('lineItem/UnblendedRate'),
          ),
          words,
        ),
      ],
    },
    {
      column: 'x_NativeCost',
      type: 'decimal',
      rules: [
        {
          id: 'aws.native-cost.synthesised',
          says: 'A synthesised part has no native cost.',
          when: words.unused,
          value: '0',
        },
        { id: 'aws.native-cost', says: "The bill's own cost.", value: cost },
      ],
    },
  ];
}

/** The bill's own cost: net of discounts when the file gives it, chosen once per file, never per row. */
function nativeCost(native: NativeColumns, net: boolean): string {
  return `coalesce(${decimalCell(native.text(net ? 'lineItem/NetUnblendedCost' : 'lineItem/UnblendedCost'))}, 0)`;
}

function billedRules(cost: string, { lineType, unused }: AwsWords): Rule[] {
  return [
    {
      id: 'aws.billed.unused',
      says: 'The fee is billed on its own row; its unused part is not billed again.',
      when: unused,
      value: '0',
    },
    {
      id: 'aws.billed.savings-plan-covered',
      says: 'Covered usage is paid by the plan: the native cost is the on-demand value that SavingsPlanNegation takes back.',
      when: `${lineType} = 'SavingsPlanCoveredUsage'`,
      value: '0',
    },
    {
      id: 'aws.billed.savings-plan-negation',
      says: 'Takes back the on-demand value of covered usage; both are 0 here.',
      when: `${lineType} = 'SavingsPlanNegation'`,
      value: '0',
    },
    { id: 'aws.billed', says: 'As billed.', value: cost },
  ];
}

function effectiveRules(native: NativeColumns, cost: string, words: AwsWords, net: boolean): Rule[] {
  const { lineType, unused, money, reservation, commitmentRefund } = words;
  const of = (netName: string, name: string) => (net && native.has(netName) ? money(netName) : money(name));
  const unusedReservation = `coalesce(${of('reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod', 'reservation/UnusedAmortizedUpfrontFeeForBillingPeriod')}, 0) + coalesce(${of('reservation/NetUnusedRecurringFee', 'reservation/UnusedRecurringFee')}, 0)`;
  const unusedPlan = `coalesce(${money('savingsPlan/TotalCommitmentToDate')} - ${money('savingsPlan/UsedCommitment')}, 0)`;
  const when = (id: string, says: string, condition: string, value: string): Rule => ({
    id: `aws.effective.${id}`,
    says,
    when: condition,
    value,
  });
  return [
    when(
      'savings-plan-unused',
      'Commitment to date less what was used.',
      `${unused} and ${lineType} = 'SavingsPlanRecurringFee'`,
      unusedPlan,
    ),
    when(
      'reservation-unused',
      'Unused amortised upfront fee and unused recurring fee.',
      unused,
      unusedReservation,
    ),
    when(
      'savings-plan-covered',
      "The plan's price of the usage, upfront part included.",
      `${lineType} = 'SavingsPlanCoveredUsage'`,
      `coalesce(${of('savingsPlan/NetSavingsPlanEffectiveCost', 'savingsPlan/SavingsPlanEffectiveCost')}, 0)`,
    ),
    when(
      'reservation-covered',
      "The reservation's price of the usage, upfront part included.",
      `${lineType} = 'DiscountedUsage'`,
      `coalesce(${of('reservation/NetEffectiveCost', 'reservation/EffectiveCost')}, 0)`,
    ),
    when(
      'commitment-purchase',
      'What buys a commitment has no effect of its own: its cost is in the usage it covers and in its unused part.',
      `${lineType} in ('SavingsPlanNegation', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee', 'RIFee')`,
      '0',
    ),
    when(
      'reservation-upfront',
      'An upfront fee is spread over the usage it covers.',
      `${lineType} = 'Fee' and ${reservation} is not null`,
      '0',
    ),
    when('commitment-refund', 'Gives back a purchase whose effective cost was 0.', commitmentRefund, '0'),
    { id: 'aws.effective', says: 'As billed: nothing covers it.', value: cost },
  ];
}

function listRules(native: NativeColumns, cost: string, words: AwsWords): Rule[] {
  const { lineType, unused, usage, money } = words;
  const list = money('pricing/publicOnDemandCost');
  const rate = `try_cast(${native.text('pricing/publicOnDemandRate')} as decimal(18,12))`;
  // A product has 38 digits at most: amounts of a million and more (requests, bytes) are taken at 10 decimals.
  const times = (type: string) =>
    `(${rate} * try_cast(${native.text('lineItem/UsageAmount')} as ${type}))::decimal(38,12)`;
  const product = `coalesce(${times('decimal(18,12)')}, ${times('decimal(20,10)')})`;
  return [
    {
      id: 'aws.list.none',
      says: 'Nothing was used at list price.',
      when: `${unused} or ${lineType} = 'SavingsPlanNegation'`,
      value: '0',
    },
    {
      id: 'aws.list',
      says: 'As in pricing/publicOnDemandCost.',
      when: `${usage} and ${list} is not null`,
      value: list,
    },
    {
      id: 'aws.list.rate',
      says: 'Public rate × amount, where the bill gives no list cost.',
      when: `${usage} and ${product} is not null`,
      value: product,
    },
    { id: 'aws.list.as-billed', says: 'The bill gives no list price: as billed.', value: cost },
  ];
}

function contractedRules(native: NativeColumns, cost: string, words: AwsWords): Rule[] {
  const { lineType, unused, money } = words;
  return [
    {
      id: 'aws.contracted.none',
      says: 'Nothing was used at a contracted price.',
      when: `${unused} or ${lineType} = 'SavingsPlanNegation'`,
      value: '0',
    },
    {
      id: 'aws.contracted.reservation',
      says: 'A CUR gives no contracted price under a reservation: the list cost.',
      when: `${lineType} = 'DiscountedUsage' and ${native.text('pricing/publicOnDemandCost')} is not null`,
      value: money('pricing/publicOnDemandCost'),
    },
    {
      id: 'aws.contracted',
      says: 'The on-demand value at the rate of the contract, which is what the bill shows before commitments.',
      value: cost,
    },
  ];
}

function onUsage(id: string, says: string, value: string, { usage }: AwsWords): Rule {
  return { id, says, when: usage, value };
}

/** FOCUS unit prices are not negative. */
function nonNegative(value: string): string {
  return `case when ${value} >= 0 then ${value} end`;
}
