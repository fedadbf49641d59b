import type { AwsExport } from '../../platform/config/index.ts';
import { type Period, Refusal, type Scope } from '../../platform/kernel/index.ts';
import { type ObjectStore, openStore } from '../../platform/objects/index.ts';
import type { Lake, Workspace } from '../../platform/warehouse/index.ts';
import {
  type ExportEntry,
  type ExportManifest,
  listExports,
  listManifests,
  type ManifestEntry,
  readManifest,
} from './aws-discovery/index.ts';
import { type ImportRequest, type ImportResult, importRequestSchema } from './contract.ts';
import { type Delivery, manifestDelivery } from './deliveries.ts';
import { importDeliveries } from './import-bill.ts';
import type { ImportContext } from './import-run.ts';
import { mainPartitions } from './months.ts';
import { originOf } from './origin.ts';
import { importContext, s3OptionsOf, withViews } from './run-import.ts';

/** Billing months asked for, both included; all when absent. */
export interface MonthRange {
  readonly from?: Period | undefined;
  readonly to?: Period | undefined;
}

/** An export found in a bucket or folder. */
export interface FoundExport extends ExportEntry {
  /** What was looked into: the `uri` of a configured export. */
  readonly base: string;
}

/** A month of an export as AWS delivers it now, and whether the lake has this version of it. */
export interface FoundManifest {
  readonly export: string;
  readonly source: string;
  readonly period: string;
  readonly kind: string;
  readonly uri: string;
  readonly version: string;
  readonly files: number;
  readonly modifiedAt: string;
  /** `changed`: the lake holds another version. */
  readonly state: 'new' | 'changed' | 'loaded';
}

/** A month of an export as the lake holds it. */
export interface LoadedMonth {
  readonly export: string;
  readonly source: string;
  readonly period: string;
  readonly version: string | null;
  readonly snapshot: string;
  readonly importedAt: string;
  readonly rows: number;
  readonly final: boolean;
}

/** What else an import of exports is told. */
export interface ExportImportOptions
  extends Pick<ImportRequest, 'dryRun' | 'acceptRestatement' | 'acceptQuarantine'> {
  readonly range: MonthRange;
  /** Import versions that are loaded already, too. */
  readonly reset: boolean;
  readonly onProgress?: ImportContext['onProgress'];
}

/** The exports that lie where the given ones do, each place looked into once. */
export async function findExports(exports: readonly AwsExport[]): Promise<FoundExport[]> {
  const found: FoundExport[] = [];
  const places = new Map(exports.map((item) => [item.uri, item]));
  for (const [base, item] of places) {
    await withStore(item, async (store) => {
      for (const entry of await listExports(store, base)) found.push({ ...entry, base });
    });
  }
  return found;
}

/** The newest manifest of every month of the exports, oldest month first, and what the lake shows of it in scope. */
export async function findManifests(
  lake: Lake,
  scope: Scope,
  exports: readonly AwsExport[],
  range: MonthRange,
): Promise<FoundManifest[]> {
  const found: FoundManifest[] = [];
  for (const item of exports) {
    const loaded = await loadedMonths(lake, scope, [item]);
    await withStore(item, async (store) => {
      for (const { entry, manifest } of await manifestsOf(store, item, range)) {
        const before = loaded.find(({ period }) => period === entry.period);
        found.push({
          export: item.name,
          source: item.source,
          period: entry.period,
          kind: entry.exportKind,
          uri: entry.uri,
          version: manifest.versionId,
          files: manifest.files.length,
          modifiedAt: entry.modifiedAt.toISOString(),
          state: !before ? 'new' : before.version === manifest.versionId ? 'loaded' : 'changed',
        });
      }
    });
  }
  return found;
}

