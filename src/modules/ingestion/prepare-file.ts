import {
  addDecimal,
  type Decimal,
  formatDecimal,
  isCurrency,
  parseDecimal,
  type Refusal,
  zero,
} from '../../platform/kernel/index.ts';
import type { Engine, Session } from '../../platform/warehouse/index.ts';
import { type LabelReading, monthsOfGroups, type NativeMonth } from './books.ts';
import { chooseForFile, converterOf, type FileChoices } from './choose-converter.ts';
import type { Converter } from './convert/converter.ts';
import { columnKey, type NativeColumns } from './convert/native-columns.ts';
import { ingestionErrors } from './errors.ts';
import { addUp } from './second-pass.ts';
import type { StagedFile } from './stage.ts';
import {
  costOfRows,
  findMixedCurrencies,
  findMonths,
  findNegativePeriod,
  findUnlabelledRows,
  findUnreadableCells,
  firstRowWithCurrency,
  type MonthOfFile,
} from './warehouse.ts';

/** A row that is left out of the books, and why. */
export interface QuarantinedRow {
  readonly row: number;
  readonly rule: 'ragged-row' | 'unreadable-number' | 'unreadable-date' | 'no-billing-period';
  readonly field: string;
  readonly value: string;
}

/** A staged file with everything that is decided before a row is converted. */
export interface PreparedFile {
  readonly staged: StagedFile;
  /** From 1, in the delivery's order. */
  readonly number: number;
  readonly choices: FileChoices;
  readonly converter: Converter;
  readonly native: NativeColumns;
  /** Months and currencies of the rows that will be converted. */
  readonly months: readonly MonthOfFile[];
  readonly quarantine: readonly QuarantinedRow[];
  /** Native cost of the rows in quarantine, per month and currency. */
  readonly quarantined: readonly {
    readonly period: string | null;
    readonly currency: string;
    readonly rows: number;
    /** Of them, rows with a cost that is not 0. */
    readonly costly: number;
    readonly cost: Decimal;
  }[];
  /** The original, added up by the second pass. */
  readonly nativeMonths: readonly NativeMonth[];
  /** Why the file cannot be imported; undefined when it can. */
  readonly refusal: Refusal | undefined;
}

/** More bad rows than this and the file as a whole is at fault. */
const quarantineLimit = 10_000;

/** Decides, looks for rows that cannot be read, and adds up the original; refuses nothing by itself. */
export async function prepareFile(
  engine: Engine,
  staged: StagedFile,
  options: {
    readonly number: number;
    readonly currency?: string | undefined;
    readonly period?: string | undefined;
    readonly gross?: boolean | undefined;
    readonly acceptQuarantine: readonly string[];
  },
): Promise<PreparedFile> {
  return engine.session(async (session) => {
    const choices = await chooseForFile(session, staged, options);
    const { converter, native } = converterOf(choices);
    const nativeMonths = await addUpOriginal(session, staged, converter);
    const columns = { staged: staged.staged, native, converter };
    const every = await findMonths(session, columns);
    const quarantine = await findQuarantine(session, staged, columns, every);
    const rows = [...new Set(quarantine.map(({ row }) => row))];
    const quarantined = await costOfQuarantine(session, columns, rows);
    const months = rows.length === 0 ? every : await findMonths(session, columns, rows);
    const file = {
      staged,
      number: options.number,
      choices,
      converter,
      native,
      months,
      quarantine,
      quarantined,
      nativeMonths,
    };
    return { ...file, refusal: await refusalOf(session, file, options.acceptQuarantine) };
  });
}

async function addUpOriginal(
  session: Session,
  staged: StagedFile,
  converter: Converter,
): Promise<NativeMonth[]> {
  const before = staged.addedUp?.cost === converter.nativeCost ? staged.addedUp : undefined;
  const addedUp = before ?? (await addUp(session, staged.bill, staged.original, converter));
  if (!addedUp) return [];
  const reading: LabelReading = {
    dateOrder: converter.dateOrder,
    isLabel: converter.periodColumn?.isLabel ?? false,
    ...converter.labels,
  };
  return monthsOfGroups(addedUp.groups, reading, converter.periodColumn !== undefined);
}

async function findQuarantine(
  session: Session,
  staged: StagedFile,
  columns: { readonly staged: string; readonly native: NativeColumns; readonly converter: Converter },
  months: readonly MonthOfFile[],
): Promise<QuarantinedRow[]> {
  const { converter } = columns;
  const ragged = staged.ragged.map(
    ({ row, fields }): QuarantinedRow => ({
      row,
      rule: 'ragged-row',
      field: 'fields',
      value: String(fields),
    }),
  );
  const cells = await findUnreadableCells(session, { ...columns, limit: quarantineLimit + 1 });
  const found = [...ragged, ...cells];
  const labelled = months.every(({ period }) => period !== null);
  if (labelled || converter.periodColumn === undefined || found.length > quarantineLimit) return found;
  const known = new Set(found.map(({ row }) => row));
  const unlabelled = await findUnlabelledRows(session, staged.staged, converter, quarantineLimit + 1);
  const all = unlabelled.length > quarantineLimit || unlabelled.length === staged.rows;
  if (all) return found;
  return [
    ...found,
    ...unlabelled
      .filter((row) => !known.has(row))
      .map(
        (row): QuarantinedRow => ({
          row,
          rule: 'no-billing-period',
          field: converter.periodColumn?.name ?? '',
          value: '',
        }),
      ),
  ];
}

