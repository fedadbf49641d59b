import type { Engine, Session } from '../../platform/warehouse/index.ts';
import { converterOf } from './choose-converter.ts';
import type { Converter } from './convert/converter.ts';
import type { NativeGroup } from './gate.ts';
import { csvOriginal, nativeGroups, parquetOriginal } from './gate-sql.ts';
import { type BillFile, nullTexts } from './sniff.ts';
import type { CsvReading } from './warehouse.ts';

/** What the second pass reads: the original, or its unpacked or levelled text. */
export type Original = CsvReading | { readonly parquet: string };

/** The original added up by one of its cost columns. */
export interface AddedUp {
  readonly cost: string;
  readonly groups: readonly NativeGroup[];
}

/** Adds up the original by the cost column, month, currency and kind of line that the converter names. */
export async function addUp(
  session: Session,
  bill: Pick<BillFile, 'columns' | 'format'>,
  original: Original,
  converter: Converter,
): Promise<AddedUp | undefined> {
  if (converter.nativeCost === undefined) return undefined;
  const from =
    'parquet' in original
      ? parquetOriginal(original.parquet)
      : csvOriginal(
          original.path,
          original.gzip,
          bill.columns.map(({ name }) => name),
          nullTexts(bill.format),
        );
  const groups = await nativeGroups(session, {
    from,
    cost: converter.nativeCost,
    period: converter.periodColumn?.name,
    currency: converter.currencyColumn,
    kind: converter.kindColumn,
  });
  return { cost: converter.nativeCost, groups };
}

/**
 * Starts the second pass while the file is being copied: unpacking keeps the copy to one core, and the other is free.
 * It takes the gross costs, as nothing is known of the rows yet; a file that turns out to need another column, or that
 * cannot be read strictly, is added up again later.
 */
export async function addUpAlongside(
  engine: Engine,
  bill: BillFile,
  reading: CsvReading,
  given: { readonly currency?: string | undefined; readonly period?: string | undefined },
): Promise<AddedUp | undefined> {
  const { columns, format } = bill;
  const { currency, period } = given;
  const { converter } = converterOf({
    format,
    columns,
    net: false,
    grossAlone: 0,
    dateOrder: 'iso',
    currency,
    period,
  });
  return engine.session((session) => addUp(session, bill, reading, converter));
}
