import { currencyExponent, type Decimal, formatFixed, tryParseDecimal } from '../../platform/kernel/index.ts';

/** How a result is printed. */
export const formats = ['table', 'json', 'csv', 'md'] as const;
export type Format = (typeof formats)[number];

type CellValue = string | number | boolean | null | undefined;
type TableRow = Readonly<Record<string, CellValue>>;

/**
 * A column of a table. `money` is a decimal string, in the currency of the column or of the row's `currencyColumn`;
 * `number` is a quantity or a count; `share` a fraction of one, which people read as a percentage: `0.9992` is `99.92 %`.
 */
export interface Column {
  /** Key in the rows, and header of CSV. */
  readonly name: string;
  /** Header for people; else the name. */
  readonly header?: string;
  readonly kind: 'text' | 'number' | 'money' | 'share';
  readonly currency?: string;
  readonly currencyColumn?: string;
}

/** Rows under columns, with their totals as last rows, one or one per currency (table and Markdown only: a CSV row is always data). */
export interface TableData {
  /** Printed above the table. */
  readonly title?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly TableRow[];
  readonly totals?: TableRow | readonly TableRow[];
}

/** What a command answers. */
export interface Result {
  /** What JSON prints after `schemaVersion`: decimals as strings, exact. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What the other formats print. CSV holds one kind of row and prints the first table only. */
  readonly tables: readonly [TableData, ...TableData[]];
}

export interface Style {
  /** Tables print every decimal instead of rounding money to the currency's minor unit. */
  readonly exact: boolean;
  readonly color: boolean;
}

/**
 * The text of a result, with its line end. JSON, CSV and Markdown are exact; a table rounds money half-up to the
 * currency's minor unit unless `exact`: 1234.565 USD is `1,234.57`.
 */
export function render(
  result: Result,
  format: Format,
  style: Style = { exact: false, color: false },
): string {
  switch (format) {
    case 'json':
      return renderJson(result.json);
    case 'csv':
      return renderCsv(result.tables[0]);
    case 'md':
      return result.tables.map(renderMarkdown).join('\n');
    case 'table':
      return result.tables.map((table) => renderTable(table, style)).join('\n');
  }
}

/** One line of JSON that begins with `"schemaVersion":1`; integers beyond 2⁵³ become text. */
export function renderJson(value: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify({ schemaVersion: 1, ...value }, (_, item: unknown) =>
    typeof item === 'bigint' ? item.toString() : item,
  );
  return `${text}\n`;
}

/** RFC 4180 with `\n`; a text cell that a spreadsheet would run as a formula gets a leading apostrophe. */
export function renderCsv(table: TableData): string {
  const header = table.columns.map((column) => csvText(column.name));
  const lines = table.rows.map((row) => table.columns.map((column) => csvCell(column, row[column.name])));
  return [header, ...lines].map((cells) => `${cells.join(',')}\n`).join('');
}

function csvCell(column: Column, value: CellValue): string {
  if (value === null || value === undefined) return '';
  const isNumber = column.kind !== 'text' && tryParseDecimal(String(value)) !== undefined;
  return isNumber ? String(value).trim() : csvText(String(value));
}

function csvText(text: string): string {
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function renderMarkdown(table: TableData): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const cell = (column: Column, row: TableRow) => escapeMarkdown(plainCell(row[column.name]));
  const parts = [
    table.title === undefined ? '' : `**${escapeMarkdown(table.title)}**\n\n`,
    line(table.columns.map((column) => escapeMarkdown(column.header ?? column.name))),
    line(table.columns.map((column) => (column.kind === 'text' ? '---' : '---:'))),
    ...table.rows.map((row) => line(table.columns.map((column) => cell(column, row)))),
  ];
  for (const totals of totalsOf(table)) {
    parts.push(line(table.columns.map((column) => bold(cell(column, totals)))));
  }
  return parts.join('');
}

function bold(text: string): string {
  return text === '' ? '' : `**${text}**`;
}