async function costOfQuarantine(
  session: Session,
  columns: { readonly staged: string; readonly native: NativeColumns; readonly converter: Converter },
  rows: readonly number[],
) {
  if (rows.length === 0 || rows.length > quarantineLimit) return [];
  const { native, converter } = columns;
  // A row may cost nothing on the invoice and still carry the cost of a commitment.
  const moneys = converter.numbers
    .filter(({ name }) => /(effective|billed|unblended|contracted)cost|fee/i.test(columnKey(name)))
    .map(({ name }) => native.text(name));
  const found = await costOfRows(session, { ...columns, moneys }, rows);
  return found.map((row) => ({
    period: row['period'] as string | null,
    currency: String(row['currency']),
    rows: Number(row['rows']),
    costly: Number(row['costly']),
    cost: parseDecimal(String(row['cost'] ?? '0')),
  }));
}

type Unchecked = Omit<PreparedFile, 'refusal'>;

/** The first reason not to import the file, in the order in which a person would want to hear it. */
async function refusalOf(
  session: Session,
  file: Unchecked,
  accepted: readonly string[],
): Promise<Refusal | undefined> {
  const { converter, staged } = file;
  const where = { file: staged.uri };
  if (converter.nativeCost === undefined && converter.dataset.roles.costs.length > 0) {
    return ingestionErrors.noCostColumn({
      ...where,
      expected: 'such as BilledCost or lineItem/UnblendedCost',
    });
  }
  const quarantine = quarantineRefusal(file, accepted);
  if (quarantine) return quarantine;
  if (file.months.every(({ period }) => period === null)) return ingestionErrors.noBillingPeriod(where);
  const negative = file.months.some(({ backwardRows }) => backwardRows > 0)
    ? await findNegativePeriod(session, staged.staged, file.native, converter)
    : undefined;
  if (negative) {
    const { row, field, start, end } = negative;
    return ingestionErrors.negativePeriod({
      ...where,
      row: Number(row),
      field: String(field),
      start: String(start),
      end: String(end),
    });
  }
  return currencyRefusal(session, file);
}

function quarantineRefusal(file: Unchecked, accepted: readonly string[]): Refusal | undefined {
  const tooMany = file.quarantine.length > quarantineLimit;
  const byRule = file.quarantine.filter(({ rule }) => accepted.includes(rule) && !tooMany);
  // A row that one accepted rule sets aside is out, whatever else is wrong with it.
  const aside = new Set(byRule.map(({ row }) => row));
  const open = file.quarantine.filter(({ row }) => !aside.has(row));
  const first = open[0];
  if (!first) return undefined;
  const costUnknown =
    open.some(({ field }) => field === file.converter.nativeCost) || file.quarantine.length > quarantineLimit;
  // Costs that cancel each other are no reason to leave rows out unasked: rows count, not their sum.
  if (!costUnknown && file.quarantined.every(({ costly }) => costly === 0)) return undefined;
  const facts = {
    file: file.staged.uri,
    row: first.row,
    rows: new Set(open.map(({ row }) => row)).size,
    costAtStake: costUnknown ? null : costText(file),
  };
  if (first.rule === 'ragged-row') {
    return ingestionErrors.raggedRows({
      ...facts,
      fields: Number(first.value),
      expected: file.choices.columns.length,
    });
  }
  return ingestionErrors.unreadableCells({
    ...facts,
    field: first.field,
    value: first.value,
    rule: first.rule,
  });
}

function costText(file: Unchecked): string {
  return file.quarantined.map(({ cost, currency }) => `${formatDecimal(cost)} ${currency}`).join(', ');
}

async function currencyRefusal(session: Session, file: Unchecked): Promise<Refusal | undefined> {
  const { converter, staged } = file;
  const field = converter.currencyColumn ?? 'BillingCurrency';
  for (const { currency } of file.months) {
    if (isCurrency(currency)) continue;
    const row = await firstRowWithCurrency(session, staged.staged, converter, currency);
    return ingestionErrors.unknownCurrency({ file: staged.uri, row, field, value: currency });
  }
  for (const period of new Set(file.months.map((month) => month.period))) {
    if (period === null || file.months.filter((month) => month.period === period).length < 2) continue;
    const mixed = await findMixedCurrencies(session, staged.staged, converter, period);
    if (!mixed) continue;
    return ingestionErrors.mixedCurrencies({
      file: staged.uri,
      row: Number(mixed['row']),
      field,
      account: String(mixed['account']).trim() || '(none)',
      period,
      currencies: String(mixed['currencies']),
    });
  }
  return undefined;
}

/** Rows and native cost of a file's quarantine in one month and currency. */
export function quarantinedIn(
  file: PreparedFile,
  month: { readonly period: string | null; readonly currency: string },
) {
  const found = file.quarantined.filter(
    ({ period, currency }) => period === month.period && currency === month.currency,
  );
  return {
    rows: found.reduce((sum, { rows }) => sum + rows, 0),
    cost: found.reduce((sum, { cost }) => addDecimal(sum, cost), zero),
  };
}
