import type { Caller } from '../../platform/kernel/index.ts';
import { allocationDataset, partitionOf } from './datasets.ts';
import { type AdviceOptions, seesWholeGraph } from './economics-month.ts';
import { errors } from './errors.ts';
import { hasRows } from './shown-sql.ts';

/**
 * Refuses a graph of which the caller sees neither the graph nor any published figure in the words of one that is not there: an
 * empty answer would tell that it is. Refusal: `allocation.unknownGraph`; a scope without entities and applications as `lake.select`.
 */
export async function requireShown(
  { workspace, records }: AdviceOptions,
  caller: Caller,
  {
    graph,
    from,
    to,
  }: { readonly graph: string; readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<void> {
  if (await seesWholeGraph(records, caller, graph)) return;
  const range = { from, to, sources: [partitionOf(graph)] };
  const selection = await workspace.lake.select(caller.scope, allocationDataset, range);
  if (!(await hasRows(await workspace.engine(), selection))) throw errors.unknownGraph({ graph });
}
