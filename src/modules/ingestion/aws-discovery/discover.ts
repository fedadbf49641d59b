import type { Period } from '../../../platform/kernel/index.ts';
import { baseName, folderUri, type ObjectStore, type StoredObject } from '../../../platform/objects/index.ts';
import { errors } from './errors.ts';
import { exportNameOf, parsePartition, parsePeriodFolder } from './layout.ts';
import { type ExportKind, type ExportManifest, parseManifest } from './manifest.ts';

/** An export found under a base: its months, oldest first. */
export interface ExportEntry {
  readonly name: string;
  readonly kind: ExportKind;
  /** The export's folder, ending in `/`. */
  readonly uri: string;
  readonly periods: readonly Period[];
}

/** The manifest that holds for one month: the latest delivery. */
export interface ManifestEntry extends StoredObject {
  readonly exportName: string;
  readonly period: Period;
  readonly exportKind: ExportKind;
}

export interface ManifestQuery {
  /** `s3://bucket/prefix` or a folder: what stands before the export's name. */
  readonly base: string;
  readonly exportName: string;
  /** First and last billing month, both included. */
  readonly from?: Period | undefined;
  readonly to?: Period | undefined;
  readonly kind?: ExportKind | undefined;
}

/** A file of a manifest that is really there. */
export interface ManifestFile {
  readonly uri: string;
  readonly bytes: number;
  readonly etag?: string;
  readonly modifiedAt: Date;
}

/** A manifest of 200 columns and 1,000 files is below 0.3 MB. */
const maxManifestBytes = 16 * 1_000_000;

/**
 * The exports directly under `base`, by name. A folder counts when it holds months of CUR v1 (`20180801-20180901/`) or
 * of Data Exports (`metadata/BILLING_PERIOD=…/`); one with both is listed twice. Costs one listing of a single level for
 * the base and one or two per folder in it; no data file is listed.
 */
