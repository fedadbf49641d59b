import { isCurrency } from '../../platform/kernel/index.ts';
import type { InvoiceTotal } from './contract.ts';
import { errors } from './errors.ts';

/**
 * Reads totals of invoices as people write them: `aws=12,345.67`, with the currency behind the total where the bill has several.
 * Refusal: `close.unfitInvoice`.
 *
 * `azure=1,200.50 EUR` is the source azure, the total 1,200.50, in EUR.
 */
export function parseInvoices(texts: readonly string[]): InvoiceTotal[] {
  return texts.map((text) => {
    const [, source, total, currency] = /^([^=]+)=\s*(\S+?)(?:\s+([A-Z]{3}))?\s*$/.exec(text) ?? [];
    if (source === undefined || total === undefined) throw errors.unfitInvoice({ text });
    if (currency !== undefined && !isCurrency(currency)) throw errors.unfitInvoice({ text });
    return { source: source.trim(), total, ...(currency === undefined ? {} : { currency }) };
  });
}
