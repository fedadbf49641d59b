import { parsePeriod, periodOf, periodsBetween } from '../../platform/kernel/index.ts';
import type { Partition } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { usageDataset, usagePartitionOf } from './datasets.ts';
import { lookBackDays } from './engine/compile-graph.ts';
import type { GraphDocument } from './model.ts';
import type { UsedSnapshot } from './run-model.ts';
import { isClosed, publishedOf, type RunPlan } from './run-plan.ts';

/** The months of the lake that a run reads, each as it stood at one moment. */
export interface MonthInputs {
  /** Bills: the run's month, and earlier ones that a metric of the bill looks back into. */
  readonly cost: readonly UsedSnapshot[];
  readonly usage: readonly UsedSnapshot[];
}

/**
 * What a run of the plan reads now. Usage of a closed month is the one that its published run has read; its bills are those of
 * now, which is how late costs show.
 */
export function inputsOf(plan: RunPlan, partitions: readonly Partition[]): MonthInputs {
  const months = monthsRead(plan);
  const looksBack = plan.document.metrics.some(({ from }) => from !== 'usage');
  const billed = looksBack ? months : [plan.period];
  const frozen = isClosed(plan) ? publishedOf(plan)?.inputs.usage : undefined;
  const usesUsage = plan.document.metrics.some(({ from }) => from === 'usage');
  return {
    cost: billed.flatMap((period) => currentBills(partitions, plan, period)),
    usage: frozen ?? (usesUsage ? months.flatMap((period) => currentUsage(partitions, plan, period)) : []),
  };
}

/** The plan's month, and those before it that windows and `last_known` reach into; oldest first. */
function monthsRead({ period, document }: Pick<RunPlan, 'period' | 'document'>): string[] {
  return periodsBetween(
    periodOf(new Date(`${firstDayRead({ period, document })}T00:00:00Z`)),
    parsePeriod(period),
  );
}

/** The first day of which drivers are read: `2026-09-24` for October and a window of eight days. */
export function firstDayRead({
  period,
  document,
}: {
  readonly period: string;
  readonly document: GraphDocument;
}): string {
  const back = lookBackDays(document);
  return new Date(Date.parse(`${period}-01T00:00:00Z`) - back * 86_400_000).toISOString().slice(0, 10);
}

function currentUsage(
  partitions: readonly Partition[],
  { graph }: Pick<RunPlan, 'graph'>,
  period: string,
): UsedSnapshot[] {
  const prefix = usagePartitionOf(graph, '');
  return partitions
    .filter((p) => p.dataset === usageDataset.name && p.period === period && p.current)
    .filter(({ source }) => source.startsWith(prefix))
    .map(({ dataset, source, current }) => ({ dataset, source, period, snapshot: current?.id ?? '' }))
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

/** The current bills of a month, as far as the graph reads them. */
export function currentBills(
  partitions: readonly Partition[],
  { sources }: Pick<RunPlan, 'sources'>,
  period: string,
): UsedSnapshot[] {
  return partitions
    .filter((p) => p.dataset === costDataset.name && p.period === period && p.current)
    .filter(({ source }) => sources === undefined || sources.includes(source))
    .map(({ dataset, source, current }) => ({ dataset, source, period, snapshot: current?.id ?? '' }))
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

/** True when both name the same content of the same months. */
export function sameSnapshots(a: readonly UsedSnapshot[], b: readonly UsedSnapshot[]): boolean {
  const text = (used: readonly UsedSnapshot[]) =>
    used
      .map(({ dataset, source, period, snapshot }) => [dataset, source, period, snapshot].join(' '))
      .sort()
      .join('\n');
  return text(a) === text(b);
}

/** Every day of a month: `2026-10-01` … `2026-10-31`. */
export function daysOfMonth(period: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(`${period}-01T00:00:00Z`); ; at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10);
    if (!day.startsWith(period)) return days;
    days.push(day);
  }
}