function escapeMarkdown(text: string): string {
  return withoutControls(text).replace(/[\\`*_[\]<>|~&#]/g, '\\$&');
}

function renderTable(table: TableData, style: Style): string {
  const cells = table.rows.map((row) => table.columns.map((column) => tableCell(column, row, style)));
  const header = table.columns.map((column) => withoutControls(column.header ?? column.name));
  const totals = totalsOf(table).map((row) =>
    table.columns.map((column) => tableCell(column, row, style, '')),
  );
  const widths = header.map((name, index) =>
    [...cells, ...totals].reduce((most, line) => Math.max(most, width(line[index] ?? '')), width(name)),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => pad(text, widths[index] ?? 0, table.columns[index]?.kind !== 'text'))
      .join('  ')
      .trimEnd();
  const rule = widths.map((size) => '─'.repeat(size)).join('  ');
  const strong = (text: string) => (style.color ? `\u001b[1m${text}\u001b[0m` : text);
  return [
    ...(table.title === undefined ? [] : [strong(withoutControls(table.title))]),
    strong(line(header)),
    rule,
    ...(cells.length === 0 ? ['(no rows)'] : cells.map(line)),
    ...(totals.length > 0 ? [rule, ...totals.map((texts) => strong(line(texts)))] : []),
    '',
  ].join('\n');
}

function tableCell(column: Column, row: TableRow, style: Style, missing = '–'): string {
  const value = row[column.name];
  if (value === null || value === undefined) return missing;
  const number = column.kind === 'text' ? undefined : tryParseDecimal(String(value));
  if (!number) return withoutControls(String(value));
  if (column.kind === 'number' || style.exact) return grouped(String(value).trim());
  if (column.kind === 'share') return shareText(number);
  const currency = column.currencyColumn === undefined ? column.currency : row[column.currencyColumn];
  return moneyText(number, String(currency ?? ''));
}

/** An amount for people, rounded half-up to the currency's minor unit: `37640.3643672492` USD is `37,640.36`. */
export function moneyText(amount: Decimal, currency: string): string {
  return grouped(formatFixed(amount, currencyExponent(currency) ?? 2));
}

/** A fraction of one for people: `0.24046704` is `24.05 %`. */
export function shareText({ units, scale }: Decimal): string {
  return `${grouped(formatFixed({ units: units * 100n, scale }, 2))} %`;
}

/** A count and its noun: `1 row`, `822,699 rows`. */
export function counted(count: number, noun: string): string {
  return `${grouped(String(count))} ${noun}${count === 1 ? '' : 's'}`;
}

/** A size for people: `480 kB`, `11.3 MB`. */
export function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The rows of totals; the first text column without a value, if there is one, says what the row is. */
function totalsOf({ columns, totals }: TableData): TableRow[] {
  const rows: readonly TableRow[] = totals === undefined ? [] : Array.isArray(totals) ? totals : [totals];
  return rows.map((row) => {
    const free = columns.find(({ kind, name }) => kind === 'text' && (row[name] ?? null) === null);
    return free ? { ...row, [free.name]: 'total' } : row;
  });
}

/** Totals of an answer: one row, or one for each currency, because different currencies have no sum. */
export function totalRows(
  totals: TableRow,
  byCurrency: readonly TableRow[],
  columns: readonly Column[],
): TableRow | readonly TableRow[] {
  if (byCurrency.length < 2) return totals;
  // With the currency alone the rows are the totals.
  return columns.filter(({ kind }) => kind === 'text').length > 1 ? byCurrency : [];
}

function plainCell(value: CellValue): string {
  return value === null || value === undefined ? '' : String(value);
}

/** 1234567.891 → 1,234,567.891; a number with an exponent stays as it is. */
function grouped(text: string): string {
  return /^-?\d+(\.\d+)?$/.test(text)
    ? text.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','))
    : text;
}

/** Bills are foreign text: a control character could move the cursor or recolour the terminal. */
function withoutControls(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}

function pad(text: string, size: number, right: boolean): string {
  const fill = ' '.repeat(Math.max(0, size - width(text)));
  return right ? fill + text : text + fill;
}

/** Columns of a terminal: marks that combine take none, East Asian letters and emoji two. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{M}|\p{Cf}/u.test(character)) continue;
    columns +=
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return columns;
}
