import { type ColumnLine, columnsOf, type FocusColumn } from './column.ts';

/**
 * Invoice Detail: the lines of the provider's invoice, to which cost rows refer; since 1.4.
 * Facts from the FOCUS specification (FinOps Open Cost and Usage Specification), CC-BY-4.0.
 */
const lines: readonly ColumnLine[] = [
  ['BilledCost', 'decimal', '- - - - M', '1.4'],
  ['BillingAccountId', 'string', '- - - - M', '1.4'],
  ['BillingCurrency', 'string', '- - - - M', '1.4', { format: 'currency' }],
  ['BillingPeriodEnd', 'timestamp', '- - - - M', '1.4'],
  ['BillingPeriodStart', 'timestamp', '- - - - M', '1.4'],
  [
    'ChargeCategory',
    'string',
    '- - - - M',
    '1.4',
    { allowed: ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'] },
  ],
  ['InvoiceDetailCreated', 'timestamp', '- - - - M', '1.4'],
  ['InvoiceDetailDescription', 'string', '- - - - Mn', '1.4'],
  ['InvoiceDetailGrain', 'json', '- - - - Mn', '1.4', { format: 'key-value' }],
  ['InvoiceDetailId', 'string', '- - - - M', '1.4'],
  ['InvoiceDetailLastUpdated', 'timestamp', '- - - - M', '1.4'],
  ['InvoiceId', 'string', '- - - - M', '1.4'],
  ['InvoiceIssueDate', 'timestamp', '- - - - Mn', '1.4'],
  ['InvoiceIssueStatus', 'string', '- - - - M', '1.4', { allowed: ['Open', 'Issued', 'Voided'] }],
  ['InvoiceIssuerName', 'string', '- - - - M', '1.4'],
  [
    'PaymentCurrency',
    'string',
    '- - - - C',
    '1.4',
    { format: 'currency', when: 'payment in another currency than billing' },
  ],
  [
    'PaymentCurrencyBilledCost',
    'decimal',
    '- - - - C',
    '1.4',
    { when: 'payment in another currency than billing' },
  ],
  [
    'PaymentCurrencyInvoiceDetailId',
    'string',
    '- - - - C',
    '1.4',
    { when: 'payment amounts aggregated otherwise than billed ones' },
  ],
  ['PaymentDueDate', 'timestamp', '- - - - Mn', '1.4'],
  ['PaymentTerms', 'string', '- - - - M', '1.4'],
  ['PurchaseOrderNumber', 'string', '- - - - Cn', '1.4', { when: 'purchase order numbers' }],
  ['ReferenceInvoiceId', 'string', '- - - - M', '1.4'],
];

/** All columns of Invoice Detail. */
export const invoiceDetailColumns: readonly FocusColumn[] = columnsOf(lines);
