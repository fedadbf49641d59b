import type { BadCell } from './usage-csv-sql.ts';
import type { UsageCellError } from './usage-errors.ts';

const messages: Readonly<Record<string, (found: string) => string>> = {
  'ragged:MISSING COLUMNS': (found) => `the row has ${found} cells, fewer than the header`,
  'ragged:TOO MANY COLUMNS': (found) => `the row has ${found} cells, more than the header`,
  'ragged:UNQUOTED VALUE': () => `a double quote is not closed, or stands where none may`,
  'ragged:INVALID ENCODING': () => 'it holds bytes that are not UTF-8; save the file as UTF-8',
  'ragged:LINE SIZE OVER MAXIMUM': () => 'the row is longer than 2 MB; a double quote may not be closed',
  'node:empty': () => 'the node is empty',
  'node:unfit': (found) =>
    `'${found}' is no id of a node: at most 200 characters, none of them a control character`,
  'day:empty': () => 'the day is empty',
  'day:notDay': (found) => `'${found}' is no day; write YYYY-MM-DD`,
  'day:otherMonth': (found) => `'${found}' is not in the month that was asked for`,
  'metric:empty': () => 'the metric is empty',
  'metric:unfit': (found) =>
    `'${found}' is no name of a metric: at most 200 characters, none of them a control character`,
  'value:empty': () => 'the value is empty; leave the row out where nothing was measured, or write 0',
  'value:notNumber': (found) => `'${found}' is no number; write digits and a decimal point, such as 1234.5`,
  'value:notFinite': (found) => `'${found}' is not finite; leave the row out where nothing was measured`,
  'value:negative': (found) => `${found} is negative; usage is 0 or more`,
  'value:decimals': (found) => `${found} has more than 12 decimals; round it`,
  'value:tooLarge': (found) => `${found} has more than 18 digits before the point; take a larger unit`,
  'unit:unfit': (found) => `'${found}' is no unit: at most 200 characters, none of them a control character`,
  'unit:other': (found) => {
    const [unit, first, metric] = found.split('\u001f');
    return `${said(unit)}, where ${metric} has ${said(first)} in the rows before; one metric has one unit`;
  },
  'labels:notObject': () => `the labels are no JSON object such as {"env": "prod"}`,
  'labels:notText': () => 'a label is a list, an object or a number with decimals; write it as text',
  'labels:twice': () => 'a label is said twice',
  'labels:tooLong': () => 'a label has more than 500 characters, or a name that is none',
  'row:twice': (found) =>
    `the same node, day, metric and labels stand in row ${found} already; add the two up, or tell them apart by a label`,
};

function said(unit: string | undefined): string {
  return unit ? `the unit '${unit}'` : 'no unit';
}

/** A bad cell in words. */
export function cellError({ row, field, rule, found }: BadCell): UsageCellError {
  const message = messages[rule]?.(
    found.replace(/[\p{Cc}\p{Cf}]/gu, (c) => (c === '\u001f' ? c : '\u{fffd}')),
  );
  return { row, field, message: message ?? `it cannot be read (${rule})` };
}
