import { type ColumnLine, columnsOf, type FocusColumn } from './column.ts';

/**
 * Billing Period: one row per billing period of an invoice issuer, open or closed; since 1.4.
 * Facts from the FOCUS specification (FinOps Open Cost and Usage Specification), CC-BY-4.0.
 */
const lines: readonly ColumnLine[] = [
  ['BillingPeriodCreated', 'timestamp', '- - - - M', '1.4'],
  ['BillingPeriodEnd', 'timestamp', '- - - - M', '1.4'],
  ['BillingPeriodLastUpdated', 'timestamp', '- - - - M', '1.4'],
  ['BillingPeriodStart', 'timestamp', '- - - - M', '1.4'],
  ['BillingPeriodStatus', 'string', '- - - - M', '1.4', { allowed: ['Open', 'Closed'] }],
  ['InvoiceIssuerName', 'string', '- - - - M', '1.4'],
];

/** All columns of Billing Period. */
export const billingPeriodColumns: readonly FocusColumn[] = columnsOf(lines);
