import type { Issue } from '../../platform/kernel/index.ts';
import type { Row, Session } from '../../platform/warehouse/index.ts';
import { awsConverter } from './convert/aws.ts';
import type { DateOrder } from './convert/cells.ts';
import type { Converter } from './convert/converter.ts';
import { focusConverter } from './convert/focus.ts';
import { mappingConverter } from './convert/mapping.ts';
import { type NativeColumns, nativeColumns } from './convert/native-columns.ts';
import type { BillFile, BillFormat } from './sniff.ts';
import { countNetCosts, sampleDates } from './warehouse.ts';

/** What is decided once per file. Plain data: kept with the snapshot, so that a row can be explained by the same rules. */
export interface FileChoices {
  readonly format: BillFormat;
  readonly columns: BillFile['columns'];
  /** AWS: costs net of discounts, when no row of the delivery has a gross cost alone: such a row would count 0. */
  readonly net: boolean;
  /** AWS: rows with a gross cost alone in a file that has net costs; gross costs are then taken for the whole file. */
  readonly grossAlone: number;
  readonly dateOrder: DateOrder;
  readonly currency?: string | undefined;
  readonly period?: string | undefined;
}

/** Looks at a staged file and decides. */
export async function chooseForFile(
  session: Session,
  file: { readonly bill: Pick<BillFile, 'format' | 'columns'>; readonly staged: string },
  given: {
    readonly currency?: string | undefined;
    readonly period?: string | undefined;
    /** Another file of the delivery has gross costs alone. */
    readonly gross?: boolean | undefined;
  },
): Promise<FileChoices> {
  const { format, columns } = file.bill;
  const native = nativeColumns(columns);
  const rows =
    format.kind === 'aws-cur' && native.has('lineItem/NetUnblendedCost')
      ? await countNetCosts(session, file.staged, {
          net: native.text('lineItem/NetUnblendedCost'),
          gross: native.text('lineItem/UnblendedCost'),
        })
      : { net: 0, grossAlone: 0 };
  const net = rows.net > 0 && rows.grossAlone === 0 && !given.gross;
  const grossAlone = rows.net > 0 ? rows.grossAlone : 0;
  const dateOrder = format.kind === 'focus' ? await findDateOrder(session, file.staged, native) : 'iso';
  return { format, columns, net, grossAlone, dateOrder, currency: given.currency, period: given.period };
}

/** The converter of a file by its choices, and what the format's reader has to report of its columns. */
export function converterOf(choices: FileChoices): {
  readonly converter: Converter;
  readonly native: NativeColumns;
  readonly report: readonly Issue[];
} {
  const native = nativeColumns(choices.columns);
  switch (choices.format.kind) {
    case 'aws-cur':
      return { native, converter: awsConverter(native, choices), report: [] };
    case 'focus':
      return { native, ...focusConverter(native, choices.format, choices) };
    case 'mapping':
      return { native, converter: mappingConverter(native, choices.format.mapping, choices), report: [] };
  }
}

/**
 * FOCUS demands ISO 8601, yet spreadsheets write 4/1/25. The order is told by evidence only: in the right one every
 * billing period begins on the first of a month. Without such evidence the dates stay unreadable.
 */
async function findDateOrder(session: Session, staged: string, native: NativeColumns): Promise<DateOrder> {
  const labels = ['BillingPeriodStart', 'BillingPeriodEnd'].filter(native.has);
  if (labels.length === 0 || native.find(labels[0] ?? '')?.type !== 'VARCHAR') return 'iso';
  const rows = await sampleDates(session, staged, native, labels);
  const parts = rows.flatMap((row) => datesOf(row, labels));
  if (parts.length === 0 || parts.includes(undefined)) return 'iso';
  const days = parts as readonly (readonly [number, number])[];
  const monthFirst = days.every(([month, day]) => month <= 12 && day === 1);
  const dayFirst = days.every(([day, month]) => month <= 12 && day === 1);
  if (monthFirst === dayFirst) return 'iso';
  return monthFirst ? 'mdy' : 'dmy';
}

function datesOf(row: Row, labels: readonly string[]): (readonly [number, number] | undefined)[] {
  return labels
    .map((label) => row[label])
    .filter((value) => value !== null && value !== undefined)
    .map((value) => {
      const match = /^(\d{1,2})\/(\d{1,2})\/\d{2,4}/.exec(String(value));
      return match ? ([Number(match[1]), Number(match[2])] as const) : undefined;
    });
}
