import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { noCurrency } from '../../../platform/kernel/index.ts';
import { fileLiteral, literal } from '../../../platform/warehouse/index.ts';
import { costDataset, provenanceColumns } from '../../focus/index.ts';
import { ingestionErrors } from '../errors.ts';
import { type DateOrder, decimalCell, monthOf, timestampCell } from './cells.ts';
import type { Converter } from './converter.ts';
import { columnKey, type NativeColumns } from './native-columns.ts';
import type { ColumnRules } from './rules.ts';

const target = z.union([
  z.string().min(1),
  z.strictObject({ value: z.string() }),
  z.strictObject({ from: z.string().min(1), values: z.record(z.string(), z.string()).optional() }),
]);

const mappingSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i),
  dateOrder: z.enum(['iso', 'mdy', 'dmy']).default('iso'),
  columns: z.record(z.string(), target),
});

/**
 * How any CSV becomes cost rows: a TOML file that says which column is which.
 *
 * ```toml
 * name = "acme"
 * [columns]
 * BilledCost = "Amount"
 * BillingPeriodStart = "Month"
 * BillingCurrency = { value = "EUR" }
 * ChargeCategory = { from = "Kind", values = { fee = "Purchase" } }
 * ```
 */
export type CsvMapping = z.infer<typeof mappingSchema>;

const reserved = new Set(
  [...provenanceColumns, ...costDataset.derived].map(({ name }) => name.toLowerCase()),
);

/** Reads a mapping and checks it against the file's header; every misfit is named. */
export async function readMapping(file: string, header: readonly string[]): Promise<CsvMapping> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw ingestionErrors.notFound({ path: file });
  }
  let mapping: CsvMapping;
  try {
    mapping = mappingSchema.parse(parse(text));
  } catch (error) {
    const reason =
      error instanceof z.ZodError
        ? z.prettifyError(error)
        : error instanceof Error
          ? error.message
          : String(error);
    throw ingestionErrors.unfitMapping({ file: basename(file), reason });
  }
  const refuse = (reason: string) => ingestionErrors.unfitMapping({ file: basename(file), reason });
  const known = new Set(costDataset.columns.map((column) => column.name));
  const taken = new Set<string>();
  const columns = new Set(header.map(columnKey));
  for (const [name, from] of Object.entries(mapping.columns)) {
    if (reserved.has(name.toLowerCase()))
      throw refuse(`${name} is a column that the import fills; give yours another name`);
    if (!known.has(name) && !name.startsWith('x_'))
      throw refuse(`${name} is no FOCUS 1.4 column; a column of your own begins with x_`);
    if (taken.has(name.toLowerCase())) throw refuse(`${name} is named twice, in two spellings`);
    taken.add(name.toLowerCase());
    const source = sourceOf(from);
    if (source !== undefined && !columns.has(columnKey(source)))
      throw refuse(`${name} comes from '${source}', which the file does not have`);
  }
  if (mapping.columns['BilledCost'] === undefined || sourceOf(mapping.columns['BilledCost']) === undefined) {
    throw refuse('BilledCost must come from a column');
  }
  return mapping;
}

