import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { literal, type Session } from '../../platform/warehouse/index.ts';
import { feeStatements } from './aws-fees-sql.ts';
import { type Delivery, negationLines, usageLines } from './aws-lines-sql.ts';
import { awsResourceStatements } from './aws-resources-sql.ts';
import { type AwsSource, awsLogistics } from './aws-sources.ts';
import { cur1Header, cur1Select } from './cur-1-sql.ts';
import { cur2Select } from './cur-2-sql.ts';
import { type CurColumns, feeColumns, feeRelation, usageColumns, usageRelation } from './cur-columns-sql.ts';
import type { ExpectedMonth } from './demo-bills.ts';
import type { DemoScale, Month } from './group.ts';
import {
  type AwsDeliveryPaths,
  createNewPaths,
  cur1Manifest,
  dataExportManifest,
  dataExportPaths,
  writeManifest,
} from './manifests.ts';

/** One AWS organization being written: its connection holds the temporary tables. */
export interface AwsWriter {
  readonly session: Session;
  readonly source: AwsSource;
  readonly seed: number;
  readonly scale: DemoScale;
}

/** A month as written: where its manifest is, and what it must sum to. */
export interface WrittenMonth {
  /** The manifest to import. */
  readonly manifest: string;
  /** Assembly id (CUR v1) or execution id (CUR 2.0) of the delivery. */
  readonly version: string;
  readonly expected: ExpectedMonth;
}

/** Makes the organization's resources, plans and reservations. Call once before the months. */
export async function openAwsSource({ session, source, seed, scale }: AwsWriter): Promise<void> {
  for (const statement of awsResourceStatements(source, seed, scale)) await session.run(statement);
}

/** Writes one month of the organization below `root` (the bucket's root), manifest last. */
export async function writeAwsMonth(
  writer: AwsWriter,
  root: string,
  month: Month,
  delivery: Delivery,
): Promise<WrittenMonth> {
  const { session, source, seed, scale } = writer;
  await session.run(usageLines(source, seed, month, delivery));
  await session.run(negationLines);
  for (const statement of feeStatements(source, month, scale, delivery)) await session.run(statement);
  const expected = await expectedOf(session, source, month);
  const context = { source, month, seed, delivery };
  const version = uuid(`${seed}:${source.source}:${month.period}:${delivery}`);
  // Every fourth month comes in two files, so that reading only the last key of a manifest is noticed.
  const files = month.index % 4 === 3 ? 2 : 1;
  const write = source === awsLogistics ? writeCur1 : writeCur2;
  const paths = await write(session, root, {
    ...context,
    version,
    files,
    usage: usageColumns(context),
    fees: feeColumns(context),
  });
  return { manifest: join(root, paths.manifestKeys[0] ?? ''), version, expected };
}

interface MonthOutput {
  readonly source: AwsSource;
  readonly month: Month;
  readonly version: string;
  readonly files: number;
  readonly usage: CurColumns;
  readonly fees: CurColumns;
}

async function writeCur2(session: Session, root: string, out: MonthOutput): Promise<AwsDeliveryPaths> {
  const paths = dataExportPaths(out.source.exportName, out.month, out.files);
  for (const [n, key] of paths.dataKeys.entries()) {
    const usage = cur2Select(out.usage, { withNet: false, large: false });
    const fees = cur2Select(out.fees, { withNet: false, large: true });
    const rows = billRows(usage, fees, out, n);
    await copy(session, rows, join(root, key), 'format parquet, compression snappy, row_group_size 30720');
  }
  await writeManifest(root, paths, dataExportManifest(out.source.bucket, out.month, out.version, paths));
  return paths;
}

async function writeCur1(session: Session, root: string, out: MonthOutput): Promise<AwsDeliveryPaths> {
  const { source, month } = out;
  const header = cur1Header(source.discountFrom !== null && month.period >= source.discountFrom);
  const paths = createNewPaths(source.exportName, month, out.version, out.files);
  for (const [n, key] of paths.dataKeys.entries()) {
    const rows = billRows(cur1Select(header, out.usage), cur1Select(header, out.fees), out, n);
    await copy(session, rows, join(root, key), csvGz);
  }
  const facts = {
    bucket: source.bucket,
    account: source.payer,
    exportName: source.exportName,
    assemblyId: out.version,
    reportId: createHash('sha256').update(source.exportName).digest('hex'),
    header,
  };
  await writeManifest(root, paths, cur1Manifest(facts, month, paths));
  return paths;
}

/** Rows of the n-th of the month's files: the first half of the month in the first, fees in the last. */
function billRows(usage: string, fees: string, { month, files }: MonthOutput, n: number): string {
  const middle = `date '${month.period}-16'`;
  const half = files === 1 ? 'true' : n === 0 ? `l.day < ${middle}` : `l.day >= ${middle}`;
  return `select ${usage} from ${usageRelation} where ${half}
    union all
    select ${fees} from ${feeRelation} where ${n === files - 1}`;
}

/** How every comma-separated file of the demo is written. */
export const csvGz = `format csv, header true, delimiter ',', quote '"', escape '"', compression gzip`;

/** Writes the rows of a query to a file, making its folder. */
export async function copy(session: Session, rows: string, file: string, options: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await session.run(`copy (${rows}) to ${literal(file)} (${options})`);
}

async function expectedOf(session: Session, source: AwsSource, month: Month): Promise<ExpectedMonth> {
  const [sums] = await session.rows(`
    with bill as (
      select unblended, effective from line
      union all
      select unblended, effective from fee
    )
    select count(*) as rows, sum(unblended)::decimal(38,12) as native, sum(effective)::decimal(38,12) as effective
    from bill`);
  return {
    source: source.source,
    billingPeriod: month.period,
    currency: 'USD',
    rows: Number(sums?.['rows']),
    nativeCost: String(sums?.['native']),
    effectiveCost: String(sums?.['effective']),
  };
}

/** An id in the shape of a UUID that follows from the text. */
function uuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
