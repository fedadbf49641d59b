import { join } from 'node:path';
import type { Session } from '../../platform/warehouse/index.ts';
import { copy, csvGz } from './aws-bills.ts';
import { cloudExtraColumns, cloudMonthStatements } from './cloud-lines-sql.ts';
import { cloudResourceStatements } from './cloud-resources-sql.ts';
import type { ExpectedMonth } from './demo-bills.ts';
import { azure, gcp } from './focus-catalog.ts';
import { focusCsvRows, focusParquetRows } from './focus-columns-sql.ts';
import type { DemoScale, Month } from './group.ts';
import { aiMonthStatements, saasMonthStatements } from './vendor-lines-sql.ts';

/** One source that delivers FOCUS 1.2: how its month is made and how its file is written. */
export interface FocusSource {
  readonly source: string;
  readonly entity: string;
  readonly currency: string;
  /** Run once before the months. */
  readonly open: (seed: number, scale: DemoScale) => readonly string[];
  /** Fill the table `focus_line` with the month. */
  readonly month: (seed: number, month: Month, scale: DemoScale) => readonly string[];
  /** The select over `focus_line` that is the file. */
  readonly rows: string;
  readonly file: (month: Month) => string;
  /** COPY options. */
  readonly options: string;
}

const csv = `format csv, header true, delimiter ',', quote '"', escape '"'`;
const parquet = 'format parquet, compression snappy, row_group_size 30720';
const labs = 'Meridian Labs Ltd';

/** The FOCUS 1.2 sources of the group: two clouds, SaaS subscriptions, language models. */
export const focusSources: readonly FocusSource[] = [
  {
    source: 'azure',
    entity: azure.entity,
    currency: azure.currency,
    open: (seed, scale) => cloudResourceStatements(azure, seed, scale),
    month: (seed, month, scale) => cloudMonthStatements(azure, seed, month, scale),
    rows: focusCsvRows(cloudExtraColumns.azure),
    file: (month) => `focus/meridian-focus/${month.period}/part_0_0001.csv.gz`,
    options: csvGz,
  },
  {
    source: 'gcp',
    entity: gcp.entity,
    currency: gcp.currency,
    open: (seed, scale) => cloudResourceStatements(gcp, seed, scale),
    month: (seed, month, scale) => cloudMonthStatements(gcp, seed, month, scale),
    rows: focusParquetRows(cloudExtraColumns.gcp),
    file: (month) => `focus/gcp-focus-${month.period}.parquet`,
    options: parquet,
  },
  {
    source: 'saas',
    entity: labs,
    currency: 'GBP',
    open: () => [],
    month: saasMonthStatements,
    rows: focusCsvRows([]),
    file: (month) => `saas-${month.period}.csv`,
    options: csv,
  },
  {
    source: 'ai',
    entity: labs,
    currency: 'USD',
    open: () => [],
    month: aiMonthStatements,
    rows: focusCsvRows([]),
    file: (month) => `ai-${month.period}.csv`,
    options: csv,
  },
];

/** Writes one month of a FOCUS source below `root` and says what it must sum to. */
export async function writeFocusMonth(
  session: Session,
  source: FocusSource,
  root: string,
  month: Month,
  settings: { readonly seed: number; readonly scale: DemoScale },
): Promise<ExpectedMonth> {
  for (const statement of source.month(settings.seed, month, settings.scale)) await session.run(statement);
  const [sums] = await session.rows(`
    select count(*) as rows, sum(BilledCost)::decimal(38,12) as native, sum(EffectiveCost)::decimal(38,12) as effective
    from focus_line`);
  await copy(session, source.rows, join(root, source.file(month)), source.options);
  return {
    source: source.source,
    billingPeriod: month.period,
    currency: source.currency,
    rows: Number(sums?.['rows']),
    nativeCost: String(sums?.['native']),
    effectiveCost: String(sums?.['effective']),
  };
}
