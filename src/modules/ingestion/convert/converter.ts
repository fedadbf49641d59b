import { type Dataset, identifier, literal } from '../../../platform/warehouse/index.ts';
import type { DateOrder } from './cells.ts';
import { type ColumnRules, compileRuleName, compileSelectList } from './rules.ts';

/** Everything the import needs to know of a format, as data and SQL; it reads no file. */
export interface Converter {
  /** Changes when a rule changes, so that an unchanged file is converted again: `aws-1`. */
  readonly version: string;
  /** The file's own cost column, as it is written there; undefined for a dataset without cost. */
  readonly nativeCost: string | undefined;
  /** The dataset that the rows belong to. */
  readonly dataset: Dataset;
  /** The billing month (`YYYY-MM`) and the currency of a row, as SQL over the native row. */
  readonly period: string;
  readonly currency: string;
  /** The native columns that they are read from; undefined where the caller's options or the dataset stand in. */
  readonly periodColumn: { readonly name: string; readonly isLabel: boolean } | undefined;
  readonly currencyColumn: string | undefined;
  /** What stands in where the file has no such column or an empty cell, and how labels of those columns are to be read. */
  readonly labels: {
    readonly period: string | null;
    readonly currency: string;
    readonly meanings: Readonly<Record<string, string>>;
  };
  /** The native column that tells kinds of lines apart. */
  readonly kindColumn: string | undefined;
  /** The account and the issuer that are billed in one currency. */
  readonly account: string;
  /** True where the provider has closed the month for this row: it names an invoice. */
  readonly invoiced: string;
  /** Native columns that must hold numbers where they are not empty; with `when`, only in rows whose rules read them. */
  readonly numbers: readonly { readonly name: string; readonly when?: string }[];
  /** Native columns that must hold instants where they are not empty. */
  readonly times: readonly string[];
  readonly dateOrder: DateOrder;
  /** Period columns that must not run backwards: [start, end], each native name. */
  readonly intervals: readonly (readonly [string, string])[];
  /** The native rows of one staged file, with `centrail_row` (from 1) and `centrail_part` (0, or 1 for a synthesised row). */
  readonly scan: (stagedFile: string) => string;
  readonly columns: readonly ColumnRules[];
}

/** Where the converted rows of one file come from; the same for every row. */
export interface Provenance {
  readonly source: string;
  readonly file: string;
  readonly fileNumber: number;
  readonly importId: string;
}

/**
 * Names of the converted columns that the dataset does not have: the sources' own, kept as text. Every file of a delivery
 * gets those of all, because the files of a snapshot are read as one table. SQL knows no case: the first spelling counts.
 */
export function extraColumns(converters: readonly Converter[]): string[] {
  const taken = new Set(converters[0]?.dataset.columns.map((column) => column.name.toLowerCase()));
  const extras: string[] = [];
  for (const { column } of converters.flatMap(({ columns }) => columns)) {
    if (taken.has(column.toLowerCase())) continue;
    taken.add(column.toLowerCase());
    extras.push(column);
  }
  return extras;
}

/** The conversion of one staged file, as one SELECT: FOCUS columns, provenance, then the sources' own columns (`extras`). */
export function compileConversion(
  converter: Converter,
  stagedFile: string,
  provenance: Provenance,
  where: readonly string[],
  extras: readonly string[],
): string {
  const byName = new Map(converter.columns.map((rules) => [rules.column, rules]));
  const byLower = new Map(converter.columns.map((rules) => [rules.column.toLowerCase(), rules]));
  const constants = provenanceValues(converter, provenance);
  const columns: ColumnRules[] = converter.dataset.columns.map(({ name, type }) => {
    const value = constants[name];
    if (value !== undefined) return { column: name, type, rules: [{ id: 'provenance', says: '', value }] };
    return byName.get(name) ?? { column: name, type, rules: [] };
  });
  const own = extras.map((name): ColumnRules => {
    const found = byLower.get(name.toLowerCase());
    return found ? { ...found, column: name } : { column: name, type: 'string', rules: [] };
  });
  const conditions = where.length > 0 ? `\nwhere ${where.join('\n  and ')}` : '';
  return `select\n  ${compileSelectList([...columns, ...own])}\nfrom ${converter.scan(stagedFile)}${conditions}`;
}

function provenanceValues(converter: Converter, provenance: Provenance): Readonly<Record<string, string>> {
  const billed = converter.columns.find(({ column }) => column === 'BilledCost');
  return {
    x_SourceName: literal(provenance.source),
    x_SourceFile: literal(provenance.file),
    x_SourceFileNumber: String(provenance.fileNumber),
    x_SourceRow: 'centrail_row',
    x_Part: 'centrail_part',
    x_ImportId: literal(provenance.importId),
    x_ConverterVersion: literal(converter.version),
    x_CostRule: billed ? compileRuleName(billed) : 'null',
  };
}

/** The names of the rules that made each column of one native row. */
export function compileExplanation(converter: Converter, stagedFile: string): string {
  const names = converter.columns.map((rules) => `${compileRuleName(rules)} as ${identifier(rules.column)}`);
  return `select ${names.join(', ')} from ${converter.scan(stagedFile)} where centrail_row = $1 and centrail_part = $2`;
}

/** A text as SQL, or a null of type text. */
export function literalOrNull(text: string | undefined): string {
  return text === undefined ? 'cast(null as varchar)' : literal(text);
}