/** A converter from a mapping. Costs that it does not name are as billed; the rule says so. */
export function mappingConverter(
  native: NativeColumns,
  mapping: CsvMapping,
  options: { readonly currency?: string | undefined; readonly period?: string | undefined },
): Converter {
  const targets = withDefaults(mapping.columns, options);
  const types = new Map(costDataset.columns.map((column) => [column.name, column.type]));
  const source = (name: string) => (targets[name] === undefined ? undefined : sourceOf(targets[name]));
  const text = (name: string) =>
    targets[name] === undefined ? 'cast(null as varchar)' : textOf(native, targets[name]);
  const currency = `coalesce(${text('BillingCurrency')}, ${literal(options.currency ?? noCurrency)})`;
  const columns = Object.entries(targets).map(([name, from]): ColumnRules => {
    const type = types.get(name) ?? 'string';
    const says = typeof from === 'string' ? `As in ${from}.` : 'As the mapping says.';
    const value =
      name === 'BillingCurrency' ? currency : typed(textOf(native, from), type, orderOf(from, mapping));
    return { column: name, type, rules: [{ id: `mapping.${mapping.name}`, says, value }] };
  });
  const ofType = (type: string) =>
    Object.entries(targets).flatMap(([name, from]) =>
      types.get(name) === type ? (sourceOf(from) ?? []) : [],
    );
  const periodSource = source('BillingPeriodStart');
  const interval = ([start, end]: readonly [string, string]) => {
    const [from, to] = [source(start), source(end)];
    return from !== undefined && to !== undefined ? [[from, to] as const] : [];
  };
  return {
    version: `mapping-1:${mapping.name}`,
    nativeCost: source('BilledCost') ?? 'BilledCost',
    dataset: costDataset,
    period: monthOf(text('BillingPeriodStart'), orderOf(targets['BillingPeriodStart'], mapping), true),
    periodColumn: periodSource === undefined ? undefined : { name: periodSource, isLabel: true },
    currency,
    currencyColumn: source('BillingCurrency'),
    labels: {
      period: constantOf(targets['BillingPeriodStart'])?.slice(0, 7) ?? null,
      currency: constantOf(targets['BillingCurrency']) ?? options.currency ?? noCurrency,
      meanings: {
        ...meaningsOf(targets['BillingPeriodStart']),
        ...meaningsOf(targets['BillingCurrency']),
      },
    },
    kindColumn: undefined,
    account: `coalesce(${text('BillingAccountId')}, '')`,
    invoiced: `${text('InvoiceId')} is not null`,
    numbers: ofType('decimal').map((name) => ({ name })),
    // Months in words are read by their meaning; a word without one leaves its row without a month, which is found.
    times: ofType('timestamp').filter((name) => name !== periodSource || !translated(targets)),
    dateOrder: mapping.dateOrder,
    intervals: [
      interval(['BillingPeriodStart', 'BillingPeriodEnd']),
      interval(['ChargePeriodStart', 'ChargePeriodEnd']),
    ].flat(),
    scan: (file) =>
      `(select *, file_row_number + 1 as centrail_row, 0 as centrail_part from read_parquet(${fileLiteral(file)}, file_row_number = true)) as scan`,
    columns: [
      ...columns,
      {
        column: 'x_NativeCost',
        type: 'decimal',
        rules: [
          {
            id: 'mapping.native-cost',
            says: "The file's own cost.",
            value: `coalesce(${decimalCell(text('BilledCost'))}, 0)`,
          },
        ],
      },
    ],
  };
}

type Target = z.infer<typeof target>;

function withDefaults(
  columns: CsvMapping['columns'],
  options: { readonly currency?: string | undefined; readonly period?: string | undefined },
): Record<string, Target> {
  const billed = columns['BilledCost'] as Target;
  return {
    EffectiveCost: billed,
    ListCost: billed,
    ContractedCost: billed,
    BillingCurrency: { value: options.currency ?? noCurrency },
    ...(options.period === undefined ? {} : { BillingPeriodStart: { value: `${options.period}-01` } }),
    ...columns,
  };
}

function sourceOf(from: Target): string | undefined {
  if (typeof from === 'string') return from;
  return 'from' in from ? from.from : undefined;
}

function constantOf(from: Target | undefined): string | undefined {
  return typeof from === 'object' && 'value' in from ? from.value : undefined;
}

function meaningsOf(from: Target | undefined): Readonly<Record<string, string>> {
  return typeof from === 'object' && 'values' in from ? (from.values ?? {}) : {};
}

function translated(targets: Readonly<Record<string, Target>>): boolean {
  return Object.keys(meaningsOf(targets['BillingPeriodStart'])).length > 0;
}

/** A constant of the mapping is ISO 8601, whatever order the file writes its dates in. */
function orderOf(from: Target | undefined, mapping: CsvMapping): DateOrder {
  return constantOf(from) === undefined ? mapping.dateOrder : 'iso';
}

function textOf(native: NativeColumns, from: Target): string {
  if (typeof from === 'string') return native.text(from);
  if ('value' in from) return literal(from.value);
  const cases = Object.entries(from.values ?? {}).map(
    ([key, value]) => `when ${literal(key)} then ${literal(value)}`,
  );
  const text = native.text(from.from);
  return cases.length === 0 ? text : `case ${text} ${cases.join(' ')} else ${text} end`;
}

function typed(text: string, type: string, order: DateOrder): string {
  if (type === 'decimal') return decimalCell(text);
  if (type === 'json') return `case when json_valid(${text}) then ${text} end`;
  return type === 'timestamp' ? timestampCell(text, order) : text;
}