export async function listExports(store: ObjectStore, base: string): Promise<ExportEntry[]> {
  const exports: ExportEntry[] = [];
  for (const uri of (await listLevel(store, folderUri(base))).folders) {
    const months = await listMonths(store, uri);
    for (const kind of ['cur-v1', 'data-export'] as const) {
      const periods = months.filter((month) => month.kind === kind).map((month) => month.period);
      if (periods.length > 0) exports.push({ name: baseName(uri), kind, uri, periods });
    }
  }
  return exports.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/**
 * The manifest of every month of one export in the range, oldest first; for a month delivered in both kinds, one each.
 * Costs one or two listings for the export and one (Data Exports in create-new: two) per month asked for.
 */
export async function listManifests(store: ObjectStore, query: ManifestQuery): Promise<ManifestEntry[]> {
  const { base, exportName, from, to } = query;
  if (exportName === '' || exportName.includes('/')) {
    throw errors.noExport({ base, exportName, reason: "a name is not empty and holds no '/'" });
  }
  const months = await listMonths(store, `${folderUri(base)}${exportName}/`, query.kind);
  if (months.length === 0)
    throw errors.noExport({ base, exportName, reason: 'no folder of a billing month' });
  const manifests: ManifestEntry[] = [];
  for (const month of months) {
    if ((from !== undefined && month.period < from) || (to !== undefined && month.period > to)) continue;
    const found = await currentManifest(store, month, exportName);
    if (found) manifests.push({ ...found, exportName, period: month.period, exportKind: month.kind });
  }
  return manifests;
}

/** Reads and parses a listed manifest; one of another export or month than its place says is refused. */
export async function readManifest(store: ObjectStore, entry: ManifestEntry): Promise<ExportManifest> {
  const { uri, exportName, period } = entry;
  return parseManifest(await store.readText(uri, maxManifestBytes), uri, { exportName, period });
}

/** Every file of the manifest with size and etag, in its order; a missing one is a refusal that names both. */
export async function verifyFiles(store: ObjectStore, manifest: ExportManifest): Promise<ManifestFile[]> {
  const there = new Map<string, StoredObject>();
  for (const folder of new Set(manifest.files.map(parentOf))) {
    for (const object of (await listLevel(store, folder)).objects) there.set(object.uri, object);
  }
  return manifest.files.map((file) => {
    const object = there.get(file);
    if (!object) throw errors.missingFile({ uri: manifest.uri, file });
    const { uri, bytes, etag, modifiedAt } = object;
    return { uri, bytes, modifiedAt, ...(etag ? { etag } : {}) };
  });
}

interface Month {
  readonly period: Period;
  readonly kind: ExportKind;
  readonly folder: string;
}

async function listMonths(store: ObjectStore, exportFolder: string, only?: ExportKind): Promise<Month[]> {
  const months: Month[] = [];
  const { folders } = await listLevel(store, exportFolder);
  for (const folder of folders) {
    const period = parsePeriodFolder(baseName(folder));
    if (period) months.push({ period, kind: 'cur-v1', folder });
  }
  const metadata = `${exportFolder}metadata/`;
  if (only !== 'cur-v1' && folders.includes(metadata)) {
    for (const folder of (await listLevel(store, metadata)).folders) {
      const period = parsePartition(baseName(folder));
      if (period) months.push({ period, kind: 'data-export', folder });
    }
  }
  return months
    .filter((month) => only === undefined || month.kind === only)
    .sort((a, b) => (a.period < b.period ? -1 : a.period > b.period ? 1 : 0));
}

/** AWS writes a manifest after all files of its delivery: a month without one is still being delivered. */
async function currentManifest(
  store: ObjectStore,
  month: Month,
  exportName: string,
): Promise<StoredObject | undefined> {
  const { objects, folders } = await listLevel(store, month.folder);
  const latest = manifestOf(objects, exportName);
  if (latest) return latest;
  if (month.kind === 'data-export') {
    // Create-new: folders named by time of delivery, so that the last name is the latest.
    for (const folder of [...folders].sort().reverse()) {
      const found = manifestOf((await listLevel(store, folder)).objects, exportName);
      if (found) return found;
    }
    return undefined;
  }
  return fromAssemblies(store, { month, folders, exportName });
}

/** A copy of a v1 month without its manifest of the month: the folder named by an assembly id has one of its own. */
async function fromAssemblies(
  store: ObjectStore,
  { month, folders, exportName }: { month: Month; folders: readonly string[]; exportName: string },
): Promise<StoredObject | undefined> {
  const found: StoredObject[] = [];
  for (const folder of folders) {
    const manifest = manifestOf((await listLevel(store, folder)).objects, exportName);
    if (manifest) found.push(manifest);
  }
  // Assembly ids have no order, and the times of copied files say nothing.
  if (found.length > 1) throw errors.ambiguousVersion({ folder: month.folder, versions: found.length });
  return found[0];
}

function manifestOf(objects: readonly StoredObject[], exportName: string): StoredObject | undefined {
  const named = objects.filter((object) => exportNameOf(object.uri) !== undefined);
  const own = named.find((object) => exportNameOf(object.uri) === exportName);
  const [other] = named;
  if (own || !other) return own;
  const found = exportNameOf(other.uri) ?? '';
  throw errors.otherExport({ uri: other.uri, field: 'its file name', found, asked: exportName });
}

interface Level {
  readonly objects: readonly StoredObject[];
  readonly folders: readonly string[];
}

/** One level of the tree: never more keys than lie directly in it. */
async function listLevel(store: ObjectStore, folder: string): Promise<Level> {
  const objects: StoredObject[] = [];
  const folders: string[] = [];
  for await (const found of store.list(folder, { delimiter: '/' })) {
    if (found.kind === 'object') objects.push(found);
    else folders.push(found.uri);
  }
  return { objects, folders };
}

function parentOf(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/') + 1);
}