/** What the lake holds of the exports in scope; asks nobody but the lake. */
export async function loadedMonths(
  lake: Lake,
  scope: Scope,
  exports: readonly AwsExport[],
): Promise<LoadedMonth[]> {
  const months: LoadedMonth[] = [];
  for (const { source, period, dataset, current } of mainPartitions(await lake.visible(scope))) {
    const owner = exports.find((item) => item.source === source && isOf(item, current?.delivery.key));
    if (!owner || !current) continue;
    const description = await lake.describe(scope, { source, period, dataset, snapshot: current.id });
    months.push({
      export: owner.name,
      source,
      period,
      version: originOf(description).delivery.version,
      snapshot: current.id,
      importedAt: current.createdAt,
      rows: current.files.reduce((sum, file) => sum + file.rows, 0),
      final: current.final,
    });
  }
  return months;
}

/**
 * Imports every month of the exports in the range into their sources, which must be in scope. A version that is loaded is listed as unchanged and not read again.
 * An export that cannot be reached or read is an error of the result and does not keep the others out.
 */
export async function importExports(
  workspace: Workspace,
  scope: Scope,
  exports: readonly AwsExport[],
  options: ExportImportOptions,
): Promise<ImportResult> {
  const context = await importContext(workspace, scope, options.onProgress);
  const results: ImportResult[] = [];
  for (const item of exports) {
    results.push(await importExport(context, item, options).catch(refused(item)));
  }
  return withViews(workspace, {
    schemaVersion: 1,
    imports: results.flatMap(({ imports }) => imports),
    issues: results.flatMap(({ issues }) => issues),
    errors: results.flatMap(({ errors }) => errors),
    seconds: Math.round(results.reduce((sum, { seconds }) => sum + seconds * 1000, 0)) / 1000,
  });
}

function importExport(
  context: ImportContext,
  item: AwsExport,
  options: ExportImportOptions,
): Promise<ImportResult> {
  const { range, reset, dryRun, acceptRestatement, acceptQuarantine } = options;
  return withStore(item, async (store) => {
    const deliveries: Delivery[] = [];
    for (const { manifest } of await manifestsOf(store, item, range)) {
      deliveries.push(await manifestDelivery(store, manifest, item.source));
    }
    const request = { path: item.uri, again: reset, dryRun, acceptRestatement, acceptQuarantine };
    return importDeliveries(context, store, deliveries, importRequestSchema.parse(request));
  });
}

/** A delivery of an export is known by the export's folder, which bears its name. */
function isOf({ exportName }: AwsExport, key = ''): boolean {
  return key.startsWith('export:') && key.endsWith(`/${exportName}`);
}

/** Turns a refusal of a whole export into a result with one error; anything else goes on. */
function refused(item: AwsExport): (error: unknown) => ImportResult {
  return (error) => {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, exitCode, params } = error;
    const errors = [{ code, message, exitCode, path: item.uri, params: { ...params } }];
    return { schemaVersion: 1, imports: [], issues: [], errors, seconds: 0 };
  };
}

async function manifestsOf(
  store: ObjectStore,
  { uri, exportName, kind, from }: AwsExport,
  range: MonthRange,
): Promise<{ readonly entry: ManifestEntry; readonly manifest: ExportManifest }[]> {
  const since = [from, range.from]
    .filter((month) => month !== undefined)
    .sort()
    .at(-1);
  const entries = await listManifests(store, {
    base: uri,
    exportName,
    from: since as Period | undefined,
    to: range.to,
    ...(kind === undefined ? {} : { kind: kind === 'v1' ? 'cur-v1' : 'data-export' }),
  });
  const manifests = [];
  for (const entry of entries) manifests.push({ entry, manifest: await readManifest(store, entry) });
  return manifests;
}

async function withStore<T>(item: AwsExport, work: (store: ObjectStore) => Promise<T>): Promise<T> {
  // A local export is a copy of a bucket; its folder is the operator's own word.
  const store = await openStore(item.uri, { roots: [item.uri], s3: s3OptionsOf(item) });
  try {
    return await work(store);
  } finally {
    store.close();
  }
}
