import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../platform/kernel/index.ts';
import { faultPoint } from '../../platform/warehouse/index.ts';
import type { Delivery } from './deliveries.ts';
import { driftIssues, fileIssues } from './findings.ts';
import {
  type Batch,
  type DeliveryOptions,
  type DeliveryOutcome,
  done,
  type ImportContext,
  periodsOf,
  type ReadyFile,
  type Run,
  type WrittenMonth,
} from './import-run.ts';
import { isMainDataset, originOf } from './origin.ts';
import { prepareAll } from './prepare-delivery.ts';
import { publishUnlessRefused } from './publish-delivery.ts';
import { nativeEntries, writeMonth } from './write-month.ts';

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
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
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
    ...driftIssues(await columnsBefore(run), files),
    ...months.flatMap((month) => month.issues),
  ];
  return run.batch.inOrder(() => publishUnlessRefused(run, files, months, issues));
}

/** The columns of the source's newest month, as its bill had them; none for a new source. */
async function columnsBefore({ context, writer, delivery }: Run): Promise<string[]> {
  const { source } = delivery;
  const newest = writer
    .manifest()
    .partitions.filter((p) => p.source === source && isMainDataset(p.dataset) && p.current)
    .at(-1);
  if (!newest) return [];
  const [file] = originOf(await context.lake.describe(context.scope, newest)).files;
  return file?.choices.columns.map(({ name }) => name) ?? [];
}
