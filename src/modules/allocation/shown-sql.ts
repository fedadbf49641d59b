import type { Engine, Selection } from '../../platform/warehouse/index.ts';

/** Whether a selection shows anything: it reads up to the first row. */
export async function hasRows(engine: Engine, { relation, rows }: Selection): Promise<boolean> {
  if (rows === 0) return false;
  return (await engine.rows(`select 1 as one from ${relation} limit 1`)).length > 0;
}
