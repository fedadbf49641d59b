import type { Session } from '../../platform/warehouse/index.ts';
import type { DayResult } from './engine/types.ts';
import { makeDayTables } from './write-run-sql.ts';

/** Costs of a day as the session has them: node, lane and units, entry by entry. */
export interface UnitColumns {
  readonly n: Int32Array;
  readonly l: Int32Array;
  readonly units: Float64Array;
}

/** The same as the engine takes them: of node n on lane l at `[n * lanes + l]`. */
export function directOf({ n, l, units }: UnitColumns, nodes: number, lanes: number): Float64Array {
  const direct = new Float64Array(nodes * lanes);
  for (let i = 0; i < units.length; i++)
    direct[(n[i] as number) * lanes + (l[i] as number)] = units[i] as number;
  return direct;
}

/** Rows that are appended at once: whole chunks of the engine, and a few megabytes. */
const portion = 131_072;

/** Puts an allocated day into the tables of the session: whatever is not 0. */
export async function loadDay(
  session: Session,
  result: DayResult,
  { nodes, edges, lanes }: { readonly nodes: number; readonly edges: number; readonly lanes: number },
): Promise<void> {
  await makeDayTables(session);
  await loadNodes(session, result, nodes, lanes);
  await loadFlows(session, result, edges, lanes);
  const { held } = result;
  await session.append('day_held', [held.node, held.lane, held.units, held.cause], held.count);
}

async function loadNodes(session: Session, result: DayResult, nodes: number, lanes: number): Promise<void> {
  const size = Math.min(portion, nodes * lanes);
  const [node, lane] = [new Int32Array(size), new Int32Array(size)];
  const amounts = [0, 1, 2, 3].map(() => new Float64Array(size));
  const given = [result.direct, result.inflow, result.outflow, result.retained];
  let count = 0;
  for (let at = 0; at < nodes * lanes; at++) {
    if (given.every((amounts) => amounts[at] === 0)) continue;
    node[count] = Math.floor(at / lanes);
    lane[count] = at % lanes;
    for (let k = 0; k < 4; k++)
      (amounts[k] as Float64Array)[count] = (given[k] as Float64Array)[at] as number;
    if (++count < size) continue;
    await session.append('day_node', [node, lane, ...amounts], count);
    count = 0;
  }
  await session.append('day_node', [node, lane, ...amounts], count);
}

async function loadFlows(session: Session, result: DayResult, edges: number, lanes: number): Promise<void> {
  const { flows, qualityOf } = result;
  const size = Math.min(portion, edges * lanes);
  const [edge, lane] = [new Int32Array(size), new Int32Array(size)];
  const units = new Float64Array(size);
  const quality = new Uint8Array(size);
  let count = 0;
  for (let e = 0; e < edges; e++) {
    for (let l = 0; l < lanes; l++) {
      const carried = flows[e * lanes + l] as number;
      if (carried === 0) continue;
      edge[count] = e;
      lane[count] = l;
      units[count] = carried;
      quality[count] = qualityOf(e, l);
      if (++count < size) continue;
      await session.append('day_flow', [edge, lane, units, quality], count);
      count = 0;
    }
  }
  await session.append('day_flow', [edge, lane, units, quality], count);
}
