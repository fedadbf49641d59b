import { join } from 'node:path';
import { type Issue, must, type Refusal } from '../../platform/kernel/index.ts';
import { faultPoint, type SnapshotDescription } from '../../platform/warehouse/index.ts';
import { besideOthers } from './beside-others.ts';
import { totalsOf } from './books.ts';
import { extraColumns } from './convert/converter.ts';
import { type Delivery, withoutEndings } from './deliveries.ts';
import { ingestionErrors } from './errors.ts';
import { type DeliveryOutcome, done, type ReadyFile, type Run, type WrittenMonth } from './import-run.ts';
import {
  companionOf,
  deliveryFingerprint,
  givenOf,
  type ImportOrigin,
  type OriginFile,
  originOf,
} from './origin.ts';
import { quarantineSelect, writeParquet } from './warehouse.ts';
import { currentSnapshot, forgottenIn } from './write-month.ts';

export async function publishUnlessRefused(
  run: Run,
  files: readonly ReadyFile[],
  months: readonly WrittenMonth[],
  found: readonly Issue[],
): Promise<DeliveryOutcome> {
  const { context, delivery, options, batch, importId } = run;
  const issues = [...found, ...(await besideOthers(run, files, months))];
  const refusal =
    months.find((month) => month.broken)?.broken ??
    forgottenIn(run, files, months) ??
    (await conflictWith(run, files, months));
  const entries = months.flatMap((month) => month.entries);
  const unpublished = (status: 'refused' | 'dry-run') =>
    entries.map((entry) => ({ ...entry, status, snapshot: null }));
  if (refusal) return { entries: unpublished('refused'), issues, refusal };
  if (options.dryRun) return { entries: unpublished('dry-run'), issues, refusal: undefined };
  faultPoint('import.reconciled');
  context.onProgress?.({ source: delivery.source, step: 'publish', file: delivery.label, ...done(files) });
  await publishMonths(run, files, months, issues);
  batch.imports.add(importId);
  return { entries, issues, refusal: undefined };
}

/** A month that came from elsewhere, or that the provider had closed, is not replaced without a word. */
async function conflictWith(
  run: Run,
  files: readonly ReadyFile[],
  months: readonly WrittenMonth[],
): Promise<Refusal | undefined> {
  const { context, delivery, options } = run;
  const first = must(files[0], 'file');
  for (const { period, entries } of months) {
    const current = currentSnapshot(run, first, period);
    if (!current) continue;
    const key = { dataset: first.converter.dataset.name, source: delivery.source, period };
    const before = await context.lake.describe(context.scope, key);
    const rows = entries.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
    const stray = strayMonth(delivery, { period, rows }, originOf(before));
    if (stray) return stray;
    const other = current.delivery.key !== delivery.key || isOtherPart(originOf(before).files, delivery);
    if ((other && !delivery.named) || run.batch.imports.has(current.id)) {
      const existing = originOf(before).delivery.label;
      return ingestionErrors.otherDelivery({
        source: delivery.source,
        period,
        existing,
        path: delivery.label,
      });
    }
    const sameContent = contentOf(originOf(before).files) === contentOf(files.map(({ origin }) => origin));
    if (!current.final || sameContent || options.acceptRestatement) continue;
    return ingestionErrors.restated({
      source: delivery.source,
      period,
      before: before.totals
        .map(({ sums, currency }) => `${sums['BilledCost'] ?? '0'} ${currency}`)
        .join(' + '),
      after: entries.map(({ billedCost, currency }) => `${billedCost ?? '0'} ${currency}`).join(' + '),
    });
  }
  return undefined;
}

/** A manifest is the bill of its month: a few rows of another month in it are no new version of that month. */
function strayMonth(
  delivery: Delivery,
  month: { readonly period: string; readonly rows: number },
  before: ImportOrigin,
): Refusal | undefined {
  const { period } = delivery;
  if (period === null || period === month.period || before.delivery.period === period) return undefined;
  return ingestionErrors.strayMonth({
    file: delivery.label,
    period,
    found: month.period,
    rows: month.rows,
    existing: before.delivery.label,
  });
}

