import type { Issue } from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { refreshViews } from './views.ts';

/**
 * Brings `finops.duckdb` up to a changed lake. It is a cache: that it could not be written undoes no change, so that
 * the reason comes back as an issue.
 */
export async function refreshAfterChange(workspace: Workspace): Promise<Issue | undefined> {
  try {
    await refreshViews(workspace);
    return undefined;
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    return {
      code: 'ingestion.views_stale',
      severity: 'warning',
      path: 'finops.duckdb',
      message: `The views in finops.duckdb could not be renewed (${reason}); 'finops doctor' says what to do.`,
    };
  }
}
