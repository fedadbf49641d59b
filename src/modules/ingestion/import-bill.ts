import { everything, type Issue, Refusal } from '../../platform/kernel/index.ts';
import { type ObjectStore, openStore, type StoreOptions } from '../../platform/objects/index.ts';
import { fileSha256, type Manifest } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import {
  type CheckedImportRequest,
  type ImportEntry,
  type ImportRequest,
  type ImportResult,
  importRequestSchema,
} from './contract.ts';
import { type Delivery, findDeliveries } from './deliveries.ts';
import { qualityOf } from './findings.ts';
import { type ImportContext, importDelivery } from './import-delivery.ts';
import { deliveryFingerprint, givenOf, type ImportOrigin, originOf } from './origin.ts';

/**
 * Imports everything under a path. Each delivery is atomic; one that is refused does not keep the others out, and the
 * result names it. A delivery that has not changed is not read again.
 */
export async function importBill(
  context: ImportContext,
  request: ImportRequest,
  stores: StoreOptions,
): Promise<ImportResult> {
  const checked = importRequestSchema.parse(request);
  const store = await openStore(checked.path, stores);
  try {
    const deliveries = await findDeliveries(store, checked.path, {
      source: checked.source,
      roots: stores.roots,
    });
    return await importDeliveries(context, store, deliveries, checked);
  } finally {
    store.close();
  }
}

/** Imports deliveries that are already known, one after the other. */
export async function importDeliveries(
  context: ImportContext,
  store: ObjectStore,
  deliveries: readonly Delivery[],
  request: CheckedImportRequest,
): Promise<ImportResult> {
  const started = performance.now();
  const imports: ImportEntry[] = [];
  const issues: Issue[] = [];
  const errors: ImportResult['errors'] = [];
  for (const delivery of deliveries) {
    try {
      const unchanged = await findUnchanged(context, delivery, request);
      if (unchanged) {
        imports.push(
          ...unchanged.entries.map((entry) => ({ ...entry, status: 'unchanged' as const, replaced: null })),
        );
        continue;
      }
      const outcome = await importDelivery(context, store, delivery, request);
      imports.push(...outcome.entries);
      issues.push(...outcome.issues);
      if (outcome.refusal) throw outcome.refusal;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message, exitCode, params } = error;
      errors.push({ code, message, exitCode, path: delivery.label, params: { ...params } });
    }
  }
  issues.push(...(await qualityOfImports(context, imports)));
  const seconds = Math.round(performance.now() - started) / 1000;
  return {
    schemaVersion: 1,
    imports,
    issues: issues.map((issue) => ({ ...issue })) as ImportResult['issues'],
    errors,
    seconds,
  };
}

/** Quality checks over what was imported, one scan per source: they judge rows, and keep none out. */
async function qualityOfImports(context: ImportContext, imports: readonly ImportEntry[]): Promise<Issue[]> {
  const done = imports.filter(
    ({ status, dataset }) => dataset === 'cost' && (status === 'imported' || status === 'replaced'),
  );
  const issues: Issue[] = [];
  for (const source of new Set(done.map((entry) => entry.source))) {
    const periods = done
      .filter((entry) => entry.source === source)
      .map((entry) => entry.billingPeriod ?? '')
      .sort();
    const [from, to] = [periods[0], periods.at(-1)];
    const selection = await context.lake.select(everything, costDataset, { sources: [source], from, to });
    issues.push(
      ...(await qualityOf(
        context.engine,
        selection,
        from === to ? `${source} ${from}` : `${source} ${from} to ${to}`,
      )),
    );
  }
  return issues;
}

/** The origin of the snapshots that hold this very delivery, when all of them are current. */
async function findUnchanged(
  context: ImportContext,
  delivery: Delivery,
  request: CheckedImportRequest,
): Promise<ImportOrigin | undefined> {
  const manifest = await context.lake.current();
  const fingerprint = deliveryFingerprint(delivery, request);
  const ofDelivery = currentOf(manifest, delivery);
  for (const candidate of ofDelivery) {
    const listed = candidate.entry.delivery.fingerprint === fingerprint;
    if (listed && !request.rehash) return wholeOrigin(context, candidate, ofDelivery);
    const origin = await wholeOrigin(context, candidate, ofDelivery);
    if (origin?.given === givenOf(request) && (await sameContent(origin, delivery))) return origin;
  }
  return undefined;
}

interface Current {
  readonly dataset: string;
  readonly source: string;
  readonly period: string;
  readonly entry: {
    readonly id: string;
    readonly delivery: { readonly key: string; readonly fingerprint: string };
  };
}

function currentOf(manifest: Manifest, delivery: Delivery): Current[] {
  return manifest.partitions
    .filter((p) => p.source === delivery.source && p.dataset !== 'native' && p.dataset !== 'quarantine')
    .flatMap(({ dataset, source, period, current }) =>
      current && current.delivery.key === delivery.key ? [{ dataset, source, period, entry: current }] : [],
    );
}

/** The origin, when every month that its import published is still current. */
async function wholeOrigin(
  context: ImportContext,
  candidate: Current,
  all: readonly Current[],
): Promise<ImportOrigin | undefined> {
  const origin = originOf(await context.lake.describe({ ...candidate, snapshot: candidate.entry.id }));
  const current = new Set(
    all.filter(({ entry }) => entry.id === origin.importId).map(({ period }) => period),
  );
  return origin.months.every((month) => current.has(month)) ? origin : undefined;
}

/** Local files are hashed; objects of a store are the same when etag and size are. */
async function sameContent(origin: ImportOrigin, delivery: Delivery): Promise<boolean> {
  if (origin.delivery.version !== delivery.version || origin.files.length !== delivery.files.length)
    return false;
  for (const [index, file] of delivery.files.entries()) {
    const before = origin.files[index];
    if (before?.bytes !== file.bytes) return false;
    const same =
      file.inode === undefined
        ? before.etag !== undefined && before.etag === file.etag
        : before.sha256 === (await fileSha256(file.uri));
    if (!same) return false;
  }
  return true;
}
