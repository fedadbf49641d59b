import { defineReport, type Report, type ReportPlan } from '../report.ts';
import { allOf, billingMonth, columns, equals, isPresent, sums, usageOnly } from './fields.ts';

const savingsNotes = [
  'effectiveSavingsRate is (ListCost − EffectiveCost) ÷ ListCost, the FinOps Foundation rate against public on-demand prices. commitmentSavingsRate is (ContractedCost − EffectiveCost) ÷ ContractedCost, which leaves negotiated prices out.',
  'Usage only, because list cost stands on a purchase and again on the usage that it covers. The unused part of a commitment counts as effective cost without list or contracted cost: it bought nothing.',
];

/** Commitments, reservations of capacity, and what they save. */
export const commitmentReports: readonly Report[] = [
  defineReport({
    number: 3,
    name: 'unused-commitments',
    question: 'Which commitments were paid for and not used?',
    since: '1.0',
    build: () => ({
      query: {
        measures: sums('EffectiveCost', 'BilledCost'),
        dimensions: columns(
          'ServiceProviderName',
          'BillingAccountId',
          'CommitmentDiscountId',
          'CommitmentDiscountType',
          'BillingCurrency',
        ),
        where: equals('CommitmentDiscountStatus', 'Unused'),
      },
    }),
  }),
  defineReport({
    number: 22,
    name: 'effective-savings-rate',
    question: 'How much less than the public on-demand price do we pay?',
    since: '1.0',
    notes: savingsNotes,
    build: () => savingsPlan([]),
  }),
  defineReport({
    number: 23,
    name: 'effective-savings-rate-by-service',
    question: 'For which services do we pay how much less than the public on-demand price?',
    since: '1.0',
    notes: savingsNotes,
    build: () => savingsPlan(['ServiceProviderName', 'ServiceName']),
  }),
  defineReport({
    number: 24,
    name: 'commitment-purchases',
    question: 'Which commitments were bought, how much of them, and what was billed?',
    since: '1.1',
    build: () => ({
      query: {
        measures: sums('BilledCost', 'CommitmentDiscountQuantity'),
        dimensions: columns(
          'ServiceProviderName',
          'BillingAccountId',
          'CommitmentDiscountId',
          'CommitmentDiscountType',
          'CommitmentDiscountUnit',
          'ChargeFrequency',
          'BillingCurrency',
        ),
        where: allOf(equals('ChargeCategory', 'Purchase'), isPresent('CommitmentDiscountId')),
      },
    }),
  }),
  defineReport({
    number: 25,
    name: 'compute-effective-cost',
    question: 'What does compute cost, under which kind of commitment and under none?',
    since: '1.0',
    build: () => ({
      query: {
        measures: sums('EffectiveCost'),
        dimensions: [
          billingMonth,
          ...columns(
            'CommitmentDiscountType',
            'ServiceProviderName',
            'ServiceName',
            'SubAccountId',
            'SubAccountName',
            'BillingCurrency',
          ),
        ],
        where: equals('ServiceCategory', 'Compute'),
      },
    }),
  }),
  defineReport({
    number: 35,
    name: 'recurring-commitment-charges',
    question: 'What do commitments charge every month?',
    since: '1.0',
    build: () => ({
      query: {
        measures: sums('BilledCost'),
        dimensions: [
          billingMonth,
          ...columns(
            'CommitmentDiscountId',
            'CommitmentDiscountName',
            'CommitmentDiscountType',
            'ChargeFrequency',
            'BillingCurrency',
          ),
        ],
        where: allOf(equals('ChargeFrequency', 'Recurring'), isPresent('CommitmentDiscountId')),
      },
    }),
  }),
  defineReport({
    number: 37,
    name: 'unused-capacity-reservations',
    question: 'Which reservations of capacity were paid for and not used?',
    since: '1.1',
    build: () => reservationPlan('CapacityReservationStatus', 'Unused'),
  }),
  defineReport({
    number: 38,
    name: 'compute-capacity-reservations',
    question: 'How much of the cost of compute is reserved capacity, used and unused?',
    since: '1.1',
    notes: ['Compute without a reservation is a row of its own, with no reservation.'],
    build: () => reservationPlan('ServiceCategory', 'Compute'),
  }),
];

function savingsPlan(by: readonly string[]): ReportPlan {
  const status = 'CommitmentDiscountStatus';
  return {
    query: {
      measures: sums('EffectiveCost', 'ListCost', 'ContractedCost'),
      dimensions: columns(...by, 'BillingCurrency', status),
      where: usageOnly,
    },
    after: [
      { step: 'zeroWhere', measure: 'ListCost', dimension: status, value: 'Unused' },
      { step: 'zeroWhere', measure: 'ContractedCost', dimension: status, value: 'Unused' },
      { step: 'regroup', by: [...by, 'BillingCurrency'] },
      { step: 'difference', name: 'savings', of: 'ListCost', minus: 'EffectiveCost' },
      { step: 'ratio', name: 'effectiveSavingsRate', of: 'savings', over: 'ListCost' },
      { step: 'difference', name: 'commitmentSavings', of: 'ContractedCost', minus: 'EffectiveCost' },
      { step: 'ratio', name: 'commitmentSavingsRate', of: 'commitmentSavings', over: 'ContractedCost' },
    ],
  };
}

function reservationPlan(column: string, value: string): ReportPlan {
  return {
    query: {
      measures: sums('EffectiveCost', 'BilledCost'),
      dimensions: columns(
        'ServiceProviderName',
        'BillingAccountId',
        'CapacityReservationId',
        'CapacityReservationStatus',
        'BillingCurrency',
      ),
      where: equals(column, value),
    },
  };
}
