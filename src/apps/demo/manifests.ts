import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Month } from './group.ts';

/** Where the files of one AWS delivery go: paths relative to the bucket's root, which is the source's folder. */
export interface AwsDeliveryPaths {
  /** Of each data file, in order. */
  readonly dataKeys: readonly string[];
  /** Of every copy of the manifest; the first is the one to import. */
  readonly manifestKeys: readonly string[];
}

/** Data Exports layout: `exports/<name>/data/BILLING_PERIOD=…` beside `metadata/BILLING_PERIOD=…`. */
export function dataExportPaths(exportName: string, month: Month, files: number): AwsDeliveryPaths {
  const part = `BILLING_PERIOD=${month.period}`;
  return {
    dataKeys: numbers(files).map(
      (n) => `exports/${exportName}/data/${part}/${exportName}-${n}.snappy.parquet`,
    ),
    manifestKeys: [`exports/${exportName}/metadata/${part}/${exportName}-Manifest.json`],
  };
}

/** CUR v1 create-new layout: a folder per assembly, and the newest manifest once more in the folder of the month. */
export function createNewPaths(
  exportName: string,
  month: Month,
  assemblyId: string,
  files: number,
): AwsDeliveryPaths {
  const folder = `cur/${exportName}/${compact(month.start)}-${compact(month.end)}`;
  return {
    dataKeys: numbers(files).map((n) => `${folder}/${assemblyId}/${exportName}-${n}.csv.gz`),
    manifestKeys: [
      `${folder}/${exportName}-Manifest.json`,
      `${folder}/${assemblyId}/${exportName}-Manifest.json`,
    ],
  };
}

/** Manifest of a Data Exports delivery. */
export function dataExportManifest(
  bucket: string,
  month: Month,
  executionId: string,
  paths: AwsDeliveryPaths,
): object {
  return {
    executionId,
    billingPeriod: billingPeriod(month),
    compression: 'Parquet',
    contentType: 'Parquet',
    dataFiles: paths.dataKeys.map((key) => `s3://${bucket}/${key}`),
  };
}

/** What a CUR v1 manifest says beside its month and files. */
export interface Cur1ManifestFacts {
  readonly bucket: string;
  readonly account: string;
  readonly exportName: string;
  readonly assemblyId: string;
  readonly reportId: string;
  readonly header: readonly string[];
}

/** Manifest of a CUR v1 delivery. */
export function cur1Manifest(facts: Cur1ManifestFacts, month: Month, paths: AwsDeliveryPaths): object {
  return {
    assemblyId: facts.assemblyId,
    account: facts.account,
    columns: facts.header.map((name) => {
      const slash = name.indexOf('/');
      return { category: name.slice(0, slash), name: name.slice(slash + 1) };
    }),
    charset: 'UTF-8',
    compression: 'GZIP',
    contentType: 'text/csv',
    reportId: facts.reportId,
    reportName: facts.exportName,
    billingPeriod: billingPeriod(month),
    bucket: facts.bucket,
    reportKeys: paths.dataKeys,
    additionalArtifactKeys: [],
  };
}

/** Writes the manifest to each of its places, after the data files, as AWS does. */
export async function writeManifest(root: string, paths: AwsDeliveryPaths, manifest: object): Promise<void> {
  for (const key of paths.manifestKeys) {
    const file = join(root, key);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}

function numbers(files: number): readonly string[] {
  return Array.from({ length: files }, (_, n) => String(n + 1).padStart(5, '0'));
}

function compact(date: string): string {
  return date.replaceAll('-', '');
}

function billingPeriod(month: Month): { readonly start: string; readonly end: string } {
  return { start: `${compact(month.start)}T000000.000Z`, end: `${compact(month.end)}T000000.000Z` };
}
