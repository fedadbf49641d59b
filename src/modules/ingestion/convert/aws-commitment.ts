import type { AwsWords } from './aws-words.ts';
import type { NativeColumns } from './native-columns.ts';
import type { ColumnRules, Rule } from './rules.ts';

/** Savings plans and reservations: which commitment a row buys, uses or leaves unused, and how much of it. */
export function commitmentRules(
  native: NativeColumns,
  { lineType, unused, savingsPlan, reservation, money }: AwsWords,
): ColumnRules[] {
  const ofPlan = `(${lineType} in ('SavingsPlanCoveredUsage', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee', 'SavingsPlanNegation') or (${lineType} = 'Refund' and ${savingsPlan} is not null))`;
  const ofReservation = `(${lineType} in ('DiscountedUsage', 'RIFee') or (${lineType} in ('Fee', 'Refund') and ${reservation} is not null))`;
  const unusedPlan = `${money('savingsPlan/TotalCommitmentToDate')} - ${money('savingsPlan/UsedCommitment')}`;
  const rule = (id: string, says: string, value: string, when: string): Rule => ({
    id: `aws.commitment.${id}`,
    says,
    value,
    when,
  });
  const byKind = (column: string, plan: string, reserved: string, says: string): ColumnRules => ({
    column,
    type: 'string',
    rules: [rule('savings-plan', says, plan, ofPlan), rule('reservation', says, reserved, ofReservation)],
  });
  return [
    byKind('CommitmentDiscountId', savingsPlan, reservation, 'The ARN of the plan or reservation.'),
    byKind('CommitmentDiscountType', `'Savings Plan'`, `'Reserved Instance'`, "AWS's name of the kind."),
    byKind(
      'CommitmentDiscountCategory',
      `'Spend'`,
      `'Usage'`,
      'Plans commit to spend, reservations to usage.',
    ),
    {
      column: 'CommitmentDiscountStatus',
      type: 'string',
      rules: [
        rule('unused', 'The part of the fee that no usage took.', `'Unused'`, unused),
        rule(
          'used',
          'Usage that the commitment covered.',
          `'Used'`,
          `${lineType} in ('SavingsPlanCoveredUsage', 'DiscountedUsage')`,
        ),
      ],
    },
    {
      column: 'CommitmentDiscountQuantity',
      type: 'decimal',
      rules: [
        rule(
          'plan-unused',
          'Commitment not used, in currency.',
          unusedPlan,
          `${unused} and ${lineType} = 'SavingsPlanRecurringFee'`,
        ),
        rule(
          'reservation-unused',
          'Normalised hours not used.',
          money('reservation/UnusedNormalizedUnitQuantity', 'reservation/UnusedQuantity'),
          unused,
        ),
        rule(
          'plan-used',
          'Commitment used, in currency.',
          money('savingsPlan/SavingsPlanEffectiveCost'),
          `${lineType} = 'SavingsPlanCoveredUsage'`,
        ),
        rule(
          'reservation-used',
          'Normalised hours used.',
          money('lineItem/NormalizedUsageAmount', 'lineItem/UsageAmount'),
          `${lineType} = 'DiscountedUsage'`,
        ),
        rule(
          'plan-bought',
          'Commitment bought, in currency.',
          money('savingsPlan/TotalCommitmentToDate', 'lineItem/UnblendedCost'),
          `${lineType} = 'SavingsPlanRecurringFee'`,
        ),
        rule(
          'reservation-bought',
          'Normalised hours bought.',
          money('reservation/TotalReservedNormalizedUnits', 'lineItem/UsageAmount'),
          `${lineType} = 'RIFee'`,
        ),
      ],
    },
    {
      column: 'CommitmentDiscountUnit',
      type: 'string',
      rules: [
        rule(
          'plan-unit',
          'Plans count currency.',
          native.text('lineItem/CurrencyCode'),
          `${lineType} in ('SavingsPlanCoveredUsage', 'SavingsPlanRecurringFee')`,
        ),
        rule(
          'reservation-unit',
          'Reservations count normalised hours.',
          `'Normalized Hours'`,
          `${lineType} in ('DiscountedUsage', 'RIFee')`,
        ),
      ],
    },
  ];
}
