import { join } from 'node:path';
import { addDecimal, must, type Refusal, zero } from '../../platform/kernel/index.ts';
import { literal, type Row } from '../../platform/warehouse/index.ts';
import { balanceMonth, findForgotten } from './books.ts';
import type { ImportEntry } from './contract.ts';
import { compileConversion, extraColumns } from './convert/converter.ts';
import { ingestionErrors } from './errors.ts';
import { findingsOf } from './findings.ts';
import type { ReadyFile, Run, WrittenMonth } from './import-run.ts';
import { type PreparedFile, quarantinedIn } from './prepare-file.ts';
import { damageOf } from './stage.ts';
import { convertedSums, inRows, writeParquet } from './warehouse.ts';

/** Converts the rows of one month, file by file, and balances them against the second pass. */
export async function writeMonth(
  run: Run,
  files: readonly ReadyFile[],
  period: string,
): Promise<WrittenMonth> {
  const { context, delivery, importId } = run;
  const dataset = must(files[0], 'file').converter.dataset;
  const extras = extraColumns(files.map(({ converter }) => converter));
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
      extras,
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
export function nativeEntries(run: Run, files: readonly ReadyFile[]): ImportEntry[] {
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

/** Rows of the original that no month of the conversion answers for would vanish unseen. */
export function forgottenIn(
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

export function currentSnapshot(run: Run, file: ReadyFile, period: string) {
  const { name } = file.converter.dataset;
  return run.writer
    .manifest()
    .partitions.find((p) => p.dataset === name && p.source === run.delivery.source && p.period === period)
    ?.current;
}
