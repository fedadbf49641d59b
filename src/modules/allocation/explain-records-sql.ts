import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { StepEdge } from './explain-paths.ts';

/** How edges of a version share, by their ids; those that the caller may not see, or that are gone, are not in it. */
export async function edgesOfVersion(
  tx: Tx,
  { graph, version }: { readonly graph: string; readonly version: number },
  ids: readonly string[],
): Promise<ReadonlyMap<string, StepEdge>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{
    id: string;
    strategy: string;
    metric: string | null;
    overrides: Readonly<Record<string, unknown>> | null;
  }>`
    select key as id, body ->> 'strategy' as strategy, body -> 'params' ->> 'metric' as metric, body -> 'overrides' as overrides
    from graph_part
    where graph_id = ${graph} and kind = 'edge' and since <= ${version} and (until is null or until > ${version})
      and key in (${sql.join([...ids])})
    order by key`.execute(tx);
  return new Map(
    rows.map(({ id, strategy, metric, overrides }) => [
      id,
      { id, strategy, metric, overrides: Object.keys(overrides ?? {}).sort() },
    ]),
  );
}
