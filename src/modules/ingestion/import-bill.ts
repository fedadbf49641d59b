import { type Issue, must, Refusal, type Scope, seesSource } from '../../platform/kernel/index.ts';
import { isS3Uri, type ObjectStore, openStore, type StoreOptions } from '../../platform/objects/index.ts';
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
import { ingestionErrors } from './errors.ts';
import { qualityOf } from './findings.ts';
import { importDelivery } from './import-delivery.ts';
import type { Batch, DeliveryOutcome, ImportContext } from './import-run.ts';
import { deliveryFingerprint, givenOf, type ImportOrigin, isMainDataset, originOf } from './origin.ts';

/**
 * Imports everything under a path. Each delivery is atomic; one that is refused does not keep the others out, and the
 * result names it. A delivery that has not changed is not read again. Refuses with `ingestion.foreignSource`, before any
 * bill is read, when one would be of a source out of scope.
 */
export async function importBill(
  context: ImportContext,
  request: ImportRequest,
  stores: StoreOptions,
): Promise<ImportResult> {
  const checked = importRequestSchema.parse(request);
  if (checked.source !== undefined) refuseForeign(context.scope, [checked.source]);
  const store = await openStore(checked.path, stores);
  try {
    const deliveries = await findDeliveries(store, checked.path, {
      source: checked.source,
      roots: stores.roots,
      workspaceRoot: context.workspaceRoot,
    });
    const mappingSha256 = await mappingHash(checked.as);
    return await importDeliveries(context, store, deliveries, { ...checked, mappingSha256 });
  } finally {
    store.close();
  }
}

type Asked = CheckedImportRequest & { readonly mappingSha256?: string | undefined };

/** A mapping that cannot be read is refused when it is used, with its name. */
async function mappingHash(as: string | undefined): Promise<string | undefined> {
  if (!as?.startsWith('mapping:')) return undefined;
  return fileSha256(as.slice('mapping:'.length)).catch(() => undefined);
}

/** Deliveries up to this many bytes are imported two at a time: each alone would keep one core busy. */
const smallDelivery = 16_000_000;

/** Imports deliveries that are already known, in one turn of the write lock; all or none are of sources in scope. */
export async function importDeliveries(
  context: ImportContext,
  store: ObjectStore,
  deliveries: readonly Delivery[],
  request: Asked,
): Promise<ImportResult> {
  refuseForeign(
    context.scope,
    deliveries.map(({ source }) => source),
  );
  const started = performance.now();
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const changed: Delivery[] = [];
  const imported = new Set<string>();
  for (const delivery of deliveries) {
    const unchanged = request.again ? undefined : await findUnchanged(context, delivery, request);
    if (unchanged) {
      outcomes.set(delivery, unchangedOutcome(unchanged));
      imported.add(unchanged.importId);
    } else changed.push(delivery);
  }
  if (changed.length > 0) {
    const small = changed.every(
      ({ files }) => files.reduce((sum, { bytes }) => sum + bytes, 0) <= smallDelivery,
    );
    await context.lake.write((writer) => {
      const turns = turnsOf(changed);
      return inTurn(changed, small ? 2 : 1, async (delivery) => {
        const { before, end } = must(turns.get(delivery), 'turn');
        const batch: Batch = { store, writer, imports: imported, inOrder: (work) => before.then(work) };
        outcomes.set(delivery, await outcomeOf(context, batch, delivery, request).finally(end));
      });
    });
  }
  const inOrder = deliveries.map((delivery) => ({
    delivery,
    outcome: must(outcomes.get(delivery), 'outcome'),
  }));
  const imports = inOrder.flatMap(({ outcome }) => outcome.entries);
  const issues = [
    ...inOrder.flatMap(({ outcome }) => outcome.issues),
    ...(await qualityOfImports(context, imports)),
  ];
  return {
    schemaVersion: 1,
    imports,
    issues: issues.map((issue) => ({ ...issue })) as ImportResult['issues'],
    errors: inOrder.flatMap(({ delivery, outcome: { refusal } }) =>
      refusal
        ? [
            {
              code: refusal.code,
              message: refusal.message,
              exitCode: refusal.exitCode,
              path: delivery.label,
              params: { ...refusal.params },
            },
          ]
        : [],
    ),
    seconds: Math.round(performance.now() - started) / 1000,
  };
}

/** Whether a source is there already makes no difference: a caller without limits decides what new sources there are. */
function refuseForeign(scope: Scope, sources: readonly string[]): void {
  const foreign = sources.find((source) => !seesSource(scope, source));
  if (foreign !== undefined) throw ingestionErrors.foreignSource({ source: foreign });
}

function unchangedOutcome(origin: ImportOrigin): DeliveryOutcome {
  const entries = origin.entries.map((entry) => ({ ...entry, status: 'unchanged' as const, replaced: null }));
  return { entries, issues: [], refusal: undefined };
}

/** The outcome of one delivery; a refusal is an outcome, anything else stops the import. */
async function outcomeOf(
  context: ImportContext,
  batch: Batch,
  delivery: Delivery,
  request: Asked,
): Promise<DeliveryOutcome> {
  try {
    return await importDelivery(context, batch, delivery, request);
  } catch (error) {
    if (error instanceof Refusal) return { entries: [], issues: [], refusal: error };
    throw error;
  }
}

/** For each delivery: when the one before it has ended, and how it ends itself. So that which of two rivals wins is no race. */
function turnsOf(deliveries: readonly Delivery[]) {
  const turns = new Map<Delivery, { readonly before: Promise<void>; readonly end: () => void }>();
  let before = Promise.resolve();
  for (const delivery of deliveries) {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    turns.set(delivery, { before, end });
    before = ended;
  }
  return turns;
}

/** Works through the items, `width` at a time, in order. The first failure stops the rest and is thrown when all are still. */
async function inTurn<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  async function worker(): Promise<void> {
    while (next < items.length && !failed) {
      try {
        await work(items[next++] as T);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, worker));
  for (const result of ended) if (result.status === 'rejected') throw result.reason;
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
    const selection = await context.lake.select(context.scope, costDataset, { sources: [source], from, to });
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
  request: Asked,
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
    .filter((p) => p.source === delivery.source && isMainDataset(p.dataset))
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
  const origin = originOf(
    await context.lake.describe(context.scope, { ...candidate, snapshot: candidate.entry.id }),
  );
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
    const same = isS3Uri(file.uri)
      ? before.etag !== undefined && before.etag === file.etag
      : before.sha256 === (await fileSha256(file.uri));
    if (!same) return false;
  }
  return true;
}
