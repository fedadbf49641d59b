import type { Scope } from '../../platform/kernel/index.ts';
import type { Lake, VisibleManifest } from '../../platform/warehouse/index.ts';
import { isIssueInScope } from './beside-others.ts';
import type { ImportDetail, ImportList, SnapshotList } from './contract.ts';
import { ingestionErrors } from './errors.ts';
import { mainPartitions, snapshotsOf } from './months.ts';
import { originOf } from './origin.ts';
import { pageOf } from './page.ts';

interface Page {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

type ImportSummary = ImportList['items'][number];
type Snapshot = SnapshotList['items'][number];

/** Every snapshot that the lake holds of the sources in scope, by source, month and time of import; no description is opened for it. */
export async function listSnapshots(
  lake: Lake,
  scope: Scope,
  asked: Page & { readonly source?: string | undefined; readonly period?: string | undefined },
): Promise<SnapshotList> {
  const manifest = await lake.visible(scope);
  const items = snapshotsIn(manifest)
    .filter(
      ({ source, period }) =>
        (asked.source === undefined || asked.source === source) &&
        (asked.period === undefined || asked.period === period),
    )
    .sort((a, b) => compare(keyOf(a), keyOf(b)));
  const sum = (of: (item: Snapshot) => number) => items.reduce((total, item) => total + of(item), 0);
  return {
    context: { generation: manifest.generation },
    totals: { snapshots: items.length, rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes) },
    ...pageOf(items, keyOf, asked),
  };
}

function keyOf({ source, period, dataset, createdAt, snapshot }: Snapshot): string {
  return [source, period, dataset, createdAt, snapshot].join('\n');
}

function snapshotsIn(manifest: VisibleManifest): Snapshot[] {
  return mainPartitions(manifest).flatMap((partition) =>
    snapshotsOf(partition).map((entry) => ({
      dataset: partition.dataset,
      source: partition.source,
      period: partition.period,
      snapshot: entry.id,
      current: entry.id === partition.current?.id,
      final: entry.final,
      createdAt: entry.createdAt,
      retiredAt: entry.retiredAt,
      rows: entry.files.reduce((sum, file) => sum + file.rows, 0),
      files: entry.files.length,
      bytes: entry.files.reduce((sum, file) => sum + file.bytes, 0),
      currencies: [...entry.currencies],
      pinned: partition.pins.filter(({ snapshot }) => snapshot === entry.id).map(({ reason }) => reason),
    })),
  );
}

/** Imports into sources in scope whose snapshots the lake still holds, oldest first: an import and its snapshots have one id. */
export async function listImports(
  lake: Lake,
  scope: Scope,
  asked: Page & { readonly source?: string | undefined },
): Promise<ImportList> {
  const manifest = await lake.visible(scope);
  const byId = new Map<string, Snapshot[]>();
  for (const snapshot of snapshotsIn(manifest)) {
    if (asked.source !== undefined && asked.source !== snapshot.source) continue;
    byId.set(snapshot.snapshot, [...(byId.get(snapshot.snapshot) ?? []), snapshot]);
  }
  const ids = [...byId.keys()].sort();
  const page = pageOf(ids, (id) => id, asked);
  const items: ImportSummary[] = [];
  for (const id of page.items) items.push((await describeImport(lake, scope, byId.get(id) ?? [])).summary);
  return {
    context: { generation: manifest.generation },
    items,
    ...(page.next === undefined ? {} : { next: page.next }),
  };
}

/**
 * One import with its figures, its issues and the files it read; refuses with `ingestion.unknownImport`, and so for an
 * import into a source out of scope.
 */
export async function findImport(lake: Lake, scope: Scope, id: string): Promise<ImportDetail> {
  const snapshots = snapshotsIn(await lake.visible(scope)).filter(({ snapshot }) => snapshot === id);
  if (snapshots.length === 0) throw ingestionErrors.unknownImport({ id });
  const { summary, origin, issues } = await describeImport(lake, scope, snapshots);
  return {
    ...summary,
    imports: [...origin.entries],
    foundIssues: issues.map((issue) => ({ ...issue, params: { ...issue.params } })),
    readFiles: origin.files.map(({ uri, bytes, sha256, rows, format }) => ({
      uri,
      bytes,
      sha256,
      rows,
      format,
    })),
  };
}

async function describeImport(lake: Lake, scope: Scope, snapshots: readonly Snapshot[]) {
  const [first] = snapshots;
  if (!first) throw ingestionErrors.unknownImport({ id: '' });
  const { dataset, source, period, snapshot, createdAt } = first;
  const origin = originOf(await lake.describe(scope, { dataset, source, period, snapshot }));
  const issues = origin.issues.filter((issue) => isIssueInScope(issue, scope));
  const summary: ImportSummary = {
    id: snapshot,
    source,
    importedAt: createdAt,
    delivery: origin.delivery,
    months: [...new Set(origin.months)].sort(),
    rows: snapshots.reduce((sum, { rows }) => sum + rows, 0),
    files: origin.files.length,
    issues: issues.length,
    current: snapshots.some(({ current }) => current),
  };
  return { summary, origin, issues };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
