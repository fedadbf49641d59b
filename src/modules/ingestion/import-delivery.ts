import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  addDecimal,
  type Clock,
  type Issue,
  isCurrency,
  must,
  newId,
  type Randomness,
  type Refusal,
  zero,
} from '../../platform/kernel/index.ts';
import { fetchToRaw, isS3Uri, type ObjectStore } from '../../platform/objects/index.ts';
import {
  type Engine,
  faultPoint,
  type Lake,
  type LakeWriter,
  lakeErrors,
  literal,
  type Row,
  type SnapshotDescription,
} from '../../platform/warehouse/index.ts';
import { balanceMonth, findForgotten, totalsOf } from './books.ts';
import type { ImportEntry } from './contract.ts';
import { compileConversion, extraColumns } from './convert/converter.ts';
import type { Delivery } from './deliveries.ts';
import { ingestionErrors } from './errors.ts';
import { driftIssues, fileIssues, findingsOf } from './findings.ts';
import {
  companionOf,
  deliveryFingerprint,
  givenOf,
  type ImportOrigin,
  type OriginFile,
  originFile,
  originOf,
} from './origin.ts';
import { type PreparedFile, prepareFile, quarantinedIn } from './prepare-file.ts';
import { formatName } from './sniff.ts';
import { damageOf, stageFile } from './stage.ts';
import { convertedSums, inRows, quarantineSelect, writeParquet } from './warehouse.ts';

