import type { Session } from '../../platform/warehouse/index.ts';

/** Puts the metrics of several months' bills into one table; its name. */
export async function uniteMetrics(session: Session, tables: readonly string[]): Promise<string> {
  const parts = tables.map((table) => `select * from ${table}`);
  await session.run(`create or replace temp table run_metric as ${parts.join('\nunion all\n')}`);
  for (const table of tables) await session.run(`drop table ${table}`);
  return 'run_metric';
}
