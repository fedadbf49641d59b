import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  allowedPath,
  baseName,
  isS3Uri,
  type ObjectStore,
  type StoredObject,
  safeFileName,
} from '../../platform/objects/index.ts';
import { checkSourceName, filesBelow } from '../../platform/warehouse/index.ts';
import {
  type ExportManifest,
  listExports,
  listManifests,
  parseManifest,
  readManifest,
  verifyFiles,
} from './aws-discovery/index.ts';
import { ingestionErrors } from './errors.ts';

/** One file of a delivery as the store lists it. `inode` tells a local file from another one put in its place. */
export interface DeliveredFile {
  readonly uri: string;
  readonly bytes: number;
  readonly modifiedAt: string;
  readonly etag?: string | undefined;
  readonly inode?: number | undefined;
}

/** What one import replaces months with: all its files together are the bill. */
export interface Delivery {
  readonly source: string;
  /** True when the caller named the source: months of other files may then be replaced. */
  readonly named: boolean;
  /** Stable identity of what delivers: a file's folder and name, or an export's folder. */
  readonly key: string;
  /** For people. */
  readonly label: string;
  /** The provider's version of the delivery, where it has one. */
  readonly version: string | null;
  /** The one billing month that a manifest says it is of; a file may hold several. */
  readonly period: string | null;
  readonly files: readonly DeliveredFile[];
}

const manifestName = /-Manifest\.json$/;
const billName = /\.(csv|csv\.gz|gz|zip|parquet)$/i;

/** Everything to import under a path: a file, a folder, a manifest, an export, or a bucket prefix. */
export async function findDeliveries(
  store: ObjectStore,
  path: string,
  options: {
    readonly source?: string | undefined;
    readonly roots: readonly string[];
    readonly workspaceRoot: string;
  },
): Promise<Delivery[]> {
  const name = options.source === undefined ? undefined : checkSourceName(options.source);
  if (isS3Uri(path)) return findInBucket(store, path, name);
  const absolute = await allowedPath(resolve(path), options.roots).catch((error: unknown) => {
    throw (error as { code?: string }).code === 'objects.notFound'
      ? ingestionErrors.notFound({ path })
      : error;
  });
  const info = await stat(absolute);
  if (info.isFile()) {
    return manifestName.test(absolute)
      ? [await readOne(store, absolute, name)]
      : [await fileDelivery([absolute], name)];
  }
  const own = await realpath(options.workspaceRoot).catch(() => resolve(options.workspaceRoot));
  return findInFolder(store, { folder: absolute, own, asked: path }, name);
}

/** A delivery from one manifest: every file that it names must be there. */
export async function manifestDelivery(
  store: ObjectStore,
  manifest: ExportManifest,
  source: string | undefined,
): Promise<Delivery> {
  const files = await verifyFiles(store, manifest);
  return {
    source: source ?? checkSourceName(safeFileName(manifest.exportName)),
    named: source !== undefined,
    key: `export:${exportFolder(manifest.uri)}`,
    label: manifest.uri,
    version: manifest.versionId,
    period: manifest.period,
    files: files.map((file) => ({ ...file, modifiedAt: file.modifiedAt.toISOString() })),
  };
}

/** The folder of an export, its month and version left out: two accounts may name their exports alike. */
function exportFolder(manifestUri: string): string {
  return manifestUri.replace(/\/(\d{8}-\d{8}|metadata\/BILLING_PERIOD=[^/]+)\/.*$/, '');
}

async function readOne(store: ObjectStore, uri: string, source: string | undefined): Promise<Delivery> {
  return manifestDelivery(store, parseManifest(await store.readText(uri, 16_000_000), uri), source);
}

async function findInBucket(
  store: ObjectStore,
  uri: string,
  source: string | undefined,
): Promise<Delivery[]> {
  if (manifestName.test(uri)) return [await readOne(store, uri, source)];
  if (billName.test(uri)) return [objectDelivery([await store.head(uri)], source)];
  const deliveries: Delivery[] = [];
  for (const found of await listExports(store, uri)) {
    deliveries.push(...(await exportDeliveries(store, { base: uri, exportName: found.name }, source)));
  }
  if (deliveries.length > 0) return deliveries;
  const objects: StoredObject[] = [];
  for await (const object of store.list(uri.endsWith('/') ? uri : `${uri}/`, { delimiter: '/' })) {
    if (object.kind === 'object' && billName.test(object.uri)) objects.push(object);
  }
  if (objects.length === 0) throw ingestionErrors.nothingToImport({ path: uri });
  return billsOf(objects, ({ uri }) => uri).map((group) => objectDelivery(group, source));
}

async function exportDeliveries(
  store: ObjectStore,
  query: { readonly base: string; readonly exportName: string },
  source: string | undefined,
): Promise<Delivery[]> {
  const deliveries = [];
  for (const entry of await listManifests(store, query)) {
    deliveries.push(await manifestDelivery(store, await readManifest(store, entry), source));
  }
  return deliveries;
}

