import type { Workspace } from '../../platform/warehouse/index.ts';
import { refreshAfterChange } from '../ingestion/index.ts';
import type { AllocationRun } from './run-model.ts';
import { prepareExplanations } from './trace-cache.ts';

/**
 * Brings up to a run what is made from the lake: the views, and what explanations of a large published run are read from. Both are
 * caches: that one could not be written undoes nothing, and is told in a sentence.
 */
export async function renewCaches(
  workspace: Workspace,
  { graph, period, state }: Pick<AllocationRun, 'graph' | 'period' | 'state'>,
): Promise<readonly string[]> {
  const stale = await refreshAfterChange(workspace);
  const told = stale === undefined ? [] : [stale.message];
  if (state !== 'published') return told;
  try {
    await prepareExplanations(workspace, { graph, month: period });
    return told;
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    return [
      ...told,
      `Explanations of ${graph} ${period} will be slow: their cache was not written (${reason}).`,
    ];
  }
}
