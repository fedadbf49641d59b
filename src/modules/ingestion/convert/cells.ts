/**
 * SQL that reads one cell of a bill. Text in, exact value out; null for an empty cell.
 * `unreadable…` is true where a cell holds something that is not such a value: the row goes to quarantine.
 */

/** How a file writes its dates: ISO 8601, or numbers in US (`m/d/yy`) or European (`d/m/yy`) order. */
export type DateOrder = 'iso' | 'mdy' | 'dmy';

/**
 * DECIMAL(38,12), rounded half-up once. Casting text to a 128-bit decimal takes 3 µs a value, to a 64-bit one 0.03 µs,
 * so the narrow cast goes first and the wide one takes what does not fit (DuckDB 1.5: same results, 100 times faster).
 * Unreadable text gives null; `unreadableDecimal` finds it first and sends its row to quarantine.
 */
export function decimalCell(text: string): string {
  return `case when ${vanishes(text)} then 0::decimal(38,12) ` + `else ${narrowThenWide(text)} end`;
}

/** The wide cast sees only what the narrow one refused: written bare, DuckDB would take it out of the coalesce and run it always. */
function narrowThenWide(text: string): string {
  const narrow = `try_cast(${text} as decimal(18,12))`;
  return `coalesce(${narrow}::decimal(38,12), try_cast(case when ${narrow} is null then ${text} end as decimal(38,12)))`;
}

/** DuckDB 1.5 rounds by a wrong digit when an exponent takes all digits beyond the scale: it makes 1e-12 of `9e-20`. */
function vanishes(text: string): string {
  return `(contains(${text}, 'e-') or contains(${text}, 'E-')) and abs(try_cast(${text} as double)) < 2e-13`;
}

/** True where the text is no number; `1_000` is none, although DuckDB would take it. */
export function unreadableDecimal(text: string): string {
  return `(${text} is not null and (contains(${text}, '_') ` + `or ${narrowThenWide(text)} is null))`;
}

/** UTC TIMESTAMP. A text with an offset is converted to UTC; without one it is UTC already; `2026-10` is its first day. */
export function timestampCell(text: string, order: DateOrder = 'iso'): string {
  if (order !== 'iso') return `try_strptime(${text}, ${patterns[order]})`;
  return (
    `case when ${text}[5] <> '-' then null ` +
    `when length(${text}) = 7 then try_cast(${text} || '-01' as timestamp) ` +
    `when ${text}[-1] = 'Z' or length(${text}) <= 19 then try_cast(${text} as timestamp) ` +
    `else try_cast(${text} as timestamptz)::timestamp end`
  );
}

/** True where the text is no instant in the file's date order. */
export function unreadableTimestamp(text: string, order: DateOrder = 'iso'): string {
  return `(${text} is not null and ${timestampCell(text, order)} is null)`;
}

const patterns: Readonly<Record<Exclude<DateOrder, 'iso'>, string>> = {
  mdy: `['%-m/%-d/%y', '%-m/%-d/%Y', '%-m/%-d/%Y %H:%M', '%-m/%-d/%Y %H:%M:%S']`,
  dmy: `['%-d/%-m/%y', '%-d/%-m/%Y', '%-d/%-m/%Y %H:%M', '%-d/%-m/%Y %H:%M:%S']`,
};

/**
 * The billing month of a period's start as `YYYY-MM`. A provider's month may begin some hours before or after midnight
 * UTC: the day after its start is in the month that the provider means. `isLabel` false: the start of a charge, as it is.
 */
export function monthOf(text: string, order: DateOrder, isLabel: boolean): string {
  return `strftime(${timestampCell(text, order)}${isLabel ? ' + interval 1 day' : ''}, '%Y-%m')`;
}
