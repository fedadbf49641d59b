import type { Workspace } from '../../platform/warehouse/index.ts';
import { refreshViews } from '../ingestion/index.ts';
import type { UsageResult } from './usage-contract.ts';

/** Brings `finops.duckdb` up to a changed lake. It is a cache: that it could not be written is a finding and undoes nothing. */
export async function renewViews(workspace: Workspace): Promise<UsageResult['findings'][number] | undefined> {
  try {
    await refreshViews(workspace);
    return undefined;
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    return {
      code: 'usage.views_stale',
      severity: 'warning',
      path: 'finops.duckdb',
      message: `The views in finops.duckdb could not be renewed (${reason}); 'finops doctor' says what to do.`,
    };
  }
}