/** Numbered parts share a key; one that is brought alone after another is no new version of it, but the rest of it. */
function isOtherPart(before: readonly OriginFile[], delivery: Delivery): boolean {
  if (!delivery.key.startsWith('file:')) return false;
  const names = new Set(before.map(({ uri }) => withoutEndings(uri)));
  return !delivery.files.some(({ uri }) => names.has(withoutEndings(uri)));
}

function contentOf(files: readonly OriginFile[]): string {
  return files
    .map(({ sha256 }) => sha256)
    .sort()
    .join();
}

/** Seals every snapshot of every month and flips them to current in one generation. */
async function publishMonths(
  run: Run,
  files: readonly ReadyFile[],
  months: readonly WrittenMonth[],
  issues: readonly Issue[],
): Promise<void> {
  const { writer, delivery, options, importId } = run;
  const first = must(files[0], 'file');
  const { dataset } = first.converter;
  const quarantine = await writeQuarantine(run, files);
  const origin: ImportOrigin = {
    importId,
    delivery: {
      key: delivery.key,
      label: delivery.label,
      version: delivery.version,
      period: delivery.period,
    },
    given: givenOf(options),
    files: files.map((file) => file.origin),
    months: months.map(({ period }) => period),
    entries: months.flatMap(({ entries }) => entries),
    issues,
  };
  const sealed: SnapshotDescription[] = [];
  for (const month of months) {
    const counted = files.flatMap((file) => file.months).filter(({ period }) => period === month.period);
    const common = {
      id: importId,
      source: delivery.source,
      period: month.period,
      delivery: { key: delivery.key, fingerprint: deliveryFingerprint(delivery, options) },
      final:
        counted.every(({ openRows }) => openRows === 0) &&
        counted.some(({ invoicedRows }) => invoicedRows > 0),
      raw: files.flatMap(({ raw }) => raw ?? []),
      origin,
    };
    const currencyColumn = dataset.columns.some(({ name }) => name === dataset.roles.currency)
      ? dataset.roles.currency
      : null;
    sealed.push(
      await writer.seal({
        ...common,
        dataset: dataset.name,
        files: month.files,
        extraColumns: extraColumns(files.map(({ converter }) => converter)),
        currencyColumn,
        totals: totalsOf(month.converted, dataset.roles.costs),
      }),
    );
    const noMoney = { currencyColumn: null, totals: [] };
    const native = files.filter((file) => file.months.some(({ period }) => period === month.period));
    sealed.push(
      await writer.seal({
        ...common,
        ...noMoney,
        dataset: companionOf(dataset.name, 'native'),
        files: native.map((file) => ({ path: file.origin.native, rows: file.staged.rows })),
      }),
    );
    if (quarantine.length > 0 && month === months[0]) {
      sealed.push(
        await writer.seal({
          ...common,
          ...noMoney,
          dataset: companionOf(dataset.name, 'quarantine'),
          files: quarantine,
        }),
      );
    }
  }
  await writer.publish(`import ${delivery.source} ${months.map(({ period }) => period).join(', ')}`, sealed);
}

/** Rows left out are kept whole, with the rule that kept them out, in the dataset `quarantine`. */
async function writeQuarantine(
  run: Run,
  files: readonly ReadyFile[],
): Promise<{ path: string; rows: number }[]> {
  const written = [];
  for (const file of files.filter(({ quarantine }) => quarantine.length > 0)) {
    const target = await run.writer.newFile(
      join('quarantine', run.delivery.source),
      `${run.importId}-${file.number}.parquet`,
    );
    const place = { file: file.staged.uri, fileNumber: file.number, importId: run.importId };
    const select = quarantineSelect(file.staged.staged, place, file.quarantine);
    written.push({
      path: target.path,
      rows: await writeParquet(run.context.engine, select, target.absolute),
    });
  }
  return written;
}
