import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isCurrency } from '../../platform/kernel/index.ts';
import { fetchToRaw, isS3Uri } from '../../platform/objects/index.ts';
import { ingestionErrors } from './errors.ts';
import type { ImportProgress, ReadyFile, Run } from './import-run.ts';
import { originFile } from './origin.ts';
import { prepareFile } from './prepare-file.ts';
import { formatName } from './sniff.ts';
import { damageOf, stageFile } from './stage.ts';

/** Fetches, checks, copies and looks at every file, in order. */
export async function prepareAll(run: Run): Promise<ReadyFile[]> {
  const { context, writer, delivery, options, importId } = run;
  const totalBytes = delivery.files.reduce((sum, file) => sum + file.bytes, 0);
  const files: ReadyFile[] = [];
  let bytes = 0;
  let rows = 0;
  for (const [index, delivered] of delivery.files.entries()) {
    const number = index + 1;
    const tell = (step: ImportProgress['step'], more = 0) =>
      context.onProgress?.({
        source: delivery.source,
        step,
        file: delivered.uri,
        rows,
        bytes: bytes + more,
        totalBytes,
      });
    tell(isS3Uri(delivered.uri) ? 'fetch' : 'read');
    const fetched = isS3Uri(delivered.uri)
      ? await fetchToRaw(run.batch.store, join(context.workspaceRoot, 'raw'), delivered.uri, {
          expected: delivered,
          onProgress: (arrived) => tell('fetch', arrived),
        })
      : undefined;
    const target = await writer.newFile(join('native', delivery.source), `${importId}-${number}.parquet`);
    const temp = join(run.temp, String(number));
    await mkdir(temp, { recursive: true });
    tell('read');
    const source = { path: fetched?.path ?? delivered.uri, delivered, sha256: fetched?.sha256 };
    const stopWatching = watchCopy(target.absolute, delivered, (done) => tell('read', done));
    const staged = await stageFile(context.engine, source, {
      target: target.absolute,
      temp,
      ...options,
    }).finally(stopWatching);
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
  const alike = await costsAlike(run, files);
  return alike.map((file) => bringStraysHome(file, alike));
}

/**
 * The engine does not say how far a copy is; how large it has grown tells about where it stands. A Parquet copy becomes
 * about as large as a packed bill, and an eighth of a plain CSV. Never more than the file, for people only.
 */
function watchCopy(
  target: string,
  { uri, bytes }: { readonly uri: string; readonly bytes: number },
  onBytes: (done: number) => void,
): () => void {
  const factor = /\.csv$/i.test(uri) ? 8 : 1;
  const timer = setInterval(() => {
    stat(target).then(
      ({ size }) => onBytes(Math.min(size * factor, Math.floor(bytes * 0.95))),
      () => {},
    );
  }, 500);
  timer.unref();
  return () => clearInterval(timer);
}

/** Net costs hold their discounts, gross costs have them in rows of their own: one bill is read in one way, part by part. */
async function costsAlike(run: Run, files: readonly ReadyFile[]): Promise<readonly ReadyFile[]> {
  const { context, options } = run;
  const isNet = files.map(({ choices }) => choices.net);
  if (!isNet.includes(true) || !isNet.includes(false)) return files;
  const again = [];
  for (const file of files) {
    const { staged, number } = file;
    const gross = file.choices.net
      ? await prepareFile(context.engine, staged, { ...options, number, gross: true })
      : file;
    again.push({ ...file, ...gross, origin: { ...file.origin, choices: gross.choices } });
  }
  return again;
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
