import { type ColumnLine, columnsOf, type FocusColumn } from './column.ts';

/**
 * Contract Commitment: one row per commitment of a contract; 13 columns in 1.3, 30 in 1.4.
 * Facts from the FOCUS specification (FinOps Open Cost and Usage Specification), CC-BY-4.0.
 */
const lines: readonly ColumnLine[] = [
  ['BillingCurrency', 'string', '- - - Mn Mn', '1.3', { format: 'currency' }],
  ['ContractCommitmentApplicability', 'json', '- - - - M', '1.4'],
  [
    'ContractCommitmentBenefitCategory',
    'string',
    '- - - - M',
    '1.4',
    { allowed: ['Discount', 'Entitlement', 'Availability', 'Other'] },
  ],
  ['ContractCommitmentCategory', 'string', '- - - M M', '1.3', { allowed: ['Spend', 'Usage'] }],
  ['ContractCommitmentCost', 'decimal', '- - - Mn Mn', '1.3'],
  ['ContractCommitmentCreated', 'timestamp', '- - - - M', '1.4'],
  ['ContractCommitmentDescription', 'string', '- - - Mn Mn', '1.3'],
  ['ContractCommitmentDiscountPercentage', 'decimal', '- - - - Mn', '1.4', { format: 'fraction' }],
  ['ContractCommitmentDurationType', 'string', '- - - - M', '1.4'],
  [
    'ContractCommitmentFulfillmentInterval',
    'string',
    '- - - - M',
    '1.4',
    {
      allowed: [
        'Hourly',
        'Daily',
        'Weekly',
        'Monthly',
        'Quarterly',
        'Semi-Annual',
        'Annual',
        'Full Period',
        'Transactional',
        'Custom',
      ],
    },
  ],
  ['ContractCommitmentId', 'string', '- - - M M', '1.3'],
  ['ContractCommitmentLastUpdated', 'timestamp', '- - - - M', '1.4'],
  [
    'ContractCommitmentLifecycleStatus',
    'string',
    '- - - - M',
    '1.4',
    { allowed: ['Proposed', 'Pending', 'Active', 'Exhausted', 'Expired', 'Canceled', 'Superseded'] },
  ],
  ['ContractCommitmentModel', 'string', '- - - - M', '1.4', { allowed: ['Continuous', 'Discontinuous'] }],
  ['ContractCommitmentOfferCategory', 'string', '- - - - M', '1.4', { allowed: ['Negotiated', 'Public'] }],
  [
    'ContractCommitmentPaymentInterval',
    'string',
    '- - - - M',
    '1.4',
    { allowed: ['One-Time', 'Monthly', 'Quarterly', 'Semi-Annual', 'Annual', 'Custom'] },
  ],
  [
    'ContractCommitmentPaymentModel',
    'string',
    '- - - - M',
    '1.4',
    { allowed: ['No Upfront', 'Partial Upfront', 'All Upfront'] },
  ],
  [
    'ContractCommitmentPaymentUpfrontPercentage',
    'decimal',
    '- - - - C',
    '1.4',
    { format: 'fraction', when: 'partial upfront payment' },
  ],
  ['ContractCommitmentPeriodEnd', 'timestamp', '- - - M M', '1.3'],
  ['ContractCommitmentPeriodStart', 'timestamp', '- - - M M', '1.3'],
  ['ContractCommitmentQuantity', 'decimal', '- - - Mn Mn', '1.3'],
  ['ContractCommitmentType', 'string', '- - - M M', '1.3'],
  ['ContractCommitmentUnit', 'string', '- - - Mn Mn', '1.3', { format: 'unit' }],
  ['ContractId', 'string', '- - - M M', '1.3'],
  ['ContractPeriodEnd', 'timestamp', '- - - M M', '1.3'],
  ['ContractPeriodStart', 'timestamp', '- - - M M', '1.3'],
  ['InvoiceIssuerName', 'string', '- - - - M', '1.4'],
  [
    'PricingCurrency',
    'string',
    '- - - - C',
    '1.4',
    { format: 'currency', when: 'pricing in another currency than billing' },
  ],
  [
    'PricingCurrencyContractCommitmentCost',
    'decimal',
    '- - - - Cn',
    '1.4',
    { when: 'pricing in another currency than billing' },
  ],
  ['ServiceProviderName', 'string', '- - - - M', '1.4'],
];

/** All columns of Contract Commitment over the versions. */
export const contractCommitmentColumns: readonly FocusColumn[] = columnsOf(lines);