/** What an import works with. */
export interface ImportContext {
  readonly workspaceRoot: string;
  readonly lake: Lake;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** Where an import stands, for people. */
export interface ImportProgress {
  readonly source: string;
  readonly step: 'fetch' | 'read' | 'convert' | 'reconcile' | 'publish';
  readonly file: string;
  /** Rows and bytes done so far in this delivery. */
  readonly rows: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface DeliveryOptions {
  readonly as?: string | undefined;
  readonly currency?: string | undefined;
  readonly period?: string | undefined;
  readonly dryRun: boolean;
  readonly acceptRestatement: boolean;
  readonly acceptQuarantine: readonly string[];
}

/** What the deliveries of one command share. */
export interface Batch {
  readonly store: ObjectStore;
  readonly writer: LakeWriter;
  /** Imports that this command has made or found unchanged: another of its deliveries never replaces their months. */
  readonly imports: Set<string>;
  /** Looks for conflicts and publishes, one delivery at a time. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What became of one delivery. With a refusal nothing was published; the entries still state the figures. */
export interface DeliveryOutcome {
  readonly entries: readonly ImportEntry[];
  readonly issues: readonly Issue[];
  readonly refusal: Refusal | undefined;
}

/** One running import of one delivery. */
interface Run {
  readonly context: ImportContext;
  readonly batch: Batch;
  readonly writer: LakeWriter;
  readonly delivery: Delivery;
  readonly options: DeliveryOptions;
  readonly importId: string;
  readonly temp: string;
}

/**
 * Imports one delivery: stage, convert, reconcile, publish, all months in one commit. Whatever stops it, the months
 * that were there before are untouched. Several deliveries may be under way with one writer.
 */
export async function importDelivery(
  context: ImportContext,
  batch: Batch,
  delivery: Delivery,
  options: DeliveryOptions,
): Promise<DeliveryOutcome> {
  const importId = newId(context.clock, context.randomness);
  const temp = join(context.workspaceRoot, 'tmp', importId);
  try {
    faultPoint('import.started');
    const run: Run = { context, batch, writer: batch.writer, delivery, options, importId, temp };
    const files = await prepareAll(run);
    faultPoint('import.staged');
    return await convertAndPublish(run, files);
  } catch (error) {
    if (/no space left|ENOSPC|EDQUOT|disk.*full/i.test(error instanceof Error ? error.message : '')) {
      throw lakeErrors.diskFull({ folder: context.workspaceRoot });
    }
    throw error;
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

interface ReadyFile extends PreparedFile {
  readonly origin: OriginFile;
  /** SHA-256 of the original kept under `raw/`, when it was fetched. */
  readonly raw: string | undefined;
}

/** Fetches, checks, copies and looks at every file, in order. */
async function prepareAll(run: Run): Promise<ReadyFile[]> {
  const { context, writer, delivery, options, importId } = run;
  const totalBytes = delivery.files.reduce((sum, file) => sum + file.bytes, 0);
  const files: ReadyFile[] = [];
  let bytes = 0;
  let rows = 0;
  for (const [index, delivered] of delivery.files.entries()) {
    const number = index + 1;
    const tell = (step: ImportProgress['step']) =>
      context.onProgress?.({ source: delivery.source, step, file: delivered.uri, rows, bytes, totalBytes });
    tell(isS3Uri(delivered.uri) ? 'fetch' : 'read');
    const fetched = isS3Uri(delivered.uri)
      ? await fetchToRaw(run.batch.store, join(context.workspaceRoot, 'raw'), delivered.uri, {
          expected: delivered,
        })
      : undefined;
    const target = await writer.newFile(join('native', delivery.source), `${importId}-${number}.parquet`);
    const temp = join(run.temp, String(number));
    await mkdir(temp, { recursive: true });
    tell('read');
    const source = { path: fetched?.path ?? delivered.uri, delivered, sha256: fetched?.sha256 };
    const staged = await stageFile(context.engine, source, { target: target.absolute, temp, as: options.as });
    const file = await prepareFile(context.engine, staged, { ...options, number }).catch(async (error) => {
      throw await damageOf(context.engine, staged, error);
    });
    await rm(temp, { recursive: true, force: true });
    files.push({
      ...file,
      origin: originFile(file, delivered, target.path, formatName(staged.bill.format)),
      raw: fetched?.sha256,
    });
    bytes += delivered.bytes;
    rows += staged.rows;
    tell('read');
  }
  refuseMixedDatasets(files);
  return files.map((file) => bringStraysHome(file, files));
}

/**
 * A row in quarantine may name no month or no currency. Both sides of the gate count it in the first month and currency
 * of the delivery, so that no row is read and then belongs nowhere.
 */
function bringStraysHome(file: ReadyFile, files: readonly ReadyFile[]): ReadyFile {
  const months = files
    .flatMap((other) => other.months)
    .filter(({ period, currency }) => period !== null && isCurrency(currency));
  const [first] = months.toSorted((a, b) =>
    `${a.period} ${a.currency}` < `${b.period} ${b.currency}` ? -1 : 1,
  );
  if (!first) return file;
  const known = new Set(months.map(({ period, currency }) => `${period} ${currency}`));
  const home = <T extends { readonly period: string | null; readonly currency: string }>(place: T): T =>
    known.has(`${place.period} ${place.currency}`) || (place.period !== null && isCurrency(place.currency))
      ? place
      : {
          ...place,
          period: place.period ?? first.period,
          currency: isCurrency(place.currency) ? place.currency : first.currency,
        };
  return { ...file, nativeMonths: file.nativeMonths.map(home), quarantined: file.quarantined.map(home) };
}

function refuseMixedDatasets(files: readonly ReadyFile[]): void {
  const [first, ...others] = files;
  const other = others.find((file) => file.converter.dataset.name !== first?.converter.dataset.name);
  if (first && other) {
    throw ingestionErrors.mixedDatasets({
      file: other.staged.uri,
      dataset: other.converter.dataset.name,
      first: first.converter.dataset.name,
    });
  }
}

/** A month of the delivery, written and set against the original. */
interface WrittenMonth {
  readonly period: string;
  readonly files: readonly { readonly path: string; readonly absolute: string; readonly rows: number }[];
  readonly converted: readonly Row[];
  readonly entries: readonly ImportEntry[];
  readonly issues: readonly Issue[];
  readonly broken: Refusal | undefined;
}

async function convertAndPublish(run: Run, files: readonly ReadyFile[]): Promise<DeliveryOutcome> {
  const { context, delivery } = run;
  const refused = files.find((file) => file.refusal)?.refusal;
  if (refused) return { entries: nativeEntries(run, files), issues: fileIssues(files), refusal: refused };
  const months: WrittenMonth[] = [];
  for (const period of periodsOf(files)) {
    context.onProgress?.({ source: delivery.source, step: 'convert', file: period, ...done(files) });
    months.push(await writeMonth(run, files, period));
  }
  faultPoint('import.converted');
  const issues = [
    ...fileIssues(files),
    ...driftIssues(run.writer.manifest(), delivery.source, files),
    ...months.flatMap((month) => month.issues),
  ];
  return run.batch.exclusively(() => publishUnlessRefused(run, files, months, issues));
}

async function publishUnlessRefused(
  run: Run,
  files: readonly ReadyFile[],
  months: readonly WrittenMonth[],
  issues: readonly Issue[],
): Promise<DeliveryOutcome> {
  const { context, delivery, options, batch, importId } = run;
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

/** Rows of the original that no month of the conversion answers for would vanish unseen. */
function forgottenIn(
  run: Run,
  files: readonly ReadyFile[],
  months: readonly WrittenMonth[],
): Refusal | undefined {
  const answered = new Set(
    months.flatMap(({ period, entries }) => entries.map(({ currency }) => `${period} ${currency}`)),
  );
  const [first] = files.flatMap((file) =>
    findForgotten(file.nativeMonths, answered, (month) => quarantinedIn(file, month)),
  );
  if (!first) return undefined;
  const { source, label } = run.delivery;
  return ingestionErrors.unbalanced({ ...first, source, period: first.period ?? 'no month', file: label });
}

function done(files: readonly ReadyFile[]) {
  const bytes = files.reduce((sum, file) => sum + file.origin.bytes, 0);
  return { rows: files.reduce((sum, file) => sum + file.staged.rows, 0), bytes, totalBytes: bytes };
}

function periodsOf(files: readonly PreparedFile[]): string[] {
  const periods = files
    .flatMap((file) => file.months.map(({ period }) => period))
    .filter((period) => period !== null);
  return [...new Set(periods)].sort();
}

/** Converts the rows of one month, file by file, and balances them against the second pass. */
async function writeMonth(run: Run, files: readonly ReadyFile[], period: string): Promise<WrittenMonth> {
  const { context, delivery, importId } = run;
  const dataset = must(files[0], 'file').converter.dataset;
  const written = [];
  for (const file of files.filter(({ months }) => months.some((month) => month.period === period))) {
    const target = await run.writer.newFile(
      join(dataset.name, delivery.source, period),
      `${importId}-${file.number}.parquet`,
    );
    const provenance = { source: delivery.source, file: file.staged.uri, fileNumber: file.number, importId };
    const select = compileConversion(
      file.converter,
      file.staged.staged,
      provenance,
      monthCondition(file, period),
    );
    const rows = await writeParquet(context.engine, select, target.absolute).catch(async (error) => {
      throw await damageOf(context.engine, file.staged, error);
    });
    written.push({ ...target, rows });
  }
  const paths = written.map(({ absolute }) => absolute);
  const converted = await context.engine.session((session) => convertedSums(session, paths, dataset));
  const currencies = [...new Set(converted.map((row) => String(row['currency'])))].sort();
  const balanced = currencies.map((currency) => balanceCurrency(run, files, { period, currency }, converted));
  return {
    period,
    files: written,
    converted,
    entries: balanced.map(({ entry }) => entry),
    issues: findingsOf({
      path: `${delivery.source} ${period}`,
      converted,
      entries: balanced.map(({ entry }) => entry),
    }),
    broken: balanced.find(({ refusal }) => refusal)?.refusal,
  };
}

/** Only the rows of the month, and none that is in quarantine. */
function monthCondition(file: PreparedFile, period: string): string[] {
  const quarantined = [...new Set(file.quarantine.map(({ row }) => row))];
  return [
    ...(file.months.length > 1 || file.quarantine.length > 0
      ? [`${file.converter.period} = ${literal(period)}`]
      : []),
    ...(quarantined.length > 0 ? [`not ${inRows(quarantined)}`] : []),
  ];
}

function balanceCurrency(
  run: Run,
  files: readonly ReadyFile[],
  month: { readonly period: string; readonly currency: string },
  converted: readonly Row[],
): { readonly entry: ImportEntry; readonly refusal: Refusal | undefined } {
  const first = must(files[0], 'file');
  const native = files
    .flatMap((file) => file.nativeMonths)
    .filter(({ period, currency }) => period === month.period && currency === month.currency)
    .flatMap(({ groups }) => groups);
  const inMonth = files.map((file) => quarantinedIn(file, month));
  const quarantined = {
    rows: inMonth.reduce((sum, { rows }) => sum + rows, 0),
    cost: inMonth.reduce((sum, { cost }) => addDecimal(sum, cost), zero),
  };
  const rows = converted.filter((row) => row['currency'] === month.currency);
  const balance = balanceMonth({ native, converted: rows, quarantined });
  const before = currentSnapshot(run, first, month.period);
  const entry: ImportEntry = {
    ...entryHead(run, first, month),
    ...balance.figures,
    ...(first.converter.nativeCost === undefined
      ? { rowsRead: balance.figures.rowsWritten, nativeCost: null, nativeRounding: null, unexplained: null }
      : {}),
    snapshot: run.importId,
    replaced: before?.id ?? null,
    status: before ? 'replaced' : 'imported',
  };
  const broken = first.converter.nativeCost === undefined ? undefined : balance.broken[0];
  const file = run.delivery.label;
  return {
    entry,
    refusal: broken && ingestionErrors.unbalanced({ source: entry.source, ...month, ...broken, file }),
  };
}

function entryHead(
  run: Run,
  file: ReadyFile,
  month: { readonly period: string | null; readonly currency: string },
) {
  return {
    source: run.delivery.source,
    billingPeriod: month.period === 'all' ? null : month.period,
    format: file.origin.format,
    dataset: file.converter.dataset.name,
    currency: month.currency,
    nativeColumn: file.converter.nativeCost ?? null,
  };
}

/** What can be said of a delivery that is refused before a row is converted: the second pass alone. */
function nativeEntries(run: Run, files: readonly ReadyFile[]): ImportEntry[] {
  const first = must(files[0], 'file');
  const months = files.flatMap((file) =>
    file.nativeMonths.map(({ period, currency }) => ({ period, currency })),
  );
  const distinct = [...new Map(months.map((month) => [`${month.period} ${month.currency}`, month])).values()];
  return distinct.map((month) => {
    const groups = files
      .flatMap((file) => file.nativeMonths)
      .filter(({ period, currency }) => period === month.period && currency === month.currency)
      .flatMap((native) => native.groups);
    const { figures } = balanceMonth({ native: groups, converted: [], quarantined: { rows: 0, cost: zero } });
    const unreadable = groups.length > 0 && groups.every((group) => group.unreadable === group.rows);
    return {
      ...entryHead(run, first, month),
      ...figures,
      rowsQuarantined: files.reduce((sum, file) => sum + quarantinedIn(file, month).rows, 0),
      nativeCost: unreadable ? null : figures.nativeCost,
      nativeRounding: unreadable ? null : figures.nativeRounding,
      billedCost: null,
      effectiveCost: null,
      unexplained: null,
      bridge: [],
      snapshot: null,
      replaced: null,
      status: 'refused' as const,
    };
  });
}

function currentSnapshot(run: Run, file: ReadyFile, period: string) {
  const { name } = file.converter.dataset;
  return run.writer
    .manifest()
    .partitions.find((p) => p.dataset === name && p.source === run.delivery.source && p.period === period)
    ?.current;
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
    const before = await context.lake.describe(key);
    const otherKey = current.delivery.key !== delivery.key && !delivery.named;
    if (otherKey || run.batch.imports.has(current.id)) {
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
      before: before.totals.map((total) => total.sums['BilledCost'] ?? '0').join(' + '),
      after: entries.map((entry) => entry.billedCost ?? '0').join(' + '),
      currency: entries.map((entry) => entry.currency).join(' + '),
    });
  }
  return undefined;
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
    delivery: { key: delivery.key, label: delivery.label, version: delivery.version },
    given: givenOf(options),
    files: files.map((file) => file.origin),
    months: months.map(({ period }) => period),
    entries: months.flatMap(({ entries }) => entries),
    issues,
  };
  const sealed: SnapshotDescription[] = [];
  for (const month of months) {
    const openRows = files.flatMap((file) => file.months).filter(({ period }) => period === month.period);
    const common = {
      id: importId,
      source: delivery.source,
      period: month.period,
      delivery: { key: delivery.key, fingerprint: deliveryFingerprint(delivery, options) },
      final: openRows.length > 0 && openRows.every((counted) => counted.openRows === 0),
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
        extraColumns: [...new Set(files.flatMap((file) => extraColumns(file.converter)))],
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
        extraColumns: first.choices.columns.map(({ name }) => name),
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
