import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { everything, type Issue, must, newId } from '../../platform/kernel/index.ts';
import type {
  LakeWriter,
  Manifest,
  SnapshotDescription,
  SnapshotEntry,
  Workspace,
} from '../../platform/warehouse/index.ts';
import { usageDataset, usagePartitionOf } from './datasets.ts';
import type { MetricChange, UsageMonthChange } from './usage-contract.ts';
import { type MetricFigures, type MonthContent, sumUsageMonth, writeUsageMonth } from './usage-sql.ts';

/** Usage that is read and checked, in a file outside of the lake. */
export interface StagedUsage {
  readonly graph: string;
  readonly source: string;
  /** A Parquet file of the dataset with rows of all `months`. */
  readonly file: string;
  readonly months: readonly string[];
  /** What delivered it: `file:requests.csv`, `prometheus:prom`. */
  readonly delivery: string;
  /** Metrics that the file does not hold stay as they are. */
  readonly keepsOthers: boolean;
  /** SHA-256 names of originals under `raw/`. */
  readonly raw: readonly string[];
  /** Facts for the snapshot's description. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly findings: readonly Issue[];
}

/** What a snapshot of usage records of where it came from. */
export interface UsageOrigin {
  readonly kind: 'usage';
  readonly graph: string;
  readonly source: string;
  readonly delivery: string;
  readonly metrics: readonly MetricFigures[];
  readonly findings: readonly Issue[];
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One month as it is and as it would be. */
interface PlannedMonth {
  readonly content: MonthContent;
  readonly current: SnapshotEntry | null;
  readonly fingerprint: string;
  readonly metrics: readonly MetricFigures[];
}

/**
 * Replaces the months of a usage source in one generation of the lake; a month whose content is there already is left as it is.
 * `dryRun` says what would become of each.
 */
export async function publishUsage(
  workspace: Workspace,
  staged: StagedUsage,
  dryRun: boolean,
): Promise<UsageMonthChange[]> {
  if (dryRun) {
    const manifest = await workspace.lake.current();
    const planned = await planMonths(workspace, staged, manifest);
    return Promise.all(planned.map((month) => changeOf(workspace, staged, month, 'dry-run', null)));
  }
  return workspace.lake.write(async (writer) => {
    const planned = await planMonths(workspace, staged, writer.manifest());
    const id = newId(workspace.clock, workspace.randomness);
    const changed = planned.filter(
      ({ current, fingerprint }) => current?.delivery.fingerprint !== fingerprint,
    );
    const changes = await Promise.all(
      planned.map((month) =>
        changed.includes(month)
          ? changeOf(workspace, staged, month, month.current ? 'replaced' : 'imported', id)
          : changeOf(workspace, staged, month, 'unchanged', must(month.current, 'current').id),
      ),
    );
    const sealed: SnapshotDescription[] = [];
    for (const month of changed) sealed.push(await sealMonth(workspace, writer, staged, month, id));
    if (sealed.length > 0)
      await writer.publish(
        `usage of ${staged.graph} from ${staged.source}: ${staged.months.join(', ')}`,
        sealed,
      );
    return changes;
  });
}

async function planMonths(
  workspace: Workspace,
  staged: StagedUsage,
  { partitions }: Manifest,
): Promise<PlannedMonth[]> {
  const source = usagePartitionOf(staged.graph, staged.source);
  const engine = await workspace.engine();
  const planned: PlannedMonth[] = [];
  for (const month of staged.months) {
    const partition = partitions.find(
      (p) => p.dataset === usageDataset.name && p.source === source && p.period === month,
    );
    const current = partition?.current ?? null;
    const kept = staged.keepsOthers && current ? current.files : [];
    const keep = kept.map(({ path }) => workspace.lake.resolve(path));
    const content = { file: staged.file, month, keep };
    const { metrics, content: said } = await sumUsageMonth(engine, content);
    const fingerprint = createHash('sha256').update(said).digest('hex');
    planned.push({ content, current, fingerprint, metrics });
  }
  return planned;
}

async function changeOf(
  workspace: Workspace,
  staged: StagedUsage,
  { content, current, metrics }: PlannedMonth,
  status: UsageMonthChange['status'],
  snapshot: string | null,
): Promise<UsageMonthChange> {
  const before = current ? await figuresBefore(workspace, staged, content.month, current) : [];
  return {
    month: content.month,
    status,
    rows: metrics.reduce((sum, { rows }) => sum + rows, 0),
    snapshot,
    replaced: status === 'unchanged' ? null : (current?.id ?? null),
    metrics: changesOf(metrics, before),
  };
}

/** Metrics as they are now beside what they were; those that are no more have no rows. */
function changesOf(now: readonly MetricFigures[], before: readonly MetricFigures[]): MetricChange[] {
  const was = new Map(before.map((metric) => [metric.metric, metric]));
  const gone = before.filter(({ metric }) => !now.some((one) => one.metric === metric));
  return [
    ...now,
    ...gone.map(({ metric, unit }) => ({ metric, unit, rows: 0, nodes: 0, days: 0, total: '0' })),
  ].map((figures) => {
    const old = was.get(figures.metric);
    return { ...figures, before: old ? { rows: old.rows, total: old.total, unit: old.unit } : null };
  });
}

async function figuresBefore(
  { lake }: Workspace,
  { graph, source }: StagedUsage,
  period: string,
  current: SnapshotEntry,
): Promise<readonly MetricFigures[]> {
  const key = { dataset: usageDataset.name, source: usagePartitionOf(graph, source), period };
  const { origin } = await lake.describe(everything, { ...key, snapshot: current.id });
  return (origin as UsageOrigin).metrics;
}

async function sealMonth(
  workspace: Workspace,
  writer: LakeWriter,
  staged: StagedUsage,
  { content, fingerprint, metrics }: PlannedMonth,
  id: string,
): Promise<SnapshotDescription> {
  const { graph, source, delivery, raw, findings, facts } = staged;
  const partition = usagePartitionOf(graph, source);
  const folder = join(usageDataset.name, partition, content.month);
  const { path, absolute } = await writer.newFile(folder, `${id}.parquet`);
  const rows = await writeUsageMonth(await workspace.engine(), content, absolute);
  const origin: UsageOrigin = { kind: 'usage', graph, source, delivery, metrics, findings, facts };
  return writer.seal({
    id,
    dataset: usageDataset.name,
    source: partition,
    period: content.month,
    delivery: { key: delivery, fingerprint },
    final: false,
    files: [{ path, rows }],
    currencyColumn: null,
    totals: [],
    raw,
    origin,
  });
}
