import {
  formatDecimal,
  nearestNames,
  parseDecimal,
  type Scope,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { Row, Session, Workspace } from '../../platform/warehouse/index.ts';
import { errors } from './errors.ts';
import { type Amount, asAmount, sumLanes } from './explain-amounts.ts';
import { cachedNeighbours, rowsFromCache } from './explain-cached.ts';
import { endsOf } from './explain-ends.ts';
import { type Direction, readNeighbours } from './explain-graph.ts';
import { listEnds, type MoneyEnds } from './explain-lists.ts';
import { type NodeSlots, slotsOf } from './explain-slots.ts';
import { hasRows, nodeIds, nodeRows } from './explain-sql.ts';
import { walk } from './explain-walk.ts';
import { type AskedRun, type RunRows, selectRun } from './query-run.ts';
import { openTraceCache, type TraceCache } from './trace-cache.ts';

/** Which figure is explained. */
export interface ExplainAsked extends AskedRun {
  readonly node: string;
  /** `in` (default): where the node's cost came from. `out`: where it went. */
  readonly direction?: Direction | undefined;
  /** Steps of the tree; default 3. */
  readonly depth?: number | undefined;
  /** Nodes listed, and children per node of the tree; default 10. The rest is one line. */
  readonly top?: number | undefined;
}

/** A node's figures in one currency: direct + inflow = holistic = outflow + retained. */
export interface ExplainedMoney extends MoneyEnds {
  readonly currency: string;
  readonly direct: Amount;
  readonly inflow: Amount;
  readonly holistic: Amount;
  readonly outflow: Amount;
  readonly retained: Amount;
}

/** The difference that the restatement of a closed month makes to a node. */
export interface RestatedFigures extends Record<'direct' | 'inflow' | 'outflow' | 'retained', string> {
  readonly month: string;
  readonly currency: string;
}

/** Where a figure came from, or where it went: every part exact, and the parts of each list sum to the figure. */
export interface Explanation {
  readonly context: {
    readonly graph: string;
    readonly month: string;
    readonly snapshot: string;
    readonly direction: Direction;
  };
  readonly node: {
    readonly node: string;
    readonly type: string;
    readonly name: string;
    readonly application: string | null;
  };
  readonly currencies: readonly ExplainedMoney[];
  /** What the run books for closed months on the node, differences with their sign: beside the figures above, and not followed. */
  readonly restated: readonly RestatedFigures[];
}

/**
 * Explains what a node has in a run, its direct cost and its inflow. `in`: which nodes' direct costs it is made of, over all paths
 * at once, each with its heaviest path, the rules behind it and what of it the node retains; `out`: on which nodes it stayed, and
 * why. Per day and lane the shares of the run's own flows are followed; the amounts are apportioned to the exact figure, so that
 * they sum to it. A caller with limits sees a path up to the first node that it may not see, which stands for all behind it.
 *
 * `shop` has 30, 5 of its own and 25 from `db`, which had 80 of its own and 20 from `vm`: 5 from `shop`, 20 from `db`, 5 from `vm`.
 *
 * Refuses with `allocation.noPublishedRun` and `allocation.noCostOnNode`.
 */
export async function explain(workspace: Workspace, scope: Scope, asked: ExplainAsked): Promise<Explanation> {
  const run = await selectRun(workspace, scope, asked);
  const engine = await workspace.engine();
  const cache = scope.kind === 'all' ? await openTraceCache(workspace, run) : undefined;
  const isWhole = scope.kind === 'all';
  return engine.session((session) => explainRun(session, run, asked, { cache, isWhole }));
}

async function explainRun(
  session: Session,
  run: RunRows,
  asked: ExplainAsked,
  { cache, isWhole }: { readonly cache: TraceCache | undefined; readonly isWhole: boolean },
): Promise<Explanation> {
  const { node, direction = 'in', depth = 3, top = 10 } = asked;
  const { graph, month, snapshot } = run;
  const known = cache ? await rowsFromCache(session, cache, node) : [];
  const rows = known.length > 0 ? known : await requireRows(session, run, node);
  const isOwn = (row: Row) => row['origin'] === month;
  const slots = slotsOf(rows.filter(isOwn), month);
  const head = headOf(node, rows);
  const { type } = head;
  const restated = restatedOf(rows.filter((row) => !isOwn(row)));
  if (slots.count === 0)
    return { context: { graph, month, snapshot, direction }, node: head, currencies: [], restated };
  const place = { node, type, slots, direction };
  const neighbours = await (cache
    ? cachedNeighbours(session, cache, place)
    : readNeighbours(session, run.flow.relation, place));
  const walked = await walk(session, run, neighbours, { slots, direction, isWhole });
  const lists = await listEnds(session, run, { walked, ends: endsOf(walked), depth, top });
  return {
    context: { graph, month, snapshot, direction },
    node: head,
    currencies: slots.currencies.map((currency, money) => ({
      currency,
      ...figuresOf(slots, currency),
      ...(lists[money] as MoneyEnds),
    })),
    restated,
  };
}

/** The rows of a node; a refusal that names near ones where it has none. */
async function requireRows(session: Session, run: RunRows, node: string): Promise<readonly Row[]> {
  const relation = run.allocation.relation;
  const rows = await nodeRows(session, relation, node);
  if (rows.length > 0) return rows;
  const { graph, month: period } = run;
  if (!(await hasRows(session, relation))) throw errors.noPublishedRun({ graph, period });
  const nearest = nearestNames(node, await nodeIds(session, relation));
  throw errors.noCostOnNode({ node, graph, period, nearest });
}

function headOf(node: string, rows: readonly Row[]): Explanation['node'] {
  const [row] = rows;
  const application = row?.['application'];
  return {
    node,
    type: String(row?.['type']),
    name: String(row?.['name'] ?? node),
    application: typeof application === 'string' ? application : null,
  };
}

function figuresOf(
  { lanes, units }: NodeSlots,
  currency: string,
): Omit<ExplainedMoney, keyof MoneyEnds | 'currency'> {
  const sum = (name: keyof NodeSlots['units']) =>
    sumLanes(lanes, units[name], (lane) => lane.currency === currency);
  const [direct, inflow] = [sum('direct'), sum('inflow')];
  const holistic = { charges: direct.charges + inflow.charges, credits: direct.credits + inflow.credits };
  return {
    direct: asAmount(direct),
    inflow: asAmount(inflow),
    holistic: asAmount(holistic),
    outflow: asAmount(sum('outflow')),
    retained: asAmount(sum('retained')),
  };
}

function restatedOf(rows: readonly Row[]): RestatedFigures[] {
  const keys = [...new Set(rows.map((row) => `${row['origin']} ${row['currency']}`))].sort();
  return keys.map((key) => {
    const own = rows.filter((row) => `${row['origin']} ${row['currency']}` === key);
    const sum = (name: string) =>
      formatDecimal(sumDecimals(own.map((row) => parseDecimal(String(row[name])))));
    const [month = '', currency = ''] = key.split(' ');
    return {
      ...{ month, currency },
      ...{ direct: sum('direct'), inflow: sum('inflow'), outflow: sum('outflow'), retained: sum('retained') },
    };
  });
}