/** What a workspace keeps is no bill: importing it again would count every cost twice. */
const ownFolders = ['lake', 'raw', 'tmp', 'exports', 'records'];

/** Exports by their manifests first; every other bill file is a delivery of its own, numbered parts together. */
async function findInFolder(
  store: ObjectStore,
  { folder, own, asked }: { readonly folder: string; readonly own: string; readonly asked: string },
  source: string | undefined,
): Promise<Delivery[]> {
  const kept = ownFolders.map((name) => `${join(own, name)}/`);
  const files = (await filesBelow(folder))
    .map((file) => join(folder, file))
    .filter((file) => !kept.some((prefix) => file.startsWith(prefix)));
  const exports = new Map<string, { base: string; exportName: string }>();
  for (const file of files.filter((candidate) => manifestName.test(candidate))) {
    const found = /^(.*)\/([^/]+)\/(?:\d{8}-\d{8}|metadata\/BILLING_PERIOD=[^/]+)\//.exec(file);
    if (found) exports.set(`${found[1]}/${found[2]}/`, { base: found[1] ?? '', exportName: found[2] ?? '' });
  }
  const deliveries: Delivery[] = [];
  for (const query of exports.values()) deliveries.push(...(await exportDeliveries(store, query, source)));
  const others = files.filter(
    (file) => billName.test(file) && ![...exports.keys()].some((prefix) => file.startsWith(prefix)),
  );
  for (const group of billsOf(others, (file) => file)) deliveries.push(await fileDelivery(group, source));
  if (deliveries.length === 0) throw ingestionErrors.nothingToImport({ path: asked });
  return deliveries;
}

async function fileDelivery(paths: readonly string[], source: string | undefined): Promise<Delivery> {
  const files = [];
  for (const path of paths) {
    const { size, mtime, ino } = await stat(path);
    files.push({ uri: path, bytes: size, modifiedAt: mtime.toISOString(), inode: ino });
  }
  return plainDelivery(files, source);
}

function objectDelivery(objects: readonly StoredObject[], source: string | undefined): Delivery {
  return plainDelivery(
    objects.map(({ uri, bytes, etag, modifiedAt }) => ({
      uri,
      bytes,
      etag,
      modifiedAt: modifiedAt.toISOString(),
    })),
    source,
  );
}

function plainDelivery(files: readonly DeliveredFile[], source: string | undefined): Delivery {
  const first = files[0]?.uri ?? '';
  return {
    source: source ?? sourceOf(first),
    named: source !== undefined,
    key: `file:${dirname(first)}/${stemOf(first)}`,
    label: files.length === 1 ? first : `${dirname(first)} (${files.length} files)`,
    version: null,
    period: null,
    files,
  };
}

/**
 * The source that a file belongs to when nobody names one: its name without ending, month and part number, so that next
 * month's file of the same name is the same source. `bill-2026-10.csv.gz` is `bill`; `part-00001.parquet` takes its folder's name.
 */
function sourceOf(uri: string): string {
  const stem = stemOf(uri)
    .replace(/(?:^|[-_.])(?:19|20)\d{2}-?(?:0[1-9]|1[0-2])(?:-?\d{2})?(?=$|[-_.])/g, '')
    .replace(/[-_.]+$/, '');
  const name = /^(part)?[-_\d]*$/i.test(stem) ? baseName(dirname(uri)) : stem;
  return checkSourceName(safeFileName(name).replace(/^[^A-Za-z0-9]+/, '') || 'bill');
}

/** A file's name without its endings and without a part number such as `-00001` or `part_0_0001`. */
function stemOf(uri: string): string {
  return withoutEndings(basename(uri)).replace(/([-_.]?part[-_]?\d+([-_]\d+)*|[-_]\d{5})$/i, '');
}

/** A path or name without what says how the file is packed. */
export function withoutEndings(uri: string): string {
  return uri.replace(/(\.snappy|\.gz|\.zip|\.csv|\.parquet)+$/i, '');
}

/**
 * Files that are parts of one bill: in one folder, with names that differ in a part number. The same part in two packings
 * (`bill.csv` beside `bill.csv.gz`) is no second part: each packing is a delivery, and the later is refused as a rival.
 */
function billsOf<T>(items: readonly T[], uriOf: (item: T) => string): T[][] {
  return groups(items, (item) => `${dirname(uriOf(item))}/${stemOf(uriOf(item))}`).flatMap((group) => {
    const parts = new Set(group.map((item) => withoutEndings(uriOf(item))));
    const packing = (item: T) =>
      uriOf(item)
        .slice(withoutEndings(uriOf(item)).length)
        .toLowerCase();
    return parts.size === group.length ? [group] : groups(group, packing);
  });
}

function groups<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const byKey = new Map<string, T[]>();
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item]);
  return [...byKey.values()];
}
