import { type Caller, Refusal } from '../../platform/kernel/index.ts';
import {
  type AllocationRun,
  allocationDataset,
  findPublished,
  partitionOf,
  requireGraph,
  requireRun,
} from '../allocation/index.ts';
import { costDataset } from '../focus/index.ts';
import { readOwners, readStates } from './month-sql.ts';
import type { CloseMonth, CloseWorld } from './month-state.ts';

/** A bill of a month, in one version. */
export interface BillSnapshot {
  readonly source: string;
  readonly snapshot: string;
}

/** What is known of a graph's run of a month. */
export interface KnownRun {
  /** The graph is one that the caller sees; else only parts of its results are. */
  readonly isVisible: boolean;
  /** The run as the records keep it; undefined: none is published, or not for the caller. */
  readonly run: AllocationRun | undefined;
  /** Snapshot of the run that everybody reads; undefined: none. */
  readonly published: string | undefined;
  /** The month is closed for somebody whose bills the graph reads: its run stays. */
  readonly isClosed: boolean;
  /** Bills that the run has read, and those that the graph would read now. */
  readonly used: readonly BillSnapshot[];
  readonly current: readonly BillSnapshot[];
  readonly isChanged: boolean;
}

/** Finds the run that a month's lines are about: the published one, or the one that is named (`run`). */
export async function graphRun(
  { workspace, records }: CloseWorld,
  caller: Caller,
  { period }: Pick<CloseMonth, 'period'>,
  { graph, run: wanted }: { readonly graph: string; readonly run?: string | undefined },
): Promise<KnownRun> {
  const { partitions } = await workspace.lake.current();
  const published = partitions.find(
    (one) =>
      one.dataset === allocationDataset.name && one.source === partitionOf(graph) && one.period === period,
  )?.current?.id;
  const bills = (await workspace.lake.visible(caller.scope)).partitions.flatMap((one) =>
    one.dataset === costDataset.name && one.period === period && one.current
      ? [{ source: one.source, snapshot: one.current.id }]
      : [],
  );
  const opened = await records();
  const world = { workspace, records: opened };
  const named = wanted === undefined ? undefined : await requireRun(world, caller, wanted);
  return opened.read(caller, async (tx) => {
    const found = await requireGraph(tx, graph).catch(ignoreUnknown);
    const run = named ?? (await findPublished(tx, { graph, period }));
    const owners = await readOwners(tx);
    const states = await readStates(tx, period);
    const entity = found?.entity ?? null;
    const current = bills.filter(({ source }) => entity === null || owners.get(source) === entity);
    const readers = entity === null ? [...new Set(owners.values())] : [entity];
    const used = (run?.inputs.cost ?? []).filter((one) => one.period === period);
    return {
      isVisible: found !== undefined,
      run,
      published,
      isClosed: readers.some((one) => (states.get(one) ?? 'OPEN') !== 'OPEN'),
      used,
      current,
      isChanged: keyOf(used) !== keyOf(current),
    };
  });
}

function keyOf(bills: readonly BillSnapshot[]): string {
  return bills
    .map(({ source, snapshot }) => `${source} ${snapshot}`)
    .sort()
    .join('\n');
}

function ignoreUnknown(error: unknown): undefined {
  if (error instanceof Refusal && error.code === 'allocation.unknownGraph') return undefined;
  throw error;
}
