import { literal } from '../../../platform/warehouse/index.ts';
import { decimalCell } from './cells.ts';
import type { NativeColumns } from './native-columns.ts';
import type { ColumnRules } from './rules.ts';

/** Which of the two parts of a native row: the row itself, or the unused part synthesised from a commitment fee. */
const part = 'scan.centrail_part';

/** What is chosen once per file: net or gross costs, and what stands in for a currency or month that the bill lacks. */
export interface AwsOptions {
  readonly net: boolean;
  readonly currency?: string | undefined;
  readonly period?: string | undefined;
}

/** The words of a CUR row that the rules speak of, as SQL over the scanned native row. */
export interface AwsWords {
  readonly lineType: string;
  /** True for the unused part of a commitment fee. */
  readonly unused: string;
  readonly usage: string;
  readonly savingsPlan: string;
  readonly reservation: string;
  /** True for a refund of what bought a commitment. */
  readonly commitmentRefund: string;
  readonly money: (...names: readonly string[]) => string;
}

const usageTypes = `('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')`;

/** Native column names of CUR v1; CUR 2.0 and Athena spell them in snake case and are found all the same. */
export function awsWords(native: NativeColumns): AwsWords {
  const lineType = native.has('lineItem/LineItemType') ? native.text('lineItem/LineItemType') : `'Usage'`;
  const savingsPlan = native.text('savingsPlan/SavingsPlanARN');
  const reservation = native.text('reservation/ReservationARN');
  // AWS refunds upfront fees of plans under their product, not always with the plan's ARN.
  const upfront = `ends_with(${native.text('lineItem/ProductCode')}, 'SavingsPlans') and starts_with(lower(${native.text('lineItem/LineItemDescription')}), 'refund for one-time fee')`;
  return {
    lineType,
    unused: `${part} = 1`,
    usage: `${lineType} in ${usageTypes} and ${part} = 0`,
    savingsPlan,
    reservation,
    commitmentRefund: `${lineType} = 'Refund' and (${savingsPlan} is not null or ${reservation} is not null or coalesce(${upfront}, false))`,
    money: (...names) => decimalCell(native.text(...names)),
  };
}
/** A column with one rule that always holds. */
export function plain(
  column: string,
  type: ColumnRules['type'],
  id: string,
  says: string,
  value: string,
): ColumnRules {
  return { column, type, rules: [{ id: `aws.${id}`, says, value }] };
}

/** A text column taken from the first of the named columns that has a value. */
export function text(
  column: string,
  id: string,
  native: NativeColumns,
  ...names: readonly string[]
): ColumnRules {
  return plain(column, 'string', id, `As in ${names.join(', else ')}.`, native.text(...names));
}

/** A text as a JSON string, null when null. */
export function jsonText(value: string): string {
  return `to_json(${value})`;
}

/** A JSON object as text of the members that are not null; null when there is none. */
export function jsonObject(members: readonly (readonly [string, string])[]): string {
  if (members.length === 0) return 'cast(null as varchar)';
  const parts = members.map(([key, value]) => `${literal(`${JSON.stringify(key)}:`)} || ${value}`);
  return `'{' || nullif(concat_ws(',', ${parts.join(', ')}), '') || '}'`;
}
